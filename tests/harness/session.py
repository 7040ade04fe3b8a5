"""The sessions of a document: for each of its people a shell that stays, into which the document's blocks are typed as its
reader would type them.

A comment before a block, which nobody sees on the rendered page, says how it is run:

    <!-- run: as alice; first admit_her; exit 3 -->

`as NAME`        whose shell it is (else that of `you`); a prompt `alice$ ` in the block itself says the same
`first STEP`     a function of tests/documentation/DOCUMENT.sh, called in that shell before
`exit N`         the last command ends so, and not with 0
`last`           it shows beforehand what the rest of the document prepares: it is run at the end
`save FILE`      the block is no command but the content of that file
`with COMMAND`   the block is standard input of that command
`output of COMMAND`  the block is what that command says

or why it isn't:

    <!-- not run: needs a Kubernetes cluster -->

In what is expected `…` stands for anything in a line, and alone in a line for any lines.
"""

import dataclasses
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile

from harness.markdown import TOP
from harness.processes import DEADLINE, Lines, environment, cotter_binary, eventually

PREPARATIONS = TOP / "tests/documentation"

# Programs that stay in the foreground: the reader goes on in another terminal. What they bind tells one from the next.
_STAYS = re.compile(r"cotter (?:--\S+ \S+ )?(?:serve\b|(?:connect|join)\b.* --listen\b|log show .*--follow)|^(?:redis-server|stunnel)\b")
_BINDS = re.compile(r"--(?:listen|config)[ =](\S+)")
_READY = re.compile(r"^(?:\S+: )?listening on |Ready to accept connections", re.MULTILINE)
_ANYTHING = re.compile(r".")
_PROMPT = re.compile(r"^(\w*)[$#] (.*)$")


class WentOtherwise(AssertionError):
    """What is documented is not what happens."""


@dataclasses.dataclass
class Instructions:
    """What the comment before a block says."""

    who: str = "you"
    first: list = dataclasses.field(default_factory=list)
    code: int = 0
    save: str = ""
    with_command: str = ""
    output_of: str = ""
    last: bool = False
    not_run: str = ""

    @classmethod
    def read(cls, comment):
        told = cls()
        if comment.startswith("not run:"):
            told.not_run = comment.removeprefix("not run:").strip()
            if not told.not_run:
                raise WentOtherwise("`not run:` without a reason")
            return told
        if not comment.startswith("run:"):
            return told
        for part in re.split(r";\s+", comment.removeprefix("run:").strip()):
            word, _, rest = part.partition(" ")
            match word:
                case "as":
                    told.who = rest
                case "first":
                    told.first.append(rest)
                case "last":
                    told.last = True
                case "exit":
                    told.code = int(rest)
                case "save":
                    told.save = rest
                case "with":
                    told.with_command = rest
                case "output" if rest.startswith("of "):
                    told.output_of = rest.removeprefix("of ")
                case _:
                    raise WentOtherwise(f"nobody knows what `{part}` asks for")
        return told


@dataclasses.dataclass
class Command:
    """One command of a block, and the lines that stand below it (None where the document shows no output)."""

    text: str
    who: str = ""
    expected: list | None = None


def is_whole(text):
    """Whether a shell would run this, and not wait for the rest."""
    checked = subprocess.run(["bash", "-n", "-c", text], capture_output=True, text=True, check=False)
    return not text.endswith("\\\n") and checked.returncode == 0 and "here-document" not in checked.stderr


def commands_of_script(text):
    """The commands of an `sh` block, each with all of its lines."""
    found = []
    begun = ""
    for line in text.splitlines(keepends=True):
        begun += line
        if is_whole(begun):
            if begun.strip() and not begun.lstrip().startswith("#"):
                found.append(Command(begun))
            begun = ""
    if begun.strip():
        raise WentOtherwise(f"no whole command: {begun}")
    return found


