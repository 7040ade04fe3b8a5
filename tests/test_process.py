"""The process itself: nothing of its keys in dumps, files or ambient settings."""

import os
import stat
import unittest

from harness.case import TunnelTest
from harness.cotter import Server
from harness.processes import Finished, cotter_binary

SANITIZED = bool(os.environ.get("COTTER_SANITIZE"))


class Memory(TunnelTest):
    def assert_protected(self, pid):
        with open(f"/proc/{pid}/limits", encoding="ascii") as file:
            core = next(line for line in file if line.startswith("Max core file size"))
        self.assertEqual(core.split()[4:6], ["0", "0"])
        # An undumpable process's files in /proc are root's, whoever runs it; for root itself the difference shows in
        # what the kernel would write at a crash, which the limit above forbids.
        self.assertEqual(os.stat(f"/proc/{pid}/environ").st_uid, 0)

    def test_A187_serve_leaves_no_core_dump(self):
        _, _, server, _ = self.tunnel()
        self.assert_protected(server.pid)

    def test_A187_connect_leaves_no_core_dump(self):
        _, _, server, alice = self.tunnel()
        self.assert_protected(self.open_stream(alice, server).pid)
        self.assert_protected(self.listening_process(alice, server).pid)

    @unittest.skipUnless(os.geteuid() == 0 and not SANITIZED, "needs another user to be, and a plain binary")
    def test_A187_another_process_of_the_same_user_may_not_read_its_memory(self):
        # As nobody, since root may read everything.
        owner = self.side("owner")
        os.chmod(owner.folder, 0o777)
        reader = ("import os, sys, subprocess\n"
                  "p = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE)\n"
                  "p.stdout.readline()\n"
                  "try:\n    open(f'/proc/{p.pid}/mem', 'rb'); print('readable')\n"
                  "except PermissionError:\n    print('protected')\n"
                  "p.terminate(); p.wait()\n")
        binary = os.path.join(owner.folder, "cotter")
        with open(cotter_binary(), "rb") as file, open(binary, "wb") as copy:
            copy.write(file.read())
        os.chmod(binary, 0o755)
        done = Finished(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "/usr/bin/python3", "-c", reader,
                         binary, "--state", owner.path("nobodys"), "serve", "--listen", "127.0.0.1:0", "--to", "127.0.0.1:1"],
                        env=owner.env())
        self.assertEqual(done.out.strip(), "protected", str(done))


class Files(TunnelTest):
    def test_A185_everything_in_the_state_folder_is_private_whatever_the_umask(self):
        owner = self.side("owner")
        alice = self.side("alice")
        before = os.umask(0)
        try:
            owner.do("client", "add", "alice", alice.pin())
            with Server(owner, "127.0.0.1:1"):
                owner.do("client", "list")
                self.assert_private(owner.state)
            self.assert_private(owner.state)
            self.assert_private(alice.state)
        finally:
            os.umask(before)

    def assert_private(self, folder):
        self.assertEqual(stat.S_IMODE(os.stat(folder).st_mode), 0o700)
        names = os.listdir(folder)
        self.assertIn("identity.key", names)
        for name in names:
            mode = stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode)
            secret = name != "identity.crt"
            self.assertEqual(mode & (0o077 if secret else 0o022), 0, f"{name}: {mode:o}")

    @unittest.skipUnless(os.path.exists("/usr/bin/strace") and not SANITIZED, "needs strace, and no leak sanitizer")
    def test_A185_a_key_file_is_private_from_its_first_octet(self):
        alice = self.side("alice")
        trace = alice.path("trace")
        done = Finished(["sh", "-c", f"umask 0; exec strace -f -e trace=openat,open,creat -o {trace} \"$@\"", "sh",
                         *alice.command("id")], env=alice.env())
        self.assertEqual(done.code, 0, str(done))
        with open(trace, encoding="utf-8", errors="replace") as file:
            created = [line for line in file if "O_CREAT" in line and alice.state in line or "O_CREAT" in line and "identity" in line]
        self.assertTrue(created)
        for line in created:
            self.assertIn("0600", line)


class Environment(TunnelTest):
    def test_A25_openssl_settings_of_the_environment_do_nothing(self):
        owner = self.side("owner")
        key_log = owner.path("keys.log")
        configuration = owner.path("openssl.cnf")
        touched = owner.path("touched")
        with open(configuration, "w", encoding="ascii") as file:
            # Would let TLS 1.0 in, load a module that isn't there, and fail whoever reads it.
            file.write(".include /nonexistent\nopenssl_conf = init\n[init]\nssl_conf = ssl\nproviders = providers\n[ssl]\n"
                       f"system_default = all\n[all]\nMinProtocol = TLSv1\nCipherString = ALL:@SECLEVEL=0\n"
                       f"[providers]\nevil = evil\n[evil]\nmodule = {touched}.so\nactivate = 1\n")
        backend = self.backend()
        alice = self.admitted(owner, "alice")
        hostile = {"OPENSSL_CONF": configuration, "SSLKEYLOGFILE": key_log, "SSL_CERT_FILE": "/nonexistent",
                   "SSL_CERT_DIR": "/nonexistent", "OPENSSL_MODULES": owner.folder}
        owner.env = with_more(owner.env, hostile)
        alice.env = with_more(alice.env, hostile)
        server = self.server(owner, backend)
        stream = self.open_stream(alice, server)
        stream.finish_sending()
        self.assertEqual(stream.wait(), 0)
        self.assertFalse(os.path.exists(key_log), "nobody wrote a key log")
        old = Finished(["openssl", "s_client", "-connect", server.address, "-tls1_2", "-cipher", "ALL:@SECLEVEL=0"])
        self.assertNotEqual(old.code, 0, "TLS 1.2 is off by default, whatever the environment says")
        with open(f"/proc/{server.pid}/maps", encoding="utf-8") as file:
            self.assertNotIn("touched", file.read())


def with_more(env, more):
    return lambda: {**env(), **more}


if __name__ == "__main__":
    unittest.main()
