# shellcheck shell=bash
service() { redis 6379; }
bobs_pin() { replace 'sha256/…' "$(pin bob)"; }
servers_pin() { replace 'sha256/…' "$(pin server)"; }
carol_and_keys() {
    as server cotter client restore bob 2>/dev/null || true
    admit carol
    replace 'sha256/…' "$(pin another)"
}
# Nobody of those connects again in this document.
remove_who_was_away() {
    as server cotter client remove carol
    as server cotter client remove bob
}
public_servers() {
    issue db.example.com
    tls 443 db.example.com
    tls 25 mail.example.com smtp
    cp db.example.com.chain.pem chain.pem
    cp db.example.com.crt server.crt
    # The chain of an authority that this machine trusts.
    cat ca.pem >>/etc/ssl/certs/ca-certificates.crt
    echo secret >secret
    chmod 600 secret
    openssl pkcs12 -export -in server.crt -inkey db.example.com.key -passout file:secret -out server.p12
    local pin
    pin=$(pin-of server.crt)
    replace 'sha256/…' "$pin"
    printf '%s\n' 'version = 1' '[[host]]' 'name = "db.example.com"' "pins = [\"$pin\"]" >policy.toml
    echo 'val pinner = CertificatePinner.Builder().add("db.example.com", "'"$pin"'").build()' >Network.kt
}
