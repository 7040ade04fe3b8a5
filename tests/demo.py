"""What cotter does, shown with real programs: `./dev run`. A Redis that lets anybody in gets a server in front of it; alice is
admitted, a stranger is refused, alice is revoked while she listens, bob is admitted instead. Then it stays up to be tried.

Each step checks what it shows: a step that doesn't go as told ends the demonstration with exit code 1.
"""

import argparse
import contextlib
import os
import pathlib
import shlex
import shutil
import signal
import sys
import tempfile
import time

from harness.cotter import Side
from harness.processes import Finished, Process
from harness.redis import Redis


class WentWrong(Exception):
    """A step that did not go as told."""


class Interrupted(Exception):
    """Somebody has seen enough."""


def interrupt(*_):
    # A second Ctrl-C does not stop the tidying.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise Interrupted


class Person(Side):
    """Somebody with a state folder of a readable name."""

    def __init__(self, top, name):  # pylint: disable=super-init-not-called
        self.name = name
        self.folder = self.state = os.path.join(top, name)


class Stage:
    """Says each step as it happens."""

    def __init__(self):
        self._number = 0

    def step(self, sentence):
        self._number += 1
        print(f"\n{self._number:2}  {sentence}", flush=True)

    @staticmethod
    def typed(who, *words):
        """The command as that person would type it at home."""
        line = " ".join(word if word.endswith("…") else shlex.quote(word) for word in map(str, words))
        print(f"    {who}$ {line}", flush=True)

    @staticmethod
    def answer(text):
        for line in text.strip().splitlines():
            print(f"      {line}", flush=True)


def require(holds, what, *seen):
    if not holds:
        raise WentWrong("\n".join([what, *map(str, seen)]))


def after(text, word):
    """The word that follows `word` in the text, without a comma."""
    words = text.split()
    require(word in words[:-1], f"no `{word}` was said", text)
    return words[words.index(word) + 1].rstrip(",")


