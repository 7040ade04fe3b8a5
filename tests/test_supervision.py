"""Under systemd: what the daemon tells it, the watchdog, and sockets that are passed. The test plays systemd's part; that
the units do so is in test_packages."""

import os
import pathlib
import time
import unittest

from harness.case import TunnelTest
from harness.cotter import Server, admit
from harness.processes import Process, event_of, eventually
from harness.supervisor import Supervisor, hanging, passing


def monotonic_microseconds():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000


class Supervised(TunnelTest):
    def scene(self, *arguments, watchdog=None):
        owner = self.side("owner")
        supervisor = self.enterContext(Supervisor(owner.folder))
        server = self.server(owner, self.backend(), *arguments, variables=supervisor.variables(watchdog))
        return owner, supervisor, server


class Notify(Supervised):
    def test_it_is_ready_when_it_listens_and_says_where(self):
        _, supervisor, server = self.scene()
        self.assertEqual(supervisor.hears("READY=1")["STATUS"], f"Listening on {server.address}")

    def test_a_reload_is_told_with_its_time_and_its_end(self):
        owner, supervisor, server = self.scene()
        supervisor.hears("READY=1")
        before = monotonic_microseconds()
        server.reload()
        told = supervisor.hears("RELOADING=1")
        self.assertTrue(before <= int(told["MONOTONIC_USEC"]) <= monotonic_microseconds())
        self.assertEqual(supervisor.hears("READY=1")["STATUS"], f"Listening on {server.address}")
        os.chmod(owner.key, 0o644)
        server.reload()
        supervisor.hears("RELOADING=1")
        status = supervisor.hears("READY=1")["STATUS"]
        self.assertIn("the last reload kept what was: ", status)
        self.assertIn("others can read", status)

    def test_its_end_is_told_with_the_time_that_the_drain_may_take(self):
        owner, supervisor, server = self.scene("--drain-timeout", "7m")
        alice = self.side("alice")
        admit(owner, alice, "alice")
        stream = self.open_stream(alice, server)
        server.drain()
        told = supervisor.hears("STOPPING=1")
        self.assertEqual(told["STATUS"], "Draining 1 streams")
        self.assertGreater(int(told["EXTEND_TIMEOUT_USEC"]), 7 * 60 * 1_000_000)
        stream.finish_sending()
        self.assertEqual(server.wait(), 0)

    def test_a_drain_without_end_is_one_that_systemd_can_count(self):
        _, supervisor, server = self.scene("--drain-timeout", "off")
        server.drain()
        self.assertLess(int(supervisor.hears("STOPPING=1")["EXTEND_TIMEOUT_USEC"]), 2**63)
        self.assertEqual(server.wait(), 0)

    def test_whoever_supervises_and_cannot_be_told_is_named_in_the_log(self):
        owner = self.side("owner")
        server = self.server(owner, self.backend(), variables={"NOTIFY_SOCKET": owner.path("nobody")})
        self.assertIn("No such file", server.event("supervisor_unreachable")["reason"])
        self.assertEqual(len(server.events("supervisor_unreachable")), 1)

    def test_a_client_that_listens_is_supervised_too(self):
        _, supervisor, server = self.scene()
        alice = self.side("alice")
        own = self.enterContext(Supervisor(alice.folder))
        client = self.enterContext(Process(
            alice.command("connect", server.address, "--pin", server.pin, "--listen", "127.0.0.1:0"),
            env={**alice.env(), **own.variables(watchdog=1)}))
        self.assertIn(f"for {server.address}", own.hears("READY=1")["STATUS"])
        own.hears("WATCHDOG=1")
        own.hears("WATCHDOG=1")
        client.popen.terminate()
        own.hears("STOPPING=1")
        self.assertEqual(client.wait(), 0)


class Watchdog(Supervised):
    def test_it_shows_signs_of_life_again_and_again(self):
        _, supervisor, server = self.scene(watchdog=0.4)
        for _ in range(5):
            supervisor.hears("WATCHDOG=1")
        self.assertEqual(server.events("thread_stuck"), [])

    def test_without_a_watchdog_there_are_none(self):
        _, supervisor, _ = self.scene()
        supervisor.hears("READY=1")
        self.assertTrue(supervisor.hears_nothing(0.5))

    @unittest.skipUnless(os.geteuid() == 0, "only root may stop a thread of a process that protects its memory")
    def test_A220_a_thread_that_hangs_ends_the_signs_of_life(self):
        _, supervisor, server = self.scene("--threads", "2", watchdog=0.4)
        supervisor.hears("WATCHDOG=1")
        for reactor in self.reactors(server):
            mark = server.mark()
            with hanging(reactor):
                server.event("thread_stuck", since=mark)
                self.assertTrue(supervisor.hears_nothing(1))
            supervisor.hears("WATCHDOG=1")

    @staticmethod
    def reactors(server):
        """The two threads that serve, by their names, which each gives itself."""
        def named():
            names = {int(task): pathlib.Path(f"/proc/{server.pid}/task/{task}/comm").read_text(encoding="utf-8").strip()
                     for task in os.listdir(f"/proc/{server.pid}/task")}
            found = sorted((name, task) for task, name in names.items() if name.startswith("reactor "))
            return found if [name for name, _ in found] == ["reactor 0", "reactor 1"] else None

        return [task for _, task in eventually(named, "both reactors run")]


