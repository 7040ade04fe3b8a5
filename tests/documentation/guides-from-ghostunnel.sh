# shellcheck shell=bash
pins() {
    mkdir -p "$HOMES/server"
    echo "--allow-spki-pin sha256:$(pin alice | cut -d/ -f2-)" >"$HOMES/server/flags.txt"
}
alice() { replace 'sha256/…' "$(pin alice)"; }
policy() {
    printf '%s\n' 'version = 1' '[[host]]' 'name = "db.example.com"' "pins = [\"$(pin db)\"]" >policy.toml
}
