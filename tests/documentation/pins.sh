# shellcheck shell=bash
setup() {
    issue db.example.com
    cp db.example.com.crt server.crt
    tls 7000 db.example.com
    tls 5432 db.example.com postgres
    openssl pkcs12 -export -in server.crt -inkey db.example.com.key -passout pass: -out alice.p12
}
