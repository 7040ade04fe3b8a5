# shellcheck shell=bash
# What every preparation of a document may use.

# replace WORD VALUE: from now on the WORD in the document means the VALUE.
replace() {
    printf '%s\t%s\n' "$1" "$2" >>"${REPLACED:?}"
}

# take WORD PATTERN: from now on the WORD means what the last command said that fits the pattern.
take() {
    local found
    found=$(grep -oE -- "$2" "$HOMES/said" | tail -n 1)
    [ -n "$found" ] || { echo "nothing like $2 in:"; cat "$HOMES/said"; return 1; }
    replace "$1" "$found"
}

# as NAME COMMAND...: the command, run by that person at home.
as() {
    local home="${HOMES:?}/$1"
    shift
    mkdir -p "$home"
    (cd "$home" && HOME=$home "$@")
}

# listening PORT: waits until somebody listens there.
listening() {
    python3 -c '
import socket, sys, time
until = time.monotonic() + 60
while True:
    try:
        socket.create_connection(("127.0.0.1", int(sys.argv[1]))).close()
        break
    except OSError:
        if time.monotonic() > until:
            sys.exit(f"nobody listens on port {sys.argv[1]}")
        time.sleep(0.02)
' "$1"
}

# redis PORT: a Redis that keeps nothing.
redis() {
    redis-server --bind 127.0.0.1 --port "$1" --dir "$HOME" --save '' --appendonly no >/dev/null 2>&1 &
    listening "$1"
}

# tls PORT NAME [STARTTLS]: a TLS server with the certificate NAME.crt (made for that name if there is none).
tls() {
    [ -e "$2.crt" ] || issue "$2"
    tls-server "$1" "$2.chain.pem" "$2.key" ${3:+"$3"} &
    listening "$1"
}

# gate PORT [ARGUMENT...]: the server's `cotter serve` on that port, before a Redis.
gate() {
    local port=$1
    shift
    as server cotter serve --listen "$port" --to 127.0.0.1:6379 "$@" >/dev/null 2>&1 &
    listening "$port"
}

# admit NAME: the server admits that person's key.
admit() {
    as server cotter client add "$1" "$(pin "$1")" >/dev/null
}

# pin NAME: the pin of that person's own key, which is made if there is none.
pin() {
    as "$1" cotter id 2>/dev/null
}

# trust NAME HOST:PORT: that person remembers the server's key for that address.
trust() {
    as "$1" cotter peers add "$2" "$(pin server)" >/dev/null
}

# postgresql: PostgreSQL on port 5432 and in /run/postgresql, as on Debian; on loopback everybody but `app` is
# believed. With $postgresql_certificate its certificate and key.
postgresql() {
    local programs data runner=() tls=()
    programs=$(find /usr/lib/postgresql -name bin | sort -V | tail -n 1)
    data=$(mktemp -d /var/lib/postgresql-XXXXXX)
    mkdir -p /run/postgresql
    if [ -n "${postgresql_certificate-}" ]; then
        cp "$postgresql_certificate.crt" "$data/server.crt"
        install -m 600 "$postgresql_certificate.key" "$data/server.key"
        tls=(-c ssl=on -c "ssl_cert_file=$data/server.crt" -c "ssl_key_file=$data/server.key")
    fi
    if [ "$(id -u)" = 0 ]; then
        runner=(setpriv --reuid=postgres --regid=postgres --clear-groups)
        chown -R postgres: "$data" /run/postgresql
    fi
    (
        cd "$data" || exit
        "${runner[@]}" "$programs/initdb" -D data -U postgres --auth=trust --no-sync --no-instructions --locale=C.UTF-8
        printf '%s\n' 'local all app scram-sha-256' 'host all app 127.0.0.1/32 scram-sha-256' \
            'local all all trust' 'host all all 127.0.0.1/32 trust' >"$data/pg_hba.conf"
    ) >/dev/null
    "${runner[@]}" "$programs/postgres" -D "$data/data" -k /run/postgresql -h 127.0.0.1 -c fsync=off -c "hba_file=$data/pg_hba.conf" \
        "${tls[@]}" >/dev/null 2>&1 &
    listening 5432
    until psql -q -h 127.0.0.1 -U postgres -c 'SELECT 1' >/dev/null 2>&1; do sleep 0.05; done
}
