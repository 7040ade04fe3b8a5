# shellcheck shell=bash
setup() {
    redis 6379
    issue db.example
    export postgresql_certificate=$PWD/db.example
    postgresql
    mkdir .postgresql
    cp ca.pem .postgresql/root.crt
}
tables() { cotter client list --registry postgresql://cotter_owner@127.0.0.1/cotter; }
alice() { cotter client add alice "$(pin alice)" --registry postgresql://cotter_owner@127.0.0.1/cotter; }
