"""Several services of one server, from a configuration file: each with its own address, backends and rules."""

import json
import unittest

from harness import backends
from harness.case import TunnelTest
from harness.cotter import Server, admit
from harness.processes import Process, event_of


class Configured(Process):
    """`cotter serve --config` of a side; `services` has what a client needs of each by its name."""

    class Service:
        def __init__(self, line):
            self.address, self.pin = line["listen"], line["pin"]

    def __init__(self, side, file, count):
        super().__init__(side.command("serve", "--config", file, "--json"), env=side.env())
        self.services = {}
        for _ in range(count):
            line = self.out.wait(lambda text: self._new(event_of(text)), "listening event")
            self.services[line["service"]] = self.Service(line)

    def _new(self, event):
        return event if event and event.get("event") == "listening" and event["service"] not in self.services else None

    event = Server.event
    _is = staticmethod(Server._is)


def service(name, *to, **more):
    lines = ["[[service]]", f'name = "{name}"', 'listen = "127.0.0.1:0"', f"to = {json.dumps(list(to))}"]
    return lines + [f"{key} = {json.dumps(value)}" for key, value in more.items()]


class Services(TunnelTest):
    def write(self, owner, *tables, head=()):
        file = owner.path("cotter.toml")
        lines = ["version = 1", "threads = 2", 'log_format = "json"', *head]
        for table in tables:
            lines += table
        with open(file, "w", encoding="utf-8") as out:
            out.write("\n".join(lines) + "\n")
        return file

    def serve(self, owner, *tables, head=()):
        return self.enterContext(Configured(owner, self.write(owner, *tables, head=head), len(tables)))

    def owner_and_alice(self):
        owner, alice = self.side("owner"), self.side("alice")
        admit(owner, alice, "alice")
        return owner, alice

    def answers(self, alice, service, expected):
        stream = self.connect(alice, service)
        self.assertEqual(stream.receive(len(expected)), expected, stream.err.text())

    def test_each_service_has_its_own_backend(self):
        owner, alice = self.owner_and_alice()
        one, two = self.backend(backends.speak(b"one")), self.backend(backends.speak(b"two"))
        server = self.serve(owner, service("first", one.address), service("second", two.address))
        self.answers(alice, server.services["first"], b"one")
        self.answers(alice, server.services["second"], b"two")
        self.assertEqual(server.event("admitted", service="second")["to"], two.address)

    def test_A34_a_certificate_authority_of_one_service_lets_nobody_into_another(self):
        owner, carol = self.side("owner"), self.side("carol")
        one, two = self.backend(backends.speak(b"one")), self.backend(backends.speak(b"two"))
        owner.do("ca", "init")
        owner.do("ca", "issue", "carol", "--out", owner.path("out"))
        owner.do("client", "remove", "carol")  # known by the authority alone
        folder = owner.path("out")
        authority = f"{owner.state}/ca/ca.crt"
        server = self.serve(owner, service("open", one.address, client_ca=authority), service("closed", two.address))
        own = ("--cert", f"{folder}/carol.crt", "--key", f"{folder}/carol.key")
        into = self.connect(carol, server.services["open"], *own)
        self.assertEqual(into.receive(3), b"one", into.err.text())
        self.assertEqual(self.connect(carol, server.services["closed"], *own).wait(), 3)

    def test_A170_the_second_backend_is_used_while_the_first_is_down(self):
        owner, alice = self.owner_and_alice()
        first, spare = owner.path("first.sock"), self.backend(backends.speak(b"spare"))
        server = self.serve(owner, service("db", f"unix:{first}", spare.address, health_check="100ms"))
        self.answers(alice, server.services["db"], b"spare")
        self.assertEqual(server.event("backend_down")["to"], f"unix:{first}")
        self.backend(backends.speak(b"first"), unix=first)
        server.event("backend_up", to=f"unix:{first}")
        self.answers(alice, server.services["db"], b"first")

    def test_a_backend_that_failed_is_passed_over_where_nothing_checks_it(self):
        owner, alice = self.owner_and_alice()
        spare = self.backend(backends.speak(b"spare"))
        server = self.serve(owner, service("db", f"127.0.0.1:{backends.unused_port()}", spare.address))
        self.answers(alice, server.services["db"], b"spare")
        self.answers(alice, server.services["db"], b"spare")

    def test_revoking_ends_the_streams_of_every_service(self):
        owner, alice = self.owner_and_alice()
        echo = self.backend()
        server = self.serve(owner, service("first", echo.address), service("second", echo.address))
        streams = [self.open_stream(alice, one) for one in server.services.values()]
        self.assertIn("2 streams", owner.do("client", "revoke", "alice").out)
        for stream in streams:
            self.assertEqual(stream.receive_all(), b"")

    def test_a_file_that_is_not_sound_is_refused_with_its_place(self):
        owner = self.side("owner")
        good = service("db", "127.0.0.1:1")
        for tables, said in (
            ([], "service"),
            ([good, good], "two services are called db"),
            ([[line for line in good if "listen" not in line]], "needs listen"),
            ([good + ["liste = 1"]], "did you mean listen"),
            ([service("db", "127.0.0.1:1", min_tls="1.1")], "1.2, 1.3"),
            ([service("DB", "127.0.0.1:1")], "small letters"),
            ([service("db")], "needs to"),
            ([service("db", "127.0.0.1:1", "127.0.0.1:1")], "twice"),
            ([service("db", "127.0.0.1:1", health_check="1ms")], "100 ms"),
            ([service("db", "127.0.0.1:1", idle_timeout="soon")], "soon"),
            ([service("db", "127.0.0.1:1", client_ca="nowhere.crt")], "nowhere.crt"),
        ):
            with self.subTest(said=said):
                file = self.write(owner, *tables)
                for words in (("check", file), ("serve", "--config", file)):
                    done = owner.run(*words)
                    self.assertIn(done.code, (1, 2), str(done))
                    self.assertIn(said, done.err)

    def test_check_says_what_would_start_and_starts_nothing(self):
        owner = self.side("owner")
        done = owner.run("check", self.write(owner, service("db", "127.0.0.1:1", "127.0.0.1:2")))
        self.assertEqual(done.code, 0, str(done))
        self.assertIn("db: would listen on 127.0.0.1:0 and forward to 127.0.0.1:1, 127.0.0.1:2", done.out)

    def test_flags_beside_a_file_are_refused(self):
        owner = self.side("owner")
        done = owner.run("serve", "--config", self.write(owner, service("db", "127.0.0.1:1")), "--listen", "0")
        self.assertEqual(done.code, 2, str(done))


if __name__ == "__main__":
    unittest.main()
