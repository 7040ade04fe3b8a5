"""cotter watch: what has changed of servers' keys since the last look, by grades, and who is told."""

import json
import os
import shutil
import signal
import socket
import unittest

from harness.accepting import Accepting
from harness.case import TunnelTest
from harness.certificates import Authority, self_signed
from harness.interception import NAME, Interceptor, leading_to
from harness.many_servers import ManyServers
from harness.processes import DEADLINE, Finished, event_of
from harness.tls_servers import PythonServer, server_context


class Changing(Accepting):
    """A server that shows what it is told to show from the next connection on."""

    def __init__(self, issued, **where):
        super().__init__(**where)
        self.show(issued)

    def show(self, issued):
        self._context = server_context(issued, chain=getattr(issued, "chain", None))

    def meet(self, peer):
        with self._context.wrap_socket(peer, server_side=True) as tls:
            tls.recv(1)


class WatchTest(TunnelTest):
    def setUp(self):
        self.me = self.side("me")
        self.authority = Authority(self.me.folder)

    def issued(self, name, days=60, authority=None, **more):
        """A leaf whose issuer is presented, too."""
        authority = authority or self.authority
        leaf = authority.issue(name, f"IP:127.0.0.1,DNS:{NAME}", usage="serverAuth", days=days, **more)
        leaf.chain = f"{leaf.certificate}.chain"
        with open(leaf.chain, "wb") as out:
            for part in (leaf.certificate, authority.certificate):
                with open(part, "rb") as file:
                    shutil.copyfileobj(file, out)
        return leaf

    def changing(self, issued, **where):
        return self.enterContext(Changing(issued, **where))

    def watch(self, *arguments, code=0, ends=False):
        """The events of a round, without those of ends that are near (the authority's is), and the round's own."""
        done = self.me.run("watch", *arguments, "--json")
        self.assertEqual(done.code, code, done)
        *events, last = [json.loads(line) for line in done.out.splitlines()]
        self.assertEqual(last["event"], "round")
        return [event for event in events if ends or event["event"] != "expiring"], last

    def change_of(self, server, *arguments, code):
        """The one change of a round."""
        events, _ = self.watch(server.address, *arguments, code=code)
        (change,) = [event for event in events if event["event"] == "change"]
        self.assertEqual(change["alarm"], code == 3)
        return change


