"""verify --prove: on this very path a server that should be refused is, and the right one is let in."""

import base64
import unittest

from harness.case import TunnelTest
from harness.certificates import Authority, self_signed
from harness.tls_servers import PythonServer, server_context


class Prove(TunnelTest):
    def setUp(self):
        self.owner = self.side("owner")

    def prove(self, address, *arguments):
        done = self.owner.run("verify", address, "--prove", "--json", *arguments)
        document = done.json
        self.assertEqual(done.code, 0 if document.get("proved") else 3, done)
        return document, {trial["trial"]: trial for trial in document["trials"]}

    def assert_held(self, trials, *names):
        self.assertEqual([name for name in names if trials.get(name, {}).get("held") is not True], [], trials)

    def test_under_pins_every_worse_policy_refuses_and_names_dont_count(self):
        server = self.server(self.owner, self.backend())
        document, trials = self.prove(server.address, "--pin", server.pin)
        self.assertTrue(document["proved"])
        self.assert_held(trials, "right_server", "wrong_pin", "empty_pinset", "denied_pin", "ended_policy")
        self.assertEqual(trials["right_server"]["verdict"], "trusted")
        self.assertEqual(trials["wrong_pin"]["reasons"], ["pin_mismatch"])
        self.assertIn("names don't count", trials["wrong_host"]["not_tried"])

    def test_the_trials_are_real_connections(self):
        leaf = self_signed(self.owner.folder, "db")
        server = self.enterContext(PythonServer(server_context(leaf)))
        _, trials = self.prove(server.address, "--pin", leaf.pin())
        meetings = [server.meeting().wait() for trial in trials.values() if "verdict" in trial]
        self.assertEqual(len(meetings), 5)
        self.assertEqual(b"".join(meeting.received for meeting in meetings), b"", "no byte of a stream is sent")

    def test_under_a_chain_the_wrong_host_and_no_anchor_are_refused_too(self):
        authority = Authority(self.owner.folder)
        leaf = authority.issue("db.example", "DNS:db.example", usage="serverAuth")
        server = self.enterContext(PythonServer(server_context(leaf)))
        arguments = ["--server-name", "db.example", "--roots", authority.certificate]
        for trust in (["--trust", "chain"], ["--trust", "chain+pins", "--pin", leaf.pin()]):
            with self.subTest(trust):
                document, trials = self.prove(server.address, *arguments, *trust)
                self.assertTrue(document["proved"], document)
                self.assert_held(trials, "right_server", "wrong_pin", "empty_pinset", "denied_pin", "wrong_host", "no_anchor")
                self.assertEqual(trials["wrong_host"]["reasons"], ["host_mismatch"])

    def test_a_changed_key_is_refused_where_keys_are_remembered(self):
        server = self.server(self.owner, self.backend())
        document, trials = self.prove(server.address, "--trust", "accept-new")
        self.assertTrue(document["proved"], document)
        self.assert_held(trials, "right_server", "wrong_pin", "denied_pin", "changed_key")
        self.assertEqual(self.owner.run("verify", server.address, "--trust", "strict").code, 3, "nothing was remembered")

    def test_a_tlsa_record_of_another_key_and_bogus_answers_are_refused_under_dane(self):
        leaf = self_signed(self.owner.folder, "db")
        server = self.enterContext(PythonServer(server_context(leaf)))
        record = "3 1 1 " + base64.b64decode(leaf.pin().removeprefix("sha256/")).hex()
        document, trials = self.prove(server.address, "--tlsa", record)
        self.assertTrue(document["proved"], document)
        self.assert_held(trials, "right_server", "wrong_pin", "denied_pin", "wrong_tlsa", "bogus_dns")
        self.assertIn("names don't count", trials["wrong_host"]["not_tried"])

    def test_A12_report_mode_proves_nothing(self):
        server = self.server(self.owner, self.backend())
        path = self.owner.path("report.toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f'version = 1\n[[host]]\nname = "127.0.0.1"\npins = ["{server.pin}"]\nmode = "report"\n'
                       "expires = 2099-01-01T00:00:00Z\n")
        document, trials = self.prove(server.address, "--policy", path)
        self.assertFalse(document["proved"])
        self.assertEqual((trials["wrong_pin"]["verdict"], trials["wrong_pin"]["held"]), ("reported", False))
        self.assertTrue(trials["empty_pinset"]["held"], "an empty pinset refuses in every mode")

    def test_a_server_that_is_refused_now_proves_nothing(self):
        server = self.server(self.owner, self.backend())
        done = self.owner.run("verify", server.address, "--prove", "--pin", self.side("other").pin())
        self.assertEqual(done.code, 3, done)
        self.assertIn("! right_server", done.out)
        self.assertIn("NOT proved", done.out)

    def test_a_server_that_is_not_there_is_exit_1_and_a_file_exit_2(self):
        pin = self.owner.pin()
        self.assertEqual(self.owner.run("verify", "127.0.0.1:1", "--prove", "--pin", pin).code, 1)
        self.assertEqual(self.owner.run("verify", "--chain", self.owner.certificate, "--prove", "--pin", pin).code, 2)

    def test_people_read_one_line_a_trial(self):
        server = self.server(self.owner, self.backend())
        done = self.owner.do("verify", server.address, "--prove", "--pin", server.pin)
        lines = done.out.splitlines()
        self.assertEqual(len(lines), 7, done)
        self.assertIn("wrong_pin     refused    one bit of the right pin flipped: pin_mismatch", done.out)
        self.assertTrue(lines[-1].startswith("proved  127.0.0.1:"), done)


if __name__ == "__main__":
    unittest.main()
