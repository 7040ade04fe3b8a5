"""cotter notary: which key others see a server show, told to their own clients, signed; and what a first contact makes of it."""

import base64
import datetime
import hashlib
import json
import os
import socket
import sqlite3
import unittest

from harness.accepting import Accepting
from harness.case import TunnelTest
from harness.certificates import Authority, self_signed
from harness.cotter import admit
from harness.interception import NAME, Interceptor, leading_to
from harness.processes import DEADLINE, Finished, Process, event_of
from harness.tls_servers import PythonServer, server_context


def listening_of(server):
    """What a server says once it listens."""
    return server.out.wait(lambda line: found if (found := event_of(line)) and "listen" in found else None, "listening")


class NotaryTest(TunnelTest):
    def setUp(self):
        self.me = self.side("me")
        self.honest, self.intercepting = (self_signed(self.me.folder, name) for name in ("honest", "intercepting"))
        self.target = self.enterContext(PythonServer(server_context(self.honest)))

    def notary(self, name, *arguments, private=True, clients=("me",), variables=None):
        """A notary that has admitted this side: HOST:PORT,PIN for --notary. `variables`: more of its environment."""
        side = self.side(name)
        if "me" in clients:
            admit(side, self.me, "me")
        arguments = ["--unsafe-private", *arguments] if private else arguments
        command = side.command("notary", "serve", "--listen", "127.0.0.1:0", "--json", "--log-format", "json", *arguments)
        process = self.enterContext(Process(command, env={**side.env(), **(variables or {})}))
        listening = listening_of(process)
        side.address, side.process = f"{listening['listen']},{listening['pin']}", process
        side.notary_pin = listening["pin"]
        return side

    def ask(self, *notaries, about=None, code=0, extra=()):
        """The words of the notaries, by their addresses."""
        named = [part for notary in notaries for part in ("--notary", notary.address)]
        done = self.me.run("notary", "ask", about or self.target.address, *named, *extra, "--json")
        self.assertEqual(done.code, code, done)
        return {word["notary"]: word for word in done.json["notaries"]}

    def word(self, notary, **options):
        (word,) = self.ask(notary, **options).values()
        return word


class Answers(NotaryTest):
    def test_it_says_what_it_sees_and_since_when(self):
        notary = self.notary("notary", "--keep", "1s")
        first = self.word(notary)
        self.assertEqual([key["pin"] for key in first["keys"]], [self.honest.pin()])
        self.assertIsNone(first["silence"])
        count = self.target.count
        again = self.word(notary)
        self.assertEqual(again["keys"], first["keys"], "since is when it saw it first")
        self.assertLessEqual(self.target.count, count + 1)

    def test_a_look_answers_the_next_questions_for_a_while(self):
        notary = self.notary("notary", "--keep", "1h")
        for _ in range(3):
            self.word(notary)
        self.assertEqual(self.target.count, 1)

    def test_more_looks_than_the_rate_are_not_made(self):
        notary = self.notary("notary", "--rate", "1")
        answers = [self.word(notary, about=f"127.0.0.1:{port}", code=1)["silence"] for port in range(1, 6)]
        self.assertTrue(any("busy" in answer for answer in answers), answers)

    def test_A232_private_and_own_addresses_are_not_looked_at_unless_the_owner_says_so(self):
        notary = self.notary("notary", private=False)
        for about in (self.target.address, f"localhost:{self.target.port}", "10.1.2.3:443", "[::1]:443", "169.254.1.1:80"):
            self.assertIn("are not looked at", self.word(notary, about=about, code=1)["silence"], about)
        self.assertEqual(self.target.count, 0)

    def test_it_answers_only_its_own_clients(self):
        notary = self.notary("notary", clients=())
        word = self.word(notary, code=1)
        self.assertIn("does not admit this client", word["silence"])
        self.assertEqual(self.target.count, 0)
        admit(notary, self.me, "me")
        self.assertEqual(len(self.word(notary)["keys"]), 1)
        notary.do("client", "revoke", "me")
        self.assertIn("does not admit this client", self.word(notary, code=1)["silence"])

    def test_a_server_that_is_not_there_is_said_and_is_silence(self):
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        word = self.word(self.notary("notary"), about=f"127.0.0.1:{port}", code=1)
        self.assertIn("it did not see the server: cannot_connect", word["silence"])

    def test_questions_about_servers_that_are_not_there_leave_nothing_in_its_archive(self):
        notary = self.notary("notary", private=False)
        for port in range(1, 9):
            self.word(notary, about=f"127.0.0.1:{port}", code=1)
        database = sqlite3.connect(f"file:{notary.state}/observatory.db?mode=ro", uri=True)
        self.assertEqual(database.execute("SELECT count(*) FROM servers").fetchone(), (0,))
        database.close()

    def test_a_look_that_answers_for_days_is_refused(self):
        done = self.side("notary").run("notary", "serve", "--listen", "127.0.0.1:0", "--keep", "2d")
        self.assertEqual(done.code, 2, done)

    def test_its_key_must_be_one_that_signs(self):
        side = self.side("notary")
        side.do("--key-type", "p256", "id")
        done = side.run("notary", "serve", "--listen", "127.0.0.1:0", "--json")
        self.assertEqual((done.code, done.json["error"]["code"]), (1, "notary_key"))


