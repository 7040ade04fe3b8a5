# shellcheck shell=bash
service() { game-server 4000 & listening 4000; }
# Her game's words are awaited, so that her stream is open.
alice_is_in_the_game() {
    as alice game localhost:4001 >in-game 2>&1 &
    until grep -q welcome in-game; do sleep 0.05; done
}
