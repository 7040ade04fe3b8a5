"""policy show and policy check: what a file says, which entry decides on a host, and what it may still do to its owner."""

import datetime
import unittest

from harness.case import TunnelTest

SAMPLE = "sha256/d6qzRu9zOECb90Uez27xWltNsj0e1Md7GkYYkVoZWmM="  # RFC 7469's
ONE = "sha256/I/QFJnhfvDsx+WI+EL2e0LJJ/L3+bENBrjH/Uxdi55s="
TWO = "sha256/yLNyDVTZDkTVbzZWPmnzZxj5gE9xzFdyUOW5GeIPvGU="


def entry(name, *lines):
    return "\n".join(["[[host]]", f'name = "{name}"', *lines, ""])


def pins(*several):
    return "pins = [" + ", ".join(f'"{pin}"' for pin in several) + "]"


def in_days(count):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=count)).strftime("%Y-%m-%dT%H:%M:%SZ")


class PolicyFiles(TunnelTest):
    def setUp(self):
        self.owner = self.side("owner")

    def write(self, *entries):
        path = self.owner.path("policy.toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write("version = 1\n" + "".join(entries))
        return path

    def show(self, path, *arguments):
        return self.owner.do("policy", "show", path, *arguments, "--json").json

    def check(self, path, *arguments):
        done = self.owner.run("policy", "check", path, *arguments, "--json")
        self.assertEqual(done.code, 0, done)
        return done.json

    def codes(self, *entries, arguments=()):
        return [warning["code"] for warning in self.check(self.write(*entries), *arguments)["warnings"]]

    def test_show_prints_the_entries_as_they_are_understood(self):
        path = self.write(entry("DB.example.com.", "port = 5432", pins(ONE), "[[host.pin]]", f'pin = "{TWO}"', 'role = "backup"',
                                'label = "in the safe"', "expires = 2099-01-01T00:00:00Z"),
                          entry("bücher.example", 'trust = "chain"', f'deny = ["{ONE}"]', "include_subdomains = true"))
        first, second = self.show(path)["entries"]
        self.assertEqual((first["name"], first["port"], first["trust"], first["match"]), ("db.example.com", 5432, "pins", "leaf"))
        self.assertEqual(first["pins"], [{"pin": ONE, "role": "primary", "expires": None},
                                         {"pin": TWO, "role": "backup", "expires": "2099-01-01T00:00:00Z", "label": "in the safe"}])
        self.assertEqual((second["name"], second["deny"], second["include_subdomains"]), ("xn--bcher-kva.example", [ONE], True))
        text = self.owner.do("policy", "show", path).out
        for words in ("db.example.com:5432", "in the safe", "until 2099-01-01T00:00:00Z", "and all names below it", f"denied   {ONE}"):
            self.assertIn(words, text)

    def test_show_says_which_entry_decides_and_why_no_other(self):
        path = self.write(entry("*.example.com", pins(ONE)), entry("db.example.com", "port = 5432", pins(TWO)),
                          entry("example.com", "include_subdomains = true", pins(ONE)), entry("example.org", pins(ONE)))
        choice = self.show(path, "db.example.com:5432")["choice"]
        self.assertEqual((choice["decides"], [one["covers"] for one in choice["considered"]]), (2, [True, True, True, False]))
        self.assertEqual(self.show(path, "db.example.com")["choice"]["decides"], 1, "port 443")
        self.assertIsNone(self.show(path, "elsewhere.example")["choice"]["decides"])
        text = self.owner.do("policy", "show", path, "db.example.com:5432").out
        self.assertIn("decides     2  db.example.com:5432 reaches it by its exact name and port", text)
        self.assertIn("which is less specific than db.example.com:5432", text)
        self.assertIn("no entry covers it", self.owner.do("policy", "show", path, "elsewhere.example").out)

    def test_show_names_the_entry_that_verify_uses(self):
        server = self.server(self.owner, self.backend())
        path = self.write(entry("127.0.0.1", pins(ONE)), entry("127.0.0.1", f"port = {server.port}", pins(server.pin)))
        self.assertEqual(self.show(path, server.address)["choice"]["decides"], 2)
        self.assertEqual(self.owner.run("verify", server.address, "--policy", path).code, 0)

    def test_A57_a_file_that_does_not_load_is_exit_2_with_its_place(self):
        path = self.write(entry("db.example.com", pins("sha256/AAAA")))
        for command in ("show", "check"):
            done = self.owner.run("policy", command, path)
            self.assertEqual(done.code, 2, done)
            self.assertIn("line 4", done.err)

    def test_a_clean_file_has_no_warning_and_says_what_was_not_asked(self):
        document = self.check(self.write(entry("db.example.com", pins(ONE, TWO))))
        self.assertEqual((document["warnings"], document["entries"], document["asked"]), ([], 1, 0))
        self.assertIn("--live", document["notes"][0])

    def test_A140_what_may_lock_its_owner_out_or_let_too_much_in_is_warned_of(self):
        report = ('mode = "report"', "expires = 2099-01-01T00:00:00Z")
        proxy = ("[[host.pin]]", f'pin = "{SAMPLE}"', 'role = "proxy"', 'approved_by = "risk acceptance 17"')
        for lines, codes in [((pins(ONE),), ["no_backup"]),
                             ((pins(ONE, TWO), f"expires = {in_days(29)}"), ["ends_soon"]),
                             ((pins(ONE, TWO), f"expires = {in_days(31)}"), []),
                             ((pins(ONE, TWO), "expires = 2020-01-01T00:00:00Z"), ["ended"]),
                             ((pins(ONE, TWO), "[[host.pin]]", f'pin = "{SAMPLE}"', "expires = 2020-01-01T00:00:00Z"),
                              ["pin_ended", "sample_pin"]),
                             ((pins(),), ["empty_pinset"]),
                             ((pins(ONE, TWO), *report), ["report_mode"]),
                             ((pins(ONE, TWO), 'mode = "off"'), ["off_mode"]),
                             ((pins(ONE, TWO), *proxy, "expires = 2099-01-01T00:00:00Z"), ["sample_pin", "proxy_pin"]),
                             ((pins(ONE, TWO), f'deny = ["{ONE}"]'), ["denied_pin"])]:
            with self.subTest(codes):
                self.assertEqual(self.codes(entry("db.example.com", *lines)), codes)

    def test_A65_a_public_suffix_is_warned_of(self):
        self.assertEqual(self.codes(entry("co.uk", "include_subdomains = true", pins(ONE, TWO))), ["public_suffix"])
        self.assertEqual(self.codes(entry("example.co.uk", "include_subdomains = true", pins(ONE, TWO))), [])

    def test_strict_makes_a_warning_exit_1(self):
        path = self.write(entry("db.example.com", pins(ONE)))
        warned = self.owner.run("policy", "check", path, "--strict")
        self.assertEqual(warned.code, 1, warned)
        self.assertIn("no_backup  db.example.com: ", warned.out)
        self.assertIn("next: ", warned.out)
        self.assertEqual(self.owner.run("policy", "check", self.write(entry("db.example.com", pins(ONE, TWO))), "--strict").code, 0)

    def test_A140_live_rehearses_the_policy_on_the_servers_as_they_are(self):
        server = self.server(self.owner, self.backend())
        here = entry("127.0.0.1", f"port = {server.port}", pins(server.pin), "[[host.pin]]", f'pin = "{TWO}"', 'role = "backup"')
        document = self.check(self.write(here, entry("*.example.com", pins(ONE, TWO))), "--live")
        self.assertEqual((document["warnings"], document["asked"]), ([], 1))
        self.assertIn("wildcard", document["notes"][0])

        stale = entry("127.0.0.1", f"port = {server.port}", pins(server.pin, ONE))
        warnings = self.check(self.write(stale), "--live")["warnings"]
        self.assertEqual([(one["code"], one["pin"]) for one in warnings], [("not_presented", ONE)])

        wrong = entry("127.0.0.1", f"port = {server.port}", pins(ONE, TWO))
        warnings = self.check(self.write(wrong), "--live")["warnings"]
        self.assertEqual([one["code"] for one in warnings], ["refused_now", "not_presented", "not_presented"])
        self.assertIn("pin_mismatch", warnings[0]["message"])

    def test_live_says_of_a_server_that_is_not_there_that_it_could_not_be_looked_at(self):
        self.assertEqual(self.codes(entry("127.0.0.1", "port = 1", pins(ONE, TWO)), arguments=["--live"]), ["unreachable"])

    def test_a_policy_on_standard_input(self):
        text = ("version = 1\n" + entry("db.example.com", pins(ONE, TWO))).encode()
        self.assertEqual(self.owner.run("policy", "check", "-", stdin=text).code, 0)
        self.assertEqual(self.owner.run("policy", "check", "-", "--live", stdin=text).code, 2)


if __name__ == "__main__":
    unittest.main()