class Relays(NotaryTest):
    def test_a_question_goes_through_one_so_that_neither_learns_who_asks_and_what(self):
        behind = self.notary("behind", clients=())
        relay = self.notary("relay", "--relay-to", behind.address)
        admit(behind, relay, "relay")
        word = self.word(behind, extra=("--notary-relay", relay.address))
        self.assertEqual([key["pin"] for key in word["keys"]], [self.honest.pin()])
        self.assertEqual(self.target.count, 1)
        relay_log, behind_log = relay.process.err.text(), behind.process.err.text()
        self.assertIn('"client":"me"', relay_log)
        self.assertNotIn(str(self.target.port), relay_log)
        self.assertIn('"client":"relay"', behind_log)
        self.assertNotIn(self.me.pin()[7:15], behind_log)
        self.assertFalse(os.path.exists(f"{relay.state}/observatory.db") and self.knows(relay), "the relay looked at nothing")

    def knows(self, side):
        history = side.run("survey", "report", "--json")
        return self.target.address in history.out

    def test_it_goes_on_to_nobody_but_whom_its_owner_named(self):
        behind, relay = self.notary("behind"), self.notary("relay")
        word = self.word(behind, code=1, extra=("--notary-relay", relay.address))
        self.assertIn("does not lead to it", word["silence"])

    def test_a_relay_that_stands_in_for_the_other_is_not_believed(self):
        behind = self.notary("behind")
        other = self.notary("other")
        relay = self.notary("relay", "--relay-to", f"{behind.address.split(',')[0]},{other.notary_pin}")
        self.assertEqual(self.word(behind, code=1, extra=("--notary-relay", relay.address))["keys"], [])

    def test_one_that_is_asked_is_no_relay(self):
        notary = self.notary("notary")
        done = self.me.run("notary", "ask", self.target.address, "--notary", notary.address, "--notary-relay", notary.address)
        self.assertEqual(done.code, 2)


class Impostor(Accepting):
    """What listens behind a tunnel in a notary's place and answers every question with `answer(question)`."""

    def __init__(self, answer):
        super().__init__()
        self._answer = answer

    def meet(self, peer):
        line = b""
        while not line.endswith(b"\n"):
            line += peer.recv(1)
        peer.sendall(self._answer(line.decode().strip()))


