# shellcheck shell=bash
service() {
    postgresql
    psql -q -h 127.0.0.1 -U postgres -c "CREATE ROLE app LOGIN PASSWORD 'app-secret'" -c 'CREATE DATABASE shop OWNER app'
}
password() {
    echo '*:*:shop:app:app-secret' >.pgpass
    chmod 600 .pgpass
}
