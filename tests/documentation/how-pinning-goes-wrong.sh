# shellcheck shell=bash
take_her_pin() { replace 'sha256/…' "$(pin alice)"; }
serve() {
    mkdir www
    echo hello >www/index.html
    python3 -m http.server 6379 --bind 127.0.0.1 --directory www 2>/dev/null &
    listening 6379
    gate 7000
}
hand_over() {
    cp "$HOMES/alice/my.crt" .
    cp my.crt "$HOMES/server/"
    replace 'sha256//…' "sha256//$(pin server | cut -d/ -f2-)"
}
trust_her_server() { replace 'sha256/…' "$(pin server)"; }