class Demonstration:
    def __init__(self, stack, top):
        self._stack = stack
        self._top = top
        self.stage = Stage()
        self.owner, self.alice, self.bob, self.stranger = (
            Person(top, name) for name in ("server", "alice", "bob", "stranger"))
        self.server = None
        self.address = None
        self.pin = None
        self.bobs_port = None

    def _start(self, person, *words):
        return self._stack.enter_context(person.start(*words))

    def _servers_line(self, wanted, since):
        """The server's log line with all these words in it."""
        return self.server.err.wait(lambda line: line if all(word in line for word in wanted) else None,
                                    f"line of the server with {wanted}", since)

    def serve(self):
        self.stage.step("A real Redis, which lets in whoever reaches it.")
        redis = self._stack.enter_context(Redis())
        self.stage.typed("server", "redis-server", "--port", redis.port)

        self.stage.step("cotter in front of it: it makes its key, and admits nobody yet.")
        command = ["serve", "--listen", "127.0.0.1:0", "--to", redis.address]
        self.stage.typed("server", "cotter", *command)
        self.server = self._start(self.owner, *command)
        self.server.out.wait(lambda line: "nobody is admitted" in line, "word that nobody is admitted")
        said = self.server.out.text()
        self.stage.answer(said)
        self.address = after(said, "on")
        self.pin = after(said, "is")

    def admit_alice(self):
        self.stage.step("The owner invites alice: one code, which works once.")
        self.stage.typed("server", "cotter", "invite", "alice")
        invited = self.owner.do("invite", "alice")
        code = invited.out.strip()
        self.stage.answer(invited.out)

        self.stage.step("alice joins with it: her key is made on her side, proven, admitted, and carries the stream.")
        command = ["join", code, "--listen", "127.0.0.1:0"]
        self.stage.typed("alice", "cotter", "join", "cotter-join-…", *command[2:])
        tunnel = self._start(self.alice, *command)
        port = tunnel.out.wait(lambda line: after(line, "on") if line.startswith("listening on ") else None,
                               "listening line").rsplit(":", 1)[1]
        self.stage.answer(tunnel.out.text())

        self.stage.step("Redis answers her as if it were next to her.")
        for words, wanted in ((["set", "greeting", "hello"], "OK"), (["get", "greeting"], "hello")):
            self.stage.typed("alice", "redis-cli", "-p", port, *words)
            got = Finished(["redis-cli", "-p", port, *words])
            self.stage.answer(got.out)
            require(got.out.strip() == wanted, "Redis did not answer through the tunnel", got, tunnel.err.text())
        return tunnel, port

    def refuse_a_stranger(self):
        self.stage.step("A stranger, who even knows the server's pin, is refused in the handshake. Both sides say why.")
        since = self.server.err.count()
        command = ["connect", self.address, "--pin", self.pin]
        self.stage.typed("stranger", "cotter", *command)
        refused = self.stranger.run(*command, stdin=b"PING\r\n")
        require(refused.code == 3 and not refused.out, "the stranger was not refused", refused)
        self.stage.answer(refused.err)
        print(f"      (exit code {refused.code})")
        connection = after(refused.err, "(connection").rstrip("):")
        line = self._servers_line(["refused", connection], since)
        print("    the server's log, with the same connection id:")
        self.stage.answer(line)

    def revoke_alice(self, tunnel, port):
        self.stage.step("alice holds a stream open: she listens to a channel of Redis.")
        self.stage.typed("alice", "redis-cli", "-p", port, "subscribe", "news")
        listener = self._stack.enter_context(Process(["redis-cli", "-p", port, "subscribe", "news"]))
        listener.out.wait(lambda line: "subscribe" in line, "subscription")
        require(listener.running(), "alice's stream did not stay open", listener.err.text())

        self.stage.step("The owner revokes alice: her open stream dies at once.")
        since = self.server.err.count()
        command = ["client", "revoke", "alice", "--reason", "laptop stolen"]
        self.stage.typed("server", "cotter", *command)
        begun = time.monotonic()
        revoked = self.owner.do(*command)
        listener.wait()
        took = time.monotonic() - begun
        self.stage.answer(revoked.out)
        require("closed 1 stream" in revoked.out, "the owner was not told of the closed stream", revoked)
        self.stage.answer(self._servers_line(["revoked_closed", "client=alice"], since))
        print(f"      alice's redis-cli has ended, {took * 1000:.0f} ms after the command was typed")

        self.stage.step("She doesn't come back.")
        said = tunnel.err.count()
        self.stage.typed("alice", "redis-cli", "-p", port, "get", "greeting")
        again = Finished(["redis-cli", "-p", port, "get", "greeting"])
        require("hello" not in again.out, "alice still reaches Redis", again)
        self.stage.answer(tunnel.err.wait(lambda line: line if "does not admit" in line else None, "refusal", said))

    def admit_bob(self):
        self.stage.step("Another way in, without a code: bob sends the pin of his key, the owner adds it.")
        self.stage.typed("bob", "cotter", "id")
        pin = self.bob.do("id").out.strip()
        self.stage.answer(pin)
        self.stage.typed("server", "cotter", "client", "add", "bob", pin)
        self.stage.answer(self.owner.do("client", "add", "bob", pin).out)
        command = ["connect", self.address, "--pin", self.pin, "--listen", "127.0.0.1:0"]
        self.stage.typed("bob", "cotter", *command)
        tunnel = self._start(self.bob, *command)
        self.bobs_port = tunnel.out.wait(lambda line: after(line, "on") if line.startswith("listening on ") else None,
                                         "listening line").rsplit(":", 1)[1]
        self.stage.answer(tunnel.out.text())
        self.stage.typed("bob", "redis-cli", "-p", self.bobs_port, "get", "greeting")
        got = Finished(["redis-cli", "-p", self.bobs_port, "get", "greeting"])
        self.stage.answer(got.out)
        require(got.out.strip() == "hello", "Redis did not answer bob", got, tunnel.err.text())

        self.stage.typed("server", "cotter", "client", "list")
        listed = self.owner.do("client", "list").out
        self.stage.answer(listed)
        require("revoked" in listed and "active" in listed, "the list does not say who is in", listed)

    def steps(self):
        self.serve()
        tunnel, port = self.admit_alice()
        self.refuse_a_stranger()
        self.revoke_alice(tunnel, port)
        self.admit_bob()

    def print_what_to_try(self, cotter):
        def command(who, *words):
            return f"{shlex.quote(cotter)} --state {shlex.quote(os.path.join(self._top, who))} {shlex.join(words)}"

        print("\nEverything worked, and stays up until Ctrl-C. To try in another terminal, in this folder:\n")
        for sentence, line in (
                ("bob's way to Redis", f"redis-cli -p {self.bobs_port} get greeting"),
                ("who is in, and what bob does", command("server", "client", "list")),
                ("", command("server", "client", "show", "bob")),
                ("carol comes in (the code goes through a pipe here); then use the port that it names",
                 command("server", "invite", "carol") + " | " + command("carol", "join", "-", "--listen", "127.0.0.1:0")),
                ("a stranger", f"echo PING | {command('stranger', 'connect', self.address, '--pin', self.pin)}"),
                ("bob out for now, and in again", command("server", "client", "suspend", "bob")),
                ("", command("server", "client", "restore", "bob")),
                ("what the server presents", command("stranger", "pin", self.address))):
            if sentence:
                print(f"  # {sentence}")
            print(f"  {line}")
        print("\nThe server's log goes on here:", flush=True)

    def stay_up(self):
        """Shows the server's log until somebody interrupts."""
        for line in self.server.err.follow(self.server.err.count()):
            print(f"  {line}", flush=True)
        raise WentWrong("the server has ended by itself")


def main():
    parser = argparse.ArgumentParser(description="cotter in front of a real Redis, step by step")
    parser.add_argument("--cotter", default="build/release/cotter", help="the binary to show")
    parser.add_argument("--once", action="store_true", help="end after the last step")
    options = parser.parse_args()
    binary = pathlib.Path(options.cotter)
    if not os.access(binary, os.X_OK):
        parser.error(f"there is no program {binary}: run ./dev build")
    for program in ("redis-server", "redis-cli"):
        if not shutil.which(program):
            parser.error(f"{program} is missing: ./dev run installs it")
    os.environ["COTTER_BIN"] = str(binary.resolve())
    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)

    top = tempfile.mkdtemp(prefix="cotter-demo-")
    try:
        with contextlib.ExitStack() as stack:
            shown = Demonstration(stack, top)
            shown.steps()
            if not options.once:
                shown.print_what_to_try(options.cotter)
                shown.stay_up()
    except Interrupted:
        print("\nended: everything that was started is stopped, and its folder removed", flush=True)
    except (WentWrong, AssertionError) as fault:
        print(f"\nthis did not go as told: {fault}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(top, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
