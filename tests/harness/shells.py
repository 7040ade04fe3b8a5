"""Shells that complete a call of cotter, as they do it for a person: bash and zsh at a terminal of the test's, fish by its
own `complete -C`. Each reads the script from where a package would put it."""

import os
import pathlib
import subprocess

from harness.processes import Finished, cotter_binary, environment, eventually
from harness.terminal import Terminal

KILL_LINE = "\x15"

# A command that only writes down how it was called.
RECORDING = """cotter() { printf '%s\\n' "$@" >"$ANSWERS/.new"; mv "$ANSWERS/.new" "$ANSWERS/called"; }\n"""


class _AtTerminal:
    """A shell at a terminal, in a folder of its own; it leaves what it has to say in files there."""

    def __init__(self, folder, arguments, **variables):
        self._folder = pathlib.Path(folder)
        self._terminal = Terminal()
        env = environment(HOME=folder, TERM="xterm", PS1="ready> ", HISTFILE="/dev/null", ANSWERS=folder, **variables)
        self._shell = self._terminal.start(["sh", "-c", 'at=$1; shift; exec "$@" <"$at" >"$at" 2>&1', "sh", self._terminal.path,
                                            *arguments], env=env, cwd=folder)

    def __enter__(self):
        self._terminal.read_until("ready> ")
        return self

    def __exit__(self, *_):
        self._shell.popen.kill()  # an interactive shell doesn't obey SIGTERM
        self._shell.end()
        self._terminal.__exit__()

    def _said(self, keys, file):
        """What the shell leaves in that file when these keys are typed."""
        (self._folder / file).unlink(missing_ok=True)
        self._terminal.type(keys)
        eventually((self._folder / file).exists, f"the shell answers {keys!r}")
        return (self._folder / file).read_text(encoding="utf-8").splitlines()

    def called_with(self, keys):
        """The arguments that cotter gets when these keys, tabs among them, are typed and then Enter."""
        return self._said(keys + "\n", "called")


class Bash(_AtTerminal):
    """bash, without its package bash-completion or, given `package`, with it and the script where that looks."""

    def __init__(self, folder, script, package=None):
        folder = pathlib.Path(folder)
        if package:
            there = folder / "share/bash-completion/completions"
            there.mkdir(parents=True)
            (there / "cotter").write_text(script, encoding="utf-8")
            begin = f". {package}\n"
        else:
            (folder / "cotter.bash").write_text(script, encoding="utf-8")
            begin = """. ./cotter.bash
                _recorded() {
                    _cotter "$@"
                    printf '%s\\n' "${COMPREPLY[@]}" >"$ANSWERS/.new"
                    mv "$ANSWERS/.new" "$ANSWERS/offered"
                }
                complete -F _recorded cotter\n"""
        (folder / "rc").write_text(f"{begin}{RECORDING}bind 'set enable-bracketed-paste off'\nbind 'set bell-style none'\n"
                                   "PS1='ready> '\n", encoding="utf-8")
        super().__init__(folder, ["bash", "--noprofile", "--rcfile", folder / "rc", "-i"], XDG_DATA_HOME=folder / "share")

    def offers(self, line):
        """What is offered after that line; not files, which readline itself looks for. Without the package alone."""
        offered = self._said(line + "\t", "offered")
        self._terminal.type(KILL_LINE)
        return {word for word in offered if word}


class Zsh(_AtTerminal):
    """zsh, with the script as _cotter in its $fpath."""

    def __init__(self, folder, script):
        folder = pathlib.Path(folder)
        functions = folder / ".functions"
        functions.mkdir()
        (functions / "_cotter").write_text(script, encoding="utf-8")
        (folder / ".zshrc").write_text(f"""fpath=({functions} $fpath)
            autoload -Uz compinit
            compinit -u -D
            LISTMAX=10000
            {RECORDING}
            compadd() {{
                local -a found
                # Calls with -O, -A or -D only sort words, and offer none.
                if [[ $argv[1,(i)-] == *(\\ |)-[[:alnum:]]#[OAD]* ]]; then builtin compadd "$@"; return; fi
                builtin compadd -O found "$@"
                (( $#found == 0 )) || print -rl -- $found >>$ANSWERS/.new
                builtin compadd "$@"
            }}
            offer-all() {{
                local line
                : >|$ANSWERS/.new
                while IFS= read -r line; do
                    print -r -- "> $line" >>$ANSWERS/.new
                    BUFFER=$line CURSOR=$#line
                    zle list-choices
                done <.lines
                BUFFER=
                mv $ANSWERS/.new $ANSWERS/offered
            }}
            setopt extended_glob
            zle -N offer-all
            bindkey '^T' offer-all
            PS1='ready> '
            """, encoding="utf-8")
        super().__init__(folder, ["zsh", "-d", "-i"], ZDOTDIR=folder)

    def offers_of_all(self, lines):
        """What is offered after each of the lines."""
        (self._folder / ".lines").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        offered = {}
        for said in self._said("\x14", "offered"):
            if said.startswith("> "):
                current = offered.setdefault(said[2:], set())
            else:
                current.add(said.strip())
        return offered


class Fish:
    """fish, with the script where a user's own completions are."""

    def __init__(self, folder, script):
        self._folder = folder
        there = pathlib.Path(folder, ".config/fish/completions")
        there.mkdir(parents=True)
        (there / "cotter.fish").write_text(script, encoding="utf-8")
        # fish loads what completes a command only where there is one of that name.
        os.mkdir(os.path.join(folder, ".bin"))
        os.symlink(cotter_binary(), os.path.join(folder, ".bin/cotter"))

    def offers_of_all(self, lines):
        """What is offered after each of the lines, with its description."""
        asking = 'while read -l line\n echo "> $line"\n complete -C"$line"\nend'
        env = environment(HOME=self._folder, PATH=f"{self._folder}/.bin:{os.environ['PATH']}")
        done = Finished(["fish", "-c", asking], stdin="".join(f"{line}\n" for line in lines).encode(), env=env,
                        cwd=self._folder)
        if done.code != 0 or done.err:
            raise AssertionError(str(done))
        offered = {}
        for said in done.out.splitlines():
            if said.startswith("> "):
                current = offered.setdefault(said[2:], {})
            else:
                word, _, description = said.partition("\t")
                current[word] = description
        return offered


def bash_completion_package():
    """Debian's bash-completion: the file that a login shell sources."""
    found = subprocess.run(["dpkg-query", "-L", "bash-completion"], capture_output=True, check=True, text=True).stdout
    return next(line for line in found.splitlines() if line.endswith("/bash_completion") and "/share/" in line)
