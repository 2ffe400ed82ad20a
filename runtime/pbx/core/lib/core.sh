# shellcheck shell=sh
# What the scripts of the container share. POSIX sh: the mini image has no other language.

# The level as a digit from 0 (silent) to 8 (everything); anything else counts as the default.
case ${SYSLOG_LEVEL:-} in
    [0-8]) log_level=$SYSLOG_LEVEL ;;
    *) log_level=4 ;;
esac

# log LEVEL TEXT: one line on the container's output, if SYSLOG_LEVEL admits LEVEL.
# Levels are those of SYSLOG_LEVEL: 1 always of interest, 4 error, 5 warning, 6 notice, 7 info.
log() {
    [ "$1" -gt "$log_level" ] || printf '%s pbx: %s\n' "$(date '+%b %e %T')" "$2"
}

fail() {
    log 4 "$1"
    exit 1
}

# shellcheck disable=SC2034 # used by those who read this
largest=8192k # of a configuration file, for find

# is_plain PATH: whether it is a file that can be read to its end, or nothing is there.
is_plain() {
    [ ! -e "$1" ] || [ -f "$1" ]
}

# become_asterisk SCRIPT [ARGUMENT]...: gives up root's rights, by running the calling script again.
become_asterisk() {
    [ "$(id -u)" -ne 0 ] || exec /usr/local/lib/pbx/launch "$@"
}

# missing_capabilities NUMBER:NAME…: prints the options of the engine that give what the container
# has not got, of these; numbers as in linux/capability.h.
missing_capabilities() {
    while read -r field value; do
        if [ "$field" = CapEff: ]; then effective=$value; fi
    done < /proc/self/status
    for capability in "$@"; do
        [ $((0x$effective >> ${capability%%:*} & 1)) -eq 1 ] || printf ' --cap-add %s' "${capability#*:}"
    done
}

# run_parts FOLDER: runs every executable in it, in name order; stops at the first that fails.
run_parts() {
    for part in "$1"/*; do
        if [ -f "$part" ] && [ -x "$part" ]; then
            "$part" || {
                part_status=$?
                log 4 "$part failed with exit status $part_status"
                return "$part_status"
            }
        fi
    done
}
