# shellcheck shell=bash
setup() {
    cp "${TOP:?}/tests/documentation/example.test.pem" server.crt
    issue alice
    openssl pkcs12 -export -in alice.crt -inkey alice.key -passout pass: -out alice.p12
    rm alice.key
}