def commands_of_console(text):
    """The commands of a `console` block, behind their prompts, each with what is shown below it."""
    found = []
    for line in text.splitlines():
        prompt = _PROMPT.match(line)
        if prompt:
            found.append(Command(prompt.group(2) + "\n", prompt.group(1), []))
        elif line.startswith("> ") and not found[-1].expected and not is_whole(found[-1].text):
            found[-1].text += line[2:] + "\n"
        elif found:
            found[-1].expected.append(line)
        else:
            raise WentOtherwise(f"output before the first prompt: {line}")
    return found


def matcher(expected, to_the_end):
    """A pattern of the expected lines, for the whole output or for its beginning."""

    def pattern(line):
        if line.strip() == "…":
            return r"(?:.*\n)*?"
        # What follows in a column stands where the column is wide enough.
        return re.sub(r"…(?:\\ ){2,}", ".*? +", re.escape(line.rstrip())).replace("…", ".*?") + " *\n"

    return re.compile("".join(map(pattern, expected)) + (r"\Z" if to_the_end else ""))


class Shell:
    """A person's shell. Standard output and error are one, as on a terminal."""

    _MARK = "\x1fcotter-documentation\x1f"

    def __init__(self, home, variables, preparation, staying):
        home.mkdir(parents=True, exist_ok=True)
        self.home = home
        self._process = subprocess.Popen(
            ["bash", "--norc", "--noprofile"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            cwd=home, env=environment(HOME=home, **variables), start_new_session=True)
        self._output = Lines(self._process.stdout)
        self._staying = staying
        self._count = 0
        self.run(f". {PREPARATIONS}/common.sh")
        if preparation.exists():
            self.run(f". {preparation}")

    def _type(self, text):
        self._process.stdin.write(text.encode() + b"\n")
        self._process.stdin.flush()

    def run(self, text):
        """Runs a command to its end: its exit code and output."""
        self._count += 1
        file = self.home.parent / f".{self.home.name}-{self._count}"
        file.write_text(text + "\n", encoding="utf-8")
        since = self._output.count()
        self._type(f"{{ . '{file}'; }} </dev/null 2>&1; printf '%s%s\\n' '{self._MARK}' $?")
        try:
            last = self._output.wait(lambda line: line if self._MARK in line else None, f"end of `{text.strip()}`", since)
        except AssertionError as fault:
            raise WentOtherwise(str(fault)) from None
        lines = self._output.text().split("\n")[since:]
        unfinished, code = last.split(self._MARK)
        return int(code), "\n".join([*lines[:-1], unfinished]) + ("\n" if unfinished else "")

    def start(self, text, expected):
        """Starts a program that stays; returns when it has said what is expected, or that it is ready."""
        bound = _BINDS.search(text)
        name = bound.group(1) if bound else text
        if former := self._staying.pop(name, None):
            self.run(f"kill {former}; while kill -0 {former}; do sleep 0.02; done")
        self._count += 1
        file = self.home.parent / f".{self.home.name}-{self._count}.out"
        file.touch()
        # Not a job of the shell's, which would say that it has ended in the midst of something else.
        code, pid = self.run(f"( exec {text.strip()}\n ) >'{file}' 2>&1 </dev/null & disown; echo $!")
        if code != 0:
            raise WentOtherwise(pid)
        pid = int(pid.split()[-1])
        self._staying[name] = pid
        wanted = matcher(expected, to_the_end=False).match if expected else (_ANYTHING if " --follow" in text else _READY).search

        def ready():
            said = self.said(file.read_text(encoding="utf-8", errors="replace"))
            if wanted(said):
                return True
            if not os.path.exists(f"/proc/{pid}"):
                raise WentOtherwise(f"`{text.strip()}` has ended:\n{said}")
            return False

        try:
            eventually(ready, f"`{text.strip()}` is ready")
        except WentOtherwise:
            raise
        except AssertionError as fault:
            shown = self.said(file.read_text(encoding="utf-8", errors="replace"))
            raise WentOtherwise(f"{fault}; expected\n{os.linesep.join(expected or [])}\nit said\n{shown}") from None

    def said(self, text):
        """An output as a terminal shows it, with the home folder under a name that doesn't change."""
        return text.replace("\r\n", "\n").replace(str(self.home.parent), "/home")

    def end(self):
        """Ends everything that was started in it: in good order, or after a while without."""
        self._process.stdin.close()
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self._process.pid, number)
                eventually(self._is_gone, "the shell's programs have ended", 10)
                break
            except ProcessLookupError:
                break
            except AssertionError:
                continue
        self._process.wait()
        self._output.finish()

    def _is_gone(self):
        self._process.poll()
        try:
            os.killpg(self._process.pid, 0)
        except ProcessLookupError:
            return True
        return False


