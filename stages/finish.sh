#!/bin/sh
# Finishes a whole distribution: links to persistent places, no caches, no build time in it.
# usage: IMPORTS="MODULE ..." BUSYBOX_OMIT="COMMAND ..." finish.sh PATH=TARGET ...
set -eu

for link in "$@"; do
    path=${link%%=*}
    rm -rf "$path"
    ln -s "${link#*=}" "$path"
done

# Byte code only of what the services import; Python does without the rest.
find /usr/lib/python3* -type d -name __pycache__ -prune -exec rm -r {} +
for module in $IMPORTS; do
    python3 -c "import $module"
done

# The services are those of the components, not those that packages bring for whole machines. A folder,
# since not every builder lets one that comes later take the place of a link.
rm -rf /etc/service/* /etc/service
mkdir /etc/service

# The same small commands as in the other images, where no package brings them.
for command in $(busybox --list); do
    case " $BUSYBOX_OMIT " in *" $command "*) continue ;; esac
    command -v "$command" > /dev/null || ln -s busybox "/usr/bin/$command"
done

# dpkg lists what its settings kept out (dpkg.cfg), too. Without that, `dpkg -V` reports only changes.
perl -i -lne 'print if -e or -l' /var/lib/dpkg/info/*.list
perl -i -lne 'print if m{^\S+ +(.*)} and (-e "/$1" or -l "/$1")' /var/lib/dpkg/info/*.md5sums

apt-get check
apt-get clean
rm -rf /stages /var/lib/apt/lists/*_* /var/cache/debconf/*-old /var/lib/dpkg/*-old \
    /var/cache/ldconfig/aux-cache /var/log/apt/* /var/log/*.log /tmp/*

# What the builder mounts for this step, such as /proc and /etc/resolv.conf, is none of the image.
set --
while read -r _ _ _ _ mounted _; do
    [ "$mounted" = / ] || set -- "$@" -path "$mounted" -prune -o
done < /proc/self/mountinfo
find / -xdev "$@" -newermt "@$SOURCE_DATE_EPOCH" \
    -exec touch --no-dereference --date "@$SOURCE_DATE_EPOCH" {} +
