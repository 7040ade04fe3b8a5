# shellcheck shell=bash
service() { redis 6379; }
certificates() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=alice -keyout alice.key -out alice.crt 2>/dev/null
    chmod 600 alice.key
    cp "$HOMES/server/.local/state/cotter/identity.crt" server.crt
}
hand_over() { cp "$HOMES/alice/alice.crt" .; cp "$HOMES/alice/alice.crt" "$HOMES/server/"; }
old_server() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=old -keyout old.key -out old.crt 2>/dev/null
    chmod 600 old.key
    cp "$HOMES/alice/alice.crt" clients.crt
}
old_pin() { replace 'sha256/…' "$(pin-of "$HOMES/old/old.crt")"; }