class Session:
    """All shells of one document. `replaced`: words that stand in it for what is only known when it is run."""

    def __init__(self, document):
        name = document.relative_to(TOP).with_suffix("").as_posix().removeprefix("docs/").replace("/", "-")
        self._preparation = PREPARATIONS / f"{name}.sh"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cotter-documentation-"))
        self._shells = {}
        self._staying = {}  # what is bound: the process that has it
        self._words = self.folder / "replaced"
        self._words.touch()
        programs = self.folder / "bin"
        programs.mkdir()
        (programs / "cotter").symlink_to(cotter_binary())
        self._variables = {
            "PATH": f"{programs}:{PREPARATIONS}/bin:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin",
            "REPLACED": self._words, "TOP": TOP, "PYTHONPATH": TOP / "tests", "HOMES": self.folder,
            "COTTER_BIN": cotter_binary(), "FAKETTY": "1"}  # redis-cli prints as on a terminal

    def __enter__(self):
        if self._preparation.exists() and "setup()" in self._preparation.read_text(encoding="utf-8"):
            self._do("you", "setup")
        return self

    def __exit__(self, *_):
        for shell in self._shells.values():
            shell.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def shell(self, who):
        if who not in self._shells:
            self._shells[who] = Shell(self.folder / who, self._variables, self._preparation, self._staying)
        return self._shells[who]

    def _do(self, who, step):
        code, said = self.shell(who).run(step)
        if code != 0:
            raise WentOtherwise(f"the preparation `{step}` ended with {code}:\n{said}")

    def _replace(self, text):
        words = dict(line.split("\t", 1) for line in self._words.read_text(encoding="utf-8").splitlines())
        for word, value in words.items():
            text = text.replace(word, value)
        return text

    def run(self, block, told):
        """Runs a block as it is told to; WentOtherwise where something else happens than is documented."""
        for step in told.first:
            self._do(told.who, step)
        text = self._replace(block.text) if block.language not in ("console", "text", "") else block.text
        shell = self.shell(told.who)
        if told.save:
            code, said = shell.run(f"mkdir -p \"$(dirname {told.save})\" && cat >{told.save} <<'END-OF-BLOCK'\n{text}END-OF-BLOCK")
            if code != 0:
                raise WentOtherwise(said)
        elif told.with_command:
            self._run(shell, Command(f"{self._replace(told.with_command)} <<'END-OF-BLOCK'\n{text}END-OF-BLOCK"), told.code)
        elif told.output_of:
            self._run(shell, Command(self._replace(told.output_of), expected=text.splitlines()), told.code)
        else:
            commands = (commands_of_console if block.language == "console" else commands_of_script)(text)
            for number, command in enumerate(commands, 1):
                self._run(self.shell(command.who or told.who), command, told.code if number == len(commands) else 0)

    def _run(self, shell, command, wanted):
        command.text = self._replace(command.text)
        if _STAYS.search(command.text):
            shell.start(command.text, command.expected)
            return
        code, said = shell.run(command.text)
        (self.folder / "said").write_text(said, encoding="utf-8")
        said = shell.said(said)
        if code != wanted:
            raise WentOtherwise(f"`{command.text.strip()}` ended with {code}, not {wanted}:\n{said}")
        if command.expected is not None and not matcher(command.expected, to_the_end=True).match(said):
            raise WentOtherwise(f"`{command.text.strip()}` is documented with\n" + "\n".join(command.expected) + f"\nand says\n{said}")
