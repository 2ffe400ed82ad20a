#!/bin/sh
# Compiles modules of Asterisk with corrections of ours, and packs them as a package that takes their
# place: dpkg and scanners know it, and it goes with this one version of the distribution's package.
# The source is that of the package which is installed, with the distribution's own patches.
# LIBRARY.c becomes a library in the folder above the modules, for LD_PRELOAD.
# usage: correct.sh OUT.deb MODULE.patch|LIBRARY.c ...
set -eu

name=asterisk-image-corrections
out=$1
shift

for sources in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
    [ ! -e "$sources" ] ||
        sed -i 's/^Types: deb$/Types: deb deb-src/; s/^deb \(.*\)/&\ndeb-src \1/' "$sources"
done
apt-get update
version=$(dpkg-query --show --showformat '${Version}' asterisk-modules)
modules=$(dpkg-query --listfiles asterisk-modules | grep '/modules$')
folder=$(mktemp -d)
mkdir "$folder/source"
cd "$folder/source"
apt-get source "asterisk=$version"
cd asterisk-*/

package=$folder/package
licence=$package/usr/share/doc/$name
mkdir -p "$package/DEBIAN" "$package$modules" "$licence"
for patch in "$@"; do
    case $patch in *.c)
        library=$package${modules%/modules}/$(basename "$patch" .c).so
        # shellcheck disable=SC2046 # lists of options
        gcc $(dpkg-buildflags --get CPPFLAGS) $(dpkg-buildflags --get CFLAGS) -Wall -Werror -fPIC \
            -pthread -shared $(dpkg-buildflags --get LDFLAGS) -o "$library" "$patch"
        strip --strip-unneeded "$library"
        chmod 644 "$library"
        continue
        ;;
    esac
    module=$(basename "$patch" .patch)
    patch -p1 --fuzz=0 < "$patch"
    libraries=$(readelf -d "$modules/$module.so" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/-l:\1/p')
    # shellcheck disable=SC2046,SC2086 # lists of options
    gcc $(dpkg-buildflags --get CPPFLAGS) $(dpkg-buildflags --get CFLAGS) -Wall -Werror -fPIC -pthread \
        -D_GNU_SOURCE -D_REENTRANT \
        "-DAST_MODULE=\"$module\"" "-DAST_MODULE_SELF_SYM=__internal_${module}_self" \
        -shared $(dpkg-buildflags --get LDFLAGS) -o "$package$modules/$module.so" \
        "$(find . -name "$module.c")" $libraries
    strip --strip-unneeded "$package$modules/$module.so"
    chmod 644 "$package$modules/$module.so"
done
cp /usr/share/doc/asterisk-modules/copyright "$licence/"
cat > "$package/DEBIAN/control" <<END
Package: $name
Version: $version
Architecture: $(dpkg --print-architecture)
Maintainer: Asterisk image factory <asterisk-image-factory@localhost>
Source: asterisk
Depends: asterisk-modules (= $version)
Replaces: asterisk-modules
Description: modules of Asterisk in which the Asterisk images mend a fault, and libraries for it
END
(cd "$package" && find usr -type f -exec md5sum {} +) > "$package/DEBIAN/md5sums"
dpkg-deb --root-owner-group --build "$package" "$out"
rm -r "$folder"