class PassedSockets(TunnelTest):
    def start(self, side, sockets, *arguments):
        return self.enterContext(Process(passing(sockets, side.command(*arguments, "--json", "--log-format", "json")),
                                         env=side.env()))

    def listening(self, process):
        return process.out.wait(lambda line: event_of(line), "listening event")["listen"]

    def test_a_passed_socket_is_served_by_every_thread(self):
        owner, backend = self.side("owner"), self.backend()
        alice = self.admitted(owner, "alice")
        server = self.start(owner, {"db": "127.0.0.1:0"}, "serve", "--listen", "systemd:db", "--to", backend.address,
                            "--threads", "3")
        server.address = self.listening(server)
        server.pin = owner.pin()
        self.assertTrue(server.address.startswith("127.0.0.1:"), server.address)
        streams = [self.open_stream(alice, server) for _ in range(8)]
        for stream in streams:
            self.assert_alive(stream)

    def test_without_a_name_it_is_the_only_one(self):
        owner = self.side("owner")
        server = self.start(owner, {"cotter.socket": "[::1]:0"}, "serve", "--listen", "systemd:", "--to", "127.0.0.1:1")
        self.assertTrue(self.listening(server).startswith("[::1]:"))

    def test_a_unix_socket_stays_where_it_is(self):
        owner, alice, backend = self.side("owner"), self.side("alice"), self.backend()
        admit(owner, alice, "alice")
        server = self.server(owner, backend)
        path = alice.path("local")
        client = self.start(alice, {"local": f"unix:{path}"}, "connect", server.address, "--pin", server.pin, "--listen",
                            "systemd:local")
        self.assertEqual(self.listening(client), f"unix:{path}")
        client.popen.terminate()
        self.assertEqual(client.wait(), 0)
        self.assertTrue(os.path.exists(path), "it is systemd's")

    def test_services_of_a_file_take_theirs_by_name(self):
        owner = self.side("owner")
        with open(owner.path("cotter.toml"), "w", encoding="utf-8") as file:
            file.write('version = 1\nlog_format = "json"\n[[service]]\nname = "one"\nlisten = "systemd:a"\nto = ["127.0.0.1:1"]\n'
                       '[[service]]\nname = "two"\nlisten = "127.0.0.1:0"\nto = ["127.0.0.1:2"]\n'
                       '[[service]]\nname = "three"\nlisten = "systemd:b"\nto = ["127.0.0.1:3"]\n')
        owner.do("check", owner.path("cotter.toml"))
        paths = {name: owner.path(name) for name in "ab"}
        sockets = {name: f"unix:{path}" for name, path in paths.items()}
        command = owner.command("serve", "--config", owner.path("cotter.toml"), "--json")
        server = self.enterContext(Process(passing(sockets, command), env=owner.env()))
        found = {}
        for name in ("one", "two", "three"):
            event = server.out.wait(lambda line, name=name: (event_of(line) or {}).get("service") == name and event_of(line),
                                    f"listening event of {name}")
            found[name] = event["listen"]
        self.assertEqual(found["one"], f"unix:{paths['a']}")
        self.assertEqual(found["three"], f"unix:{paths['b']}")

    def test_A220_what_was_passed_and_what_was_asked_for_must_be_the_same(self):
        owner = self.side("owner")
        tcp = "127.0.0.1:0"
        for name, sockets, listen, why in (
            ("none", None, "systemd:db", "systemd passes no socket to this process"),
            ("another name", {"web": tcp}, "systemd:db", "passed are: web"),
            ("two of a name", [("db", tcp), ("db", tcp)], "systemd:db", "2 of that name are passed"),
            ("two and no name", {"db": tcp, "web": tcp}, "systemd:", "more than one is passed: db, web"),
            ("one that nobody takes", {"db": tcp, "web": tcp}, "systemd:db", "nothing listens on web"),
            ("one beside an address", {"db": tcp}, tcp, "nothing listens on db"),
            ("no stream", {"db": "udp:0"}, "systemd:db", "it is not a TCP or UNIX socket that listens for streams"),
        ):
            with self.subTest(name):
                arguments = ("serve", "--listen", listen, "--to", "127.0.0.1:1")
                process = owner.start(*arguments) if sockets is None else Process(passing(sockets, owner.command(*arguments)),
                                                                                  env=owner.env())
                with process:
                    self.assertEqual(process.wait(), 1, process.err.text())
                    self.assertIn(why, process.err.text())
                    self.assertIn("next: ", process.err.text())

    def test_A220_sockets_of_another_process_are_not_taken(self):
        owner = self.side("owner")
        variables = {"LISTEN_FDS": "1", "LISTEN_PID": "1", "LISTEN_FDNAMES": "db"}
        with Process(owner.command("serve", "--listen", "systemd:db", "--to", "127.0.0.1:1"),
                     env={**owner.env(), **variables}) as process:
            self.assertEqual(process.wait(), 1)
            self.assertIn("systemd passes no socket to this process", process.err.text())
        with Server(owner, "127.0.0.1:1", variables=variables):
            pass  # listens where it was told to


if __name__ == "__main__":
    unittest.main()