class Grades(WatchTest):
    def test_a_server_that_stays_as_it_is_is_no_news(self):
        server = self.changing(self.issued("one"))
        for first, same in ((1, 0), (0, 1), (0, 1)):
            events, last = self.watch(server.address)
            self.assertEqual((events, last["first"], last["same"], last["worst"]), ([], first, same, None))
        self.assertEqual(self.me.do("watch", "history").out, "no change has been seen\n")

    def test_another_certificate_of_the_same_key_is_renewed(self):
        first = self.issued("one")
        server = self.changing(first)
        self.watch(server.address)
        server.show(self.issued("again", key=first.key))
        change = self.change_of(server, code=0)
        self.assertEqual(change["grade"], "renewed")
        self.assertEqual(change["before"]["pins"]["spki-sha256"], change["after"]["pins"]["spki-sha256"])
        server.show(first)
        self.change_of(server, "--alarm", "renewed", code=3)

    def test_a_key_by_the_same_issuer_near_the_old_ones_end_is_rotated(self):
        server = self.changing(self.issued("ending", days=3))
        self.watch(server.address)
        server.show(self.issued("next"))
        self.assertEqual(self.change_of(server, code=0)["grade"], "rotated")

    def test_a_key_long_before_the_old_ones_end_is_new_and_an_alarm(self):
        server = self.changing(self.issued("lasting"))
        self.watch(server.address)
        server.show(self.issued("sudden"))
        self.assertEqual(self.change_of(server, code=3)["grade"], "new-key")

    def test_a_key_that_the_policy_has_is_announced(self):
        first, backup = self.issued("first"), self.issued("backup")
        server = self.changing(first)
        policy = self.me.path("policy.toml")
        with open(policy, "w", encoding="ascii") as file:
            file.write(f'version = 1\n[[host]]\nname = "127.0.0.1"\nport = {server.port}\npins = ["{first.pin()}", '
                       f'"{backup.pin()}"]\n')
        self.watch(server.address, "--policy", policy)
        server.show(backup)
        self.assertEqual(self.change_of(server, "--policy", policy, code=0)["grade"], "announced")

    def test_a_key_that_known_peers_has_is_announced(self):
        first, second = self.issued("first"), self.issued("second")
        server = self.changing(first)
        self.watch(server.address)
        for issued in (first, second):
            self.me.do("peers", "add", server.address, issued.pin())
        server.show(second)
        self.assertEqual(self.change_of(server, code=0)["grade"], "announced")

    def watch_name(self, port, *addresses, arguments=(), code):
        """The changes of a round that looks at NAME, which leads to these addresses."""
        done = Finished(self.me.command("watch", f"{NAME}:{port}", "--json", *arguments),
                        env={**self.me.env(), **leading_to(self.me.folder, *addresses)})
        self.assertEqual(done.code, code, done)
        return [event for event in map(json.loads, done.out.splitlines()) if event["event"] == "change"]

    def intercepted(self):
        """An honest server, looked at once, and who stands before it at another address of the same name."""
        server = self.changing(self.issued("honest", days=3))
        self.assertEqual(self.watch_name(server.port, "127.0.0.1", code=0), [])
        os.mkdir(self.me.path("proxy"))
        proxy = Authority(self.me.path("proxy"), "Corporate Inspection")
        return server, self.enterContext(Interceptor(proxy, ("127.0.0.1", server.port), host="127.0.0.2", port=server.port))

    def test_an_interception_proxy_shows_another_issuer(self):
        server, _ = self.intercepted()
        (change,) = self.watch_name(server.port, "127.0.0.2", code=3)
        self.assertEqual(change["grade"], "other-issuer")
        self.assertEqual((change["before"]["issuer"], change["after"]["issuer"]), ("CN=ca", "CN=Corporate Inspection"))

    def test_a_proxy_that_the_policy_allows_is_not_announced_by_that(self):
        server, proxy = self.intercepted()
        shown = self.me.do("pin", proxy.address, "--json").json["certificates"][0]["pins"]["spki-sha256"]
        policy = self.me.path("policy.toml")
        with open(policy, "w", encoding="ascii") as file:
            file.write(f'version = 1\n[[host]]\nname = "{NAME}"\n[[host.pin]]\npin = "{shown}"\nrole = "proxy"\n'
                       'approved_by = "the security office"\nexpires = 2099-01-01T00:00:00Z\n')
        (change,) = self.watch_name(server.port, "127.0.0.2", arguments=("--policy", policy), code=3)
        self.assertEqual(change["grade"], "other-issuer")

    def test_a_weaker_key_and_an_older_certificate_are_the_worst_of_one_address(self):
        first = self.issued("first")
        server = self.changing(first)
        self.watch(server.address)
        server.show(self_signed(self.me.folder, "weak", key="rsa:2048"))
        self.assertEqual(self.change_of(server, code=3)["grade"], "weaker")
        server.show(self.issued("new", days=60, dates=("20300101000000Z", "20310101000000Z")))
        self.watch(server.address, code=3)
        server.show(first)
        change = self.change_of(server, "--alarm", "weaker", code=3)
        self.assertIn("older than the one before", change["why"])

    def test_addresses_of_one_name_that_show_different_keys_are_a_split(self):
        one, other = self.issued("one"), self.issued("other")
        here = self.changing(one)
        there = self.changing(one, host="127.0.0.2", port=here.port)

        def watch(code):
            return self.watch_name(here.port, "127.0.0.1", "127.0.0.2", code=code)

        self.assertEqual(watch(0), [])
        there.show(other)
        changes = {change["grade"]: change for change in watch(3)}
        self.assertEqual(set(changes), {"new-key", "split"})
        self.assertEqual(changes["new-key"]["addresses"], "127.0.0.2")
        self.assertEqual(set(changes["split"]["addresses"].split()), {"127.0.0.1", "127.0.0.2"})
        self.assertEqual(watch(0), [], "it was said")
        here.show(other)
        self.assertEqual([change["grade"] for change in watch(3)], ["new-key"], "both show the other one: no split any more")


