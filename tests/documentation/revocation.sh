# shellcheck shell=bash
chain() {
    issue db.example
    cp db.example.chain.pem chain.pem
    printf '%s\n' '[ca]' 'default_ca=it' '[it]' 'database=index.txt' 'default_md=sha256' 'crlnumber=number' >ca.conf
    touch index.txt
    echo 01 >number
    openssl ca -config ca.conf -gencrl -cert ca.pem -keyfile ca.key -crldays 10 -out ca.crl 2>/dev/null
    openssl ocsp -issuer ca.pem -cert db.example.crt -reqout leaf.request -no_nonce >/dev/null 2>&1
    # An entry of the index: valid, until when, serial number, subject.
    printf 'V\t491231235959Z\t\t%s\tunknown\t/CN=db.example\n' "$(openssl x509 -in db.example.crt -noout -serial | cut -d= -f2)" >index.txt
    openssl ocsp -index index.txt -CA ca.pem -rsigner ca.pem -rkey ca.key -reqin leaf.request -ndays 5 -respout leaf.der >/dev/null 2>&1
}
