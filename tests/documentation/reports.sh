# shellcheck shell=bash
setup() {
    redis 6379
    gate 7000
    admit you
    trust you db.example.com:7000
    replace 'sha256/…' "$(pin server)"
}
