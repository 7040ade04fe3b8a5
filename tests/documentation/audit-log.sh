# shellcheck shell=bash
setup() {
    cotter client add alice "$(pin alice)"
    local again
    for again in 1 2 3 4 5 6; do
        cotter client suspend alice --reason "laptop lost, $again"
        cotter client restore alice
    done
}
verifier_key() { replace KEY "$(cotter log checkpoint 2>&1 >/dev/null | grep -oE 'cotter-audit/[^ ]+\+[^ ]+' | head -n 1)"; }
one_line() { ENTRY=$(cotter log show --json | head -n 1); export ENTRY; }
