#!/bin/sh
# Finishes an image on Alpine Linux: links to persistent places, a Python that finds the project's
# package; and looks whether all is there.
# usage: IMPORTS="MODULE ..." PYTHON_ROOT=FOLDER finish-alpine.sh PATH=TARGET ...
set -eu

for link in "$@"; do
    path=${link%%=*}
    rm -rf "$path"
    mkdir -p "$(dirname "$path")"
    ln -s "${link#*=}" "$path"
done

# Debian's Pythons all look into one folder, whatever their version; this one is told to.
if command -v python3 > /dev/null; then
    site=$(python3 -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    echo "$PYTHON_ROOT" > "$site/pbx.pth"
    for module in $IMPORTS; do
        python3 -IB -c "import $module"
    done
fi

# What the scripts in the containers call, and this distribution may build its busybox without.
for command in base64 find getent hostname install nc renice seq setpriv syslogd timeout tini; do
    if ! command -v "$command" > /dev/null; then
        echo "finish: there is no command $command; add its package to a component" >&2
        exit 1
    fi
done

sh /stages/settle-alpine.sh
rm -r /stages