class FirstContact(NotaryTest):
    def verify(self, *notaries, arguments=(), target=None):
        named = [part for notary in notaries for part in ("--notary", notary if isinstance(notary, str) else notary.address)]
        return self.me.run("verify", (target or self.target).address, "--trust", "accept-new", *named, *arguments, "--json")

    def impostor(self, name, answer):
        """A notary's key, and behind it somebody else who is given each question and the file of that key."""
        side = self.side(name)
        side.do("--key-type", "ed25519", "id")
        admit(side, self.me, "me")
        behind = self.enterContext(Impostor(lambda question: answer(question, side.key)))
        server = self.enterContext(side.start("serve", "--listen", "127.0.0.1:0", "--to", behind.address, "--json"))
        listening = listening_of(server)
        side.address = f"{listening['listen']},{listening['pin']}"
        return side

    def silent_notary(self, name):
        return self.impostor(name, lambda question, key: b"no idea\n")

    def lying_notary(self, name):
        """It says that it sees another key: signed and fresh, and false."""
        return self.impostor(name, lambda question, key: self.sign(key, question, self.intercepting.pin()))

    @staticmethod
    def sign(key, question, pin):
        """A notary's answer written by other hands, straight from docs/notary.md and C2SP signed-note."""
        _, nonce, server = question.split(" ", 2)
        public = Finished(["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"]).raw[-32:]
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        text = (f"cotter-notary/1\nnotary {base64.b64encode(public).decode()}\nnonce {nonce}\nat {now}\nserver {server}\n"
                f"now {pin} {now} {now}\n")
        path = f"{key}.text"
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        signature = Finished(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", path]).raw
        key_id = hashlib.sha256(b"cotter-notary\n\x01" + public).digest()[:4]
        return f"{text}\n\u2014 cotter-notary {base64.b64encode(key_id + signature).decode()}\n".encode()

    def test_agreement_lets_it_in_and_is_said(self):
        notaries = [self.notary(name) for name in ("one", "two")]
        done = self.verify(*notaries)
        self.assertEqual(done.code, 0, done)
        notes = [note["message"] for note in done.json["notes"] if note["code"] == "notary"]
        self.assertEqual(len(notes), 2)
        for note in notes:
            self.assertIn("sees this key, and has since", note)

    def test_A233_of_three_one_lies_and_one_is_silent_and_the_quorum_decides(self):
        notaries = [self.notary("honest"), self.lying_notary("liar"), self.silent_notary("silent")]
        for quorum, code in ((1, 0), (2, 3), (3, 3)):
            done = self.verify(*notaries, arguments=("--quorum", str(quorum)))
            self.assertEqual(done.code, code, done)
            notes = " ".join(note["message"] for note in done.json["notes"] if note["code"] == "notary")
            for words in ("sees this key", f"sees another key: {self.intercepting.pin()}", "is silent"):
                self.assertIn(words, notes)
            if code == 3:
                (reason,) = done.json["reasons"]
                self.assertEqual(reason["code"], "continuity_unknown")
                self.assertIn(f"1 of 3 notaries sees this key, 1 sees another, 1 is silent; {quorum} must see it", reason["message"])

    def test_without_a_quorum_all_must_agree(self):
        self.assertEqual(self.verify(self.notary("honest"), self.silent_notary("silent")).code, 3)

    @unittest.skipIf(os.environ.get("COTTER_SANITIZE"), "a sanitizer wants to be loaded first")
    def test_who_is_intercepted_is_told_by_a_notary_who_is_not(self):
        """The name leads the notary to the server, and us to a proxy that stands before it."""
        authority = Authority(self.me.folder)
        proxy = self.enterContext(Interceptor(authority, ("127.0.0.1", self.target.port), host="127.0.0.2", port=self.target.port))
        notary = self.notary("notary", variables=leading_to(self.me.folder, "127.0.0.1"))
        arguments = ("verify", f"{NAME}:{self.target.port}", "--trust", "accept-new", "--notary", notary.address, "--json")
        for leads_to, code in (("127.0.0.1", 0), ("127.0.0.2", 3)):
            done = Finished(self.me.command(*arguments), env={**self.me.env(), **leading_to(self.me.folder, leads_to)})
            self.assertEqual(done.code, code, done)
        self.assertIn(f"sees another key: {self.honest.pin()}", json.dumps(done.json["notes"]))
        done = Finished(self.me.command("connect", *arguments[1:-1]), stdin=b"secret",
                        env={**self.me.env(), **leading_to(self.me.folder, "127.0.0.2")})
        self.assertEqual((done.code, proxy.heard), (3, b""), done)

    def test_A233_an_answer_that_was_given_before_is_none(self):
        given = []

        def replay(question, key):
            given.append(self.sign(key, question, self.honest.pin()))
            return given[0]

        side = self.impostor("recorder", replay)
        self.assertEqual(self.verify(side).code, 0, "the first time it is an answer")
        done = self.verify(side)
        self.assertEqual(done.code, 3)
        self.assertIn("it answers another question: the nonce differs", json.dumps(done.json["notes"]))

    def test_A233_one_key_counts_once(self):
        notary = self.notary("notary")
        host, pin = notary.address.split(",")
        done = self.verify(notary, f"localhost:{host.split(':')[1]},{pin}", arguments=("--quorum", "2"))
        self.assertEqual((done.code, done.json["error"]["code"]), (2, "notary_twice"))

    def test_connect_asks_at_first_contact_and_not_again(self):
        owner = self.side("owner")
        server = self.server(owner, self.backend())
        admit(owner, self.me, "me")
        notary = self.notary("notary")
        arguments = ("connect", server.address, "--trust", "accept-new", "--notary", notary.address)
        first = self.me.run(*arguments, stdin=b"hello")
        self.assertEqual((first.code, first.raw), (0, b"hello"), first)
        admitted = notary.process.err.text().count('"event":"admitted"')
        self.assertEqual(admitted, 1)
        again = self.me.run(*arguments, stdin=b"hello")
        self.assertEqual((again.code, again.raw), (0, b"hello"), again)
        self.assertEqual(notary.process.err.text().count('"event":"admitted"'), admitted, "a remembered key needs no word")

    def test_A233_a_first_contact_for_which_nobody_was_asked_is_none(self):
        """The key was remembered when the client started, so no notary was asked; then the memory is taken away."""
        owner = self.side("owner")
        server = self.server(owner, self.backend())
        admit(owner, self.me, "me")
        self.me.do("peers", "add", server.address, server.pin)
        arguments = ("--trust", "accept-new", "--notary", self.notary("notary").address)
        client = self.listening_process(self.me, server, trust=arguments)
        with socket.create_connection(client.at, DEADLINE) as stream:
            stream.sendall(b"!")
            self.assertEqual(stream.recv(1), b"!")
        self.me.do("peers", "forget", server.address)
        with socket.create_connection(client.at, DEADLINE) as stream:
            stream.settimeout(DEADLINE)
            try:
                self.assertEqual(stream.recv(1), b"")
            except ConnectionResetError:
                pass
        client.out.wait(lambda line: "0 of 0 notaries see this key" in line or None, "the refusal")
        self.assertEqual(self.me.do("peers", "--json").json["peers"], [])

    def test_connect_sends_nothing_where_the_notaries_disagree(self):
        done = self.me.run("connect", self.target.address, "--trust", "accept-new", "--notary", self.lying_notary("liar").address,
                           stdin=b"secret")
        self.assertEqual(done.code, 3, done)
        self.assertIn("0 of 1 notary see this key, 1 sees another", done.err)
        self.assertFalse(os.path.exists(f"{self.me.state}/known_peers"))

    def test_calls_that_make_no_sense(self):
        notary = "127.0.0.1:1," + self.honest.pin()
        for arguments in (["--trust", "chain", "--notary", notary], ["--trust", "accept-new", "--quorum", "1"],
                          ["--trust", "accept-new", "--notary", notary, "--quorum", "2"],
                          ["--trust", "accept-new", "--notary", "127.0.0.1:1"],
                          ["--trust", "accept-new", "--notary", "127.0.0.1:1,cert-" + self.honest.pin()]):
            self.assertEqual(self.me.run("connect", self.target.address, *arguments).code, 2, arguments)


if __name__ == "__main__":
    unittest.main()
