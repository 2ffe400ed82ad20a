# shellcheck shell=sh
# What the start and the service have in common: how the files that are not user asterisk's are read.
#
# /etc/ssl/asterisk, which the configuration names, leads to $certificates/asterisk. That is a link
# to the place below /srv, unless the user has mounted a certificate: then the engine has made a
# folder there, which the start moves to $mounted, and in its place are copies that user asterisk
# can read.
certificates=/run/certificates
# shellcheck disable=SC2034 # used by the start
mounted=$certificates.mounted/asterisk
# In a folder of root's; /run itself may be a tmpfs, where anybody can make files.
own_place=/run/pbx/certificate.own reader=/run/pbx/certificate.reader

# use_mounted: a pair that is mounted where Asterisk expects it counts as if variables named it.
use_mounted() {
    if [ -z "${TLS_CERT_FILE:-}${TLS_KEY_FILE:-}" ] && [ -e "$own_place" ]; then
        read -r own < "$own_place"
        export TLS_CERT_FILE="$own/cert.pem" TLS_KEY_FILE="$own/priv_key.pem"
    fi
}

# has_files: whether there is anything to read. Only then a program gets the right to read all files.
has_files() {
    acme=${ACME_FILE:-/acme/acme.json}
    [ -n "${TLS_CERT_FILE:-}${TLS_KEY_FILE:-}" ] || [ -d "${acme%/*}/" ]
}

# run_with_reader PROGRAM …: becomes a program of user asterisk that gets on its standard input what
# the reader reads. ONCE=--once: the reader reads once.
run_with_reader() {
    if has_files; then
        rm -f "$reader"
        mkfifo -m 0600 "$reader" || exit
        /usr/local/lib/pbx/launch -k dac_override python3 -IB -m pbx.tls.reader ${ONCE:+"$ONCE"} \
            "$acme" "${TLS_CERT_FILE:-}" "${TLS_KEY_FILE:-}" > "$reader" < /dev/null &
        exec /usr/local/lib/pbx/launch "$@" --given < "$reader"
    fi
    exec /usr/local/lib/pbx/launch "$@" < /dev/null
}
