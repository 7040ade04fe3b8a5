# shellcheck shell=bash
setup() { redis 6379; cotter serve --listen 7000 --to 127.0.0.1:6379 >/dev/null 2>&1 & listening 7000; }
prepare_again() { cotter rotate prepare; }
alice_is_in() {
    as you cotter client add alice "$(pin alice)"
    as alice cotter peers add db.example.com:7000 "$(pin you)"
}
