# shellcheck shell=bash
setup() {
    gate 7000
    (cd "${HOMES:?}/server" && exec python3 -m http.server --bind 127.0.0.1 8001 >/dev/null 2>&1) &
    listening 8001
    replace https://example.com http://127.0.0.1:8001
}
log_key() { replace KEY "$(as server cotter log publish keys --name db.example.com:7000 --dry-run | grep -oE 'cotter-keys/[^ ]+\+[^ ]+')"; }
