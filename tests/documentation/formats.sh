# shellcheck shell=bash
setup() {
    cp "${TOP:?}/tests/documentation/example.test.pem" .
    issue db.example.com
    tls 7000 db.example.com
    cp db.example.com.crt server.crt
    issue next
    cp next.crt next.pem
    local one two
    one=$(pin-of server.crt) two=$(pin-of next.pem)
    cat >network_security_config.xml <<END
<network-security-config><domain-config><domain>db.example.com</domain><pin-set expiration="2099-01-01">
<pin digest="SHA-256">${one#sha256/}</pin><pin digest="SHA-256">${two#sha256/}</pin></pin-set></domain-config></network-security-config>
END
    echo "Public-Key-Pins: pin-sha256=\"${one#sha256/}\"; pin-sha256=\"${two#sha256/}\"; max-age=5184000" >header.txt
    printf '%s\n' 'version = 1' '[[host]]' 'name = "db.example.com"' 'trust = "chain+pins"' 'match = "any"' "pins = [\"$one\", \"$two\"]" >policy.toml
}
