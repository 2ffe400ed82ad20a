#!/bin/sh
# Sets up what is missing on this machine: the virtual environment, and a container engine if none
# answers. Fast when nothing is missing. An engine that runs already is used as it is.
#
# usage: prepare.sh LOCKFILE [arm64]
#   arm64  so that programs of such machines run here, too, emulated
set -eu
cd "$(dirname "$0")/.."
lock=$1
machine=${2:-}

say() {
    printf '%s\n' "$*" >&2
}

give_up() {
    say "error: $1"
    say "hint: $2"
    exit 1
}

can_install() {
    [ "$(id -u)" -eq 0 ] && command -v apt-get > /dev/null
}

apt_lists=old
install_packages() {
    if [ "$apt_lists" = old ]; then
        apt-get update -qq
        apt_lists=new
    fi
    say "installing $*"
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" > /dev/null
}

make_environment() {
    stamp=.venv/$(basename "$lock")
    cmp -s "$lock" "$stamp" && return
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null ||
        give_up "Python 3.11 or later is missing" "install python3 and python3-venv"
    say "making the virtual environment from $lock"
    if ! python3 -c 'import ensurepip' 2> /dev/null; then
        can_install || give_up "Python's venv module is missing" "install python3-venv"
        install_packages python3-venv
    fi
    [ -x .venv/bin/pip ] || python3 -m venv --clear .venv
    .venv/bin/pip install -q --disable-pip-version-check --require-hashes -r "$lock"
    cp "$lock" "$stamp"
}

engine_answers() {
    .venv/bin/python -c 'import docker; docker.from_env(timeout=5).ping()' 2> /dev/null
}

# What was killed leaves its process id behind, which keeps the next one from starting once
# another program has that id.
drop_stale_pid() {
    if [ -e "$1" ] && [ "$(cat "/proc/$(cat "$1")/comm" 2> /dev/null)" != "$2" ]; then rm "$1"; fi
}

start_engine() {
    if [ -d /run/systemd/system ]; then
        systemctl start docker
        return
    fi
    # No service manager: started once, left running. Its networks take addresses that no
    # household uses, so that nothing at home gets hidden behind them.
    log=/var/log/docker-engine.log
    say "starting Docker Engine; its log is $log"
    drop_stale_pid /var/run/docker.pid dockerd
    drop_stale_pid /var/run/docker/containerd/containerd.pid containerd
    setsid dockerd --bip 198.18.0.1/24 --default-address-pool base=198.18.128.0/17,size=24 \
        > "$log" 2>&1 < /dev/null &
}

wait_for_engine() {
    tries=60
    until engine_answers; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] ||
            give_up 'Docker Engine does not answer' 'look into its log: /var/log/docker-engine.log'
        sleep 0.5
    done
}

make_engine() {
    engine_answers && return
    if [ -n "${DOCKER_HOST:-}" ]; then
        give_up "no engine answers at DOCKER_HOST=$DOCKER_HOST" "start it, or unset DOCKER_HOST"
    fi
    if ! command -v dockerd > /dev/null; then
        can_install || give_up 'no container engine answers' \
            'install and start Docker Engine or Podman; as root on Debian or Ubuntu this is done for you'
        # Newer suites keep the client in a package of its own; the tests use it.
        client=$(apt-cache pkgnames docker-cli)
        # shellcheck disable=SC2086 # a package or none
        install_packages docker.io iptables $client
    fi
    [ "$(id -u)" -eq 0 ] || give_up 'Docker Engine is installed but not running' \
        'start it (as root: dockerd), or ask to be let into the group docker'
    start_engine
    wait_for_engine
}

make_bootstrapper() {
    command -v mmdebstrap > /dev/null || ! can_install || install_packages mmdebstrap
}

# What the tests of demo/ type. Debian's docker-compose is version 1 up to bookworm; of what is here
# they prove what they can.
make_demo_tools() {
    missing=
    command -v curl > /dev/null || missing=curl
    docker compose version > /dev/null 2>&1 || command -v docker-compose > /dev/null ||
        missing="$missing docker-compose"
    # shellcheck disable=SC2086 # none, one or two packages
    [ -z "$missing" ] || ! can_install || install_packages $missing
}

# QEMU, which the kernel starts for programs of arm64. It is opened when it is registered (flag F), so
# that containers need none of their own. Who is not root is told by build.py if something is missing.
make_emulator() {
    formats=/proc/sys/fs/binfmt_misc
    [ "$(uname -m)" != aarch64 ] && can_install || return 0
    command -v arch-test > /dev/null && [ -e "$formats/qemu-aarch64" ] && return
    install_packages qemu-user-static binfmt-support arch-test
    [ -e "$formats/register" ] || mount -t binfmt_misc binfmt_misc "$formats"
    [ -e "$formats/qemu-aarch64" ] || update-binfmts --enable qemu-aarch64
}

make_environment
make_engine
make_bootstrapper
[ "$machine" != arm64 ] || make_emulator
[ "$lock" = requirements.lock ] || make_demo_tools
