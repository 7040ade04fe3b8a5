# shellcheck shell=bash
service() { redis 6379; }
servers_pin() { replace 'sha256/…' "$(pin server)"; }