class Telling(WatchTest):
    def alarm(self, *arguments):
        """A server whose key changes; what the second look says."""
        server = self.changing(self.issued("first"))
        self.watch(server.address)
        server.show(self.issued("second"))
        return self.change_of(server, *arguments, code=3)

    def test_a_file_and_a_command_get_the_alarm(self):
        told, run = self.me.path("told"), self.me.path("run")
        change = self.alarm("--tell", f"file:{told}", "--run", f"cat > {run}")
        for path in (told, run):
            with open(path, encoding="utf-8") as file:
                self.assertEqual(json.loads(file.read()), change)

    def test_a_collector_on_the_web_gets_it_under_its_pin(self):
        collector = self_signed(self.me.folder, "collector")
        received = []

        def take(meeting):
            data = b""
            while b"\r\n\r\n" not in data:
                data += meeting.receive()
            head, _, body = data.partition(b"\r\n\r\n")
            size = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
            while len(body) < size:
                body += meeting.receive()
            received.append(json.loads(body))
            meeting.tls.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")

        web = self.enterContext(PythonServer(server_context(collector), take, host="127.0.0.9"))
        change = self.alarm("--tell", f"https://{web.address}/alarms", "--tell-pin", collector.pin())
        self.assertEqual(received, [change])

    def test_syslog_gets_it(self):
        if os.path.lexists("/dev/log") or os.geteuid() != 0:
            self.skipTest("there is a syslog here, and it isn't ours")
        log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        log.bind("/dev/log")
        self.addCleanup(os.unlink, "/dev/log")
        self.addCleanup(log.close)
        log.settimeout(DEADLINE)
        self.alarm("--tell", "syslog")
        line = log.recv(65536).decode()
        self.assertIn('"grade":"new-key"', line)

    def test_who_can_not_be_told_is_said_and_the_alarm_stands(self):
        server = self.changing(self.issued("first"))
        self.watch(server.address)
        server.show(self.issued("second"))
        done = self.me.run("watch", server.address, "--run", "exit 7")
        self.assertEqual(done.code, 3)
        self.assertIn("the alarm did not reach exit 7: it ended with exit code 7", done.err)

    def test_old_and_new_stand_side_by_side_and_in_the_history(self):
        first, second = self.issued("first"), self.issued("second")
        server = self.changing(first)
        self.watch(server.address)
        server.show(second)
        done = self.me.run("watch", server.address)
        self.assertEqual(done.code, 3)
        (row,) = [line for line in done.out.splitlines() if line.strip().startswith("key ")]
        self.assertEqual(row.split(), ["key", first.pin(), second.pin()])
        self.assertIn("ALARM", done.out)
        history = self.me.do("watch", "history", server.address, "--json").json["changes"]
        self.assertEqual([(one["grade"], one["after"]["pins"]["spki-sha256"]) for one in history], [("new-key", second.pin())])
        self.assertIn(row, self.me.do("watch", "history").out)

    def test_text_of_certificates_is_escaped(self):
        server = self.changing(self.issued("first"))
        self.watch(server.address)
        server.show(self_signed(self.me.folder, "e\x1b[31mvil\u202e"))
        done = self.me.run("watch", server.address)
        for mark in ("\x1b", "\u202e"):
            self.assertNotIn(mark, done.out)
            self.assertNotIn(mark, self.me.do("watch", "history").out)


class Policies(WatchTest):
    def policy(self, *lines):
        os.makedirs(self.me.state, mode=0o700, exist_ok=True)
        path = f"{self.me.state}/policy.toml"
        with open(path, "w", encoding="ascii") as file:
            file.write("version = 1\n" + "\n".join(lines) + "\n")
        return path

    def test_without_servers_those_of_policy_and_known_peers_are_watched(self):
        first, second = self.issued("first"), self.issued("second")
        one, two = self.changing(first), self.changing(second)
        self.policy("[[host]]", 'name = "127.0.0.1"', f"port = {one.port}", f'pins = ["{first.pin()}"]', "[[host]]",
                    'name = "*.example.com"', f'pins = ["{first.pin()}"]')
        self.me.do("peers", "add", two.address, second.pin())
        self.assertEqual(self.watch()[1]["servers"], 2)
        empty = self.side("empty")
        done = empty.run("watch", "--json")
        self.assertEqual((done.code, done.json["error"]["code"]), (2, "no_targets"))

    def test_whom_the_policy_refuses_is_an_alarm_from_the_first_look_on(self):
        first, second = self.issued("first"), self.issued("second")
        server = self.changing(second)
        self.policy("[[host]]", 'name = "127.0.0.1"', f"port = {server.port}", f'pins = ["{first.pin()}"]')
        events, _ = self.watch(code=3)
        refused = [event for event in events if event["event"] == "refused"]
        self.assertEqual([event["reasons"][0]["code"] for event in refused], ["pin_mismatch"])

    def test_pins_that_nobody_presents_any_more_and_ends_are_said(self):
        first, second, spare = self.issued("first"), self.issued("second", days=5), self.issued("spare")
        server = self.changing(first)
        self.policy("[[host]]", 'name = "127.0.0.1"', f"port = {server.port}",
                    f'pins = ["{first.pin()}", "{second.pin()}"]', "expires = 2099-01-01T00:00:00Z", "[[host.pin]]",
                    f'pin = "{spare.pin()}"', 'role = "backup"')
        unseen = {event["pin"]: event["was_seen"] for event in self.watch()[0] if event["event"] == "unseen_pin"}
        self.assertEqual(unseen, {second.pin(): False}, "a backup that nobody has seen is where it should be")
        server.show(second)
        events, _ = self.watch(ends=True)
        unseen = {event["pin"]: event["was_seen"] for event in events if event["event"] == "unseen_pin"}
        self.assertEqual(unseen, {first.pin(): True})
        self.assertEqual([event["what"] for event in events if event["event"] == "expiring"],
                         [f"the certificate of {server.address}", f"an issuer's certificate of {server.address}"])


