# shellcheck shell=bash
authority() { cotter ca init; }
alices_files() {
    redis 6379
    cp alice/* .
    replace 'sha256/FCvSuiYP5lr1VLJ5UCINrhKBDUldEwpqIoOur0gPiH4=' "$(cotter id 2>/dev/null)"
}
owners_files() {
    cp "$HOMES/owner/alice.crt" "$HOMES/owner/alice/alice.key" .
    cotter peers add db.example.com:7000 "$(pin owner)"
    mkdir -p /etc/cotter /etc/nginx
    cp alice.crt alice.key /etc/cotter/
}
