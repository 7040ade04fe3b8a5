# shellcheck shell=bash
setup() { redis 6379; cotter client add alice "$(pin alice)"; }
serving() { cotter serve --listen 7001 --to 127.0.0.1:6379 >/dev/null 2>&1 & listening 7001; }
carol_knocks() {
    local pin
    pin=$(pin carol)
    as carol cotter connect 127.0.0.1:7000 --pin "$(cotter id 2>/dev/null)"
    until cotter client pending | grep -q sha256/; do sleep 0.05; done
    replace 'sha256/FCvSuiYP5lr1VLJ5UCINrhKBDUldEwpqIoOur0gPiH4=' "$pin"
}
