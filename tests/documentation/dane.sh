# shellcheck shell=bash
setup() {
    issue db.example.com
    tls 5432 db.example.com
    cp "${TOP:?}/tests/documentation/example.test.pem" new.pem
    signed-dns "_5432._tcp.db.example.com. IN TLSA 3 1 1 $(pin-of db.example.com.crt | cut -d/ -f2- | base64 -d | od -An -v -tx1 | tr -d ' \n')" \
        "db.example.com. IN A 127.0.0.1" >dns.out 2>&1 &
    until grep -qs ready dns.out; do kill -0 $! || { cat dns.out; return 1; }; sleep 0.05; done
}