class Daemon(WatchTest):
    def test_it_looks_again_and_tells_what_is_new_until_it_is_ended(self):
        server = self.changing(self.issued("first"))
        with self.me.start("watch", server.address, "--every", "100ms", "--json", "--rate", "0") as daemon:
            daemon.out.wait(lambda line: (event_of(line) or {}).get("same") == 1 or None, "a round in which nothing changed")
            server.show(self.issued("second"))
            change = daemon.out.wait(lambda line: found if (found := event_of(line))["event"] == "change" else None, "a change")
            self.assertEqual(change["grade"], "new-key")
            daemon.signal(signal.SIGTERM)
            self.assertEqual(daemon.wait(), 0)
        rounds = [event_of(line) for line in daemon.out.text().splitlines()]
        self.assertEqual(len([one for one in rounds if one["event"] == "change"]), 1, "it is told once")

    def test_what_stops_a_round_is_said_and_the_next_one_is_made(self):
        server = self.changing(self.issued("first"))
        policy = self.me.path("policy.toml")
        with self.me.start("watch", server.address, "--policy", policy, "--every", "100ms", "--json") as daemon:
            daemon.out.wait(lambda line: (event_of(line) or {}).get("error"), "an error")
            with open(policy + ".new", "w", encoding="ascii") as file:
                file.write("version = 1\n")
            os.rename(policy + ".new", policy)
            daemon.out.wait(lambda line: (event_of(line) or {}).get("event") == "round" or None, "a round")

    def test_hundreds_of_hosts_are_watched_and_the_one_that_changed_is_found(self):
        kinds = [self_signed(self.me.folder, f"host{i}") for i in range(3)]
        path = self.me.path("list")
        with ManyServers([kinds[0]] * 200) as servers:
            with open(path, "w", encoding="ascii") as file:
                file.write("\n".join(servers.addresses))
            self.assertEqual(self.watch("--list", path, "--rate", "0")[1]["first"], 200)
            servers.show(117, kinds[1])
            events, last = self.watch("--list", path, "--rate", "0", code=3)
            self.assertEqual([(event["server"], event["grade"]) for event in events if event["event"] == "change"],
                             [(servers.addresses[117], "new-key")])
            self.assertEqual(last["same"], 199)


class Refusals(WatchTest):
    def test_calls_that_make_no_sense(self):
        for arguments in (["--alarm", "nonsense", "127.0.0.1:1"], ["10.0.0.0/8"], ["--every", "0s", "127.0.0.1:1"], ["--every", "off", "127.0.0.1:1"], ["--every", "400d", "127.0.0.1:1"],
                          ["--tell", "http://example.com/", "127.0.0.1:1"], ["--tell-pin", "nonsense", "127.0.0.1:1"]):
            self.assertEqual(self.me.run("watch", *arguments).code, 2, arguments)

    def test_a_server_that_does_not_answer_is_said_and_is_no_alarm(self):
        server = self.changing(self.issued("first"))
        self.watch(server.address)
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        events, last = self.watch(server.address, f"127.0.0.1:{port}")
        self.assertEqual([(event["event"], event["code"]) for event in events], [("unreached", "cannot_connect")])
        self.assertEqual((last["same"], last["unreached"]), (1, 1))


if __name__ == "__main__":
    unittest.main()
