# shellcheck shell=bash
setup() {
    redis 6379
    gate 7000
    admit you
    replace 'sha256/…' "$(pin server)"
}
key() {
    (umask 077; openssl genpkey -algorithm ED25519 -out "$1.key")
    openssl pkey -in "$1.key" -pubout -out "$1.pem"
}
carols_key() { key carol; }
new_key() { key new; }
