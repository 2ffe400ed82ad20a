#!/bin/sh
# Puts what packages have just installed where all images have it, and shows no build time.
set -eu

# Alpine's Asterisk keeps data and state in one folder, which in an image is a link to a volume. The
# data goes where Debian has it; the entrypoint makes links to there.
data=/usr/share/asterisk state=/var/lib/asterisk
for folder in agi-bin documentation firmware images moh phoneprov rest-api sounds static-http; do
    if [ ! -L "$state" ] && [ -d "$state/$folder" ]; then
        mkdir -p "$data/$folder"
        cp -a "$state/$folder/." "$data/$folder/"
        rm -r "${state:?}/$folder"
    fi
done

touch -d "@$SOURCE_DATE_EPOCH" /stages/epoch
# What the builder mounts for this step, such as /proc and /etc/resolv.conf, is none of the image.
set --
while read -r _ _ _ _ mounted _; do
    [ "$mounted" = / ] || set -- "$@" -path "$mounted" -prune -o
done < /proc/self/mountinfo
find / -xdev "$@" -newer /stages/epoch -exec touch -h -r /stages/epoch {} +
