#!/bin/sh
# Builds and installs one empty package that stands in for
#  - ffmpeg's libraries: libasound2-plugins wants them for two plugins that dpkg.cfg leaves out;
#  - asterisk-config: the samples of the distribution, where ours take their place.
# With it apt's dependencies stay whole, so that `apt-get install` works in the built images.
set -eu

provides=asterisk-config-custom
for library in $(apt-cache depends --important libasound2-plugins |
        sed -nE 's/^ *Depends: (lib(av|sw)[a-z]+[0-9]+)$/\1/p'); do
    version=$(apt-cache policy "$library" | sed -n 's/^ *Candidate: //p')
    provides="$provides, $library (= $version)"
done

folder=$(mktemp -d)
mkdir "$folder/DEBIAN"
cat > "$folder/DEBIAN/control" <<END
Package: asterisk-image-standins
Version: 1
Architecture: $(dpkg --print-architecture)
Maintainer: Asterisk image factory <asterisk-image-factory@localhost>
Provides: $provides
Description: stands in for packages that the Asterisk images do without
END
dpkg-deb --root-owner-group --build "$folder" "$folder.deb" > /dev/null
dpkg -i "$folder.deb"
rm -r "$folder" "$folder.deb"
