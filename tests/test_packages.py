"""The packages as an owner meets them: built from this build tree, judged by lintian, installed in a clean Debian root, run by
a real systemd in a container as the unit says, upgraded, and purged until nothing is left."""

import os
import pathlib
import re
import shutil
import tempfile
import unittest

from harness.debian_root import Root, run
from harness.processes import Finished, Process, cotter_binary, eventually

TOP = pathlib.Path(__file__).resolve().parents[1]
UNITS = TOP / "packaging/systemd"
STATE = "/var/lib/cotter"
OWNER = ("runuser", "-u", "cotter", "--", "cotter", "--state", STATE)
# An echoing backend, at the port of its first argument.
ECHO = """
import socketserver, sys
class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(65536):
            self.request.sendall(data)
socketserver.ThreadingTCPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer(("127.0.0.1", int(sys.argv[1])), Echo).serve_forever()
"""


def build(folder, *arguments):
    """Packages of what this build tree holds, {package: file}; nothing is compiled."""
    configuration = os.path.join(os.path.dirname(cotter_binary()), "CPackConfig.cmake")
    run("cpack", "--config", configuration, "-B", folder, *arguments, deadline=300)
    found = {path.name.split("_")[0]: str(path) for path in pathlib.Path(folder).glob("*.deb")}
    shutil.rmtree(os.path.join(folder, "_CPack_Packages"))
    return found


def setUpModule():
    if os.geteuid() != 0:
        raise AssertionError("test_packages makes and boots a Debian root, which only root may: run it as root, or leave it "
                             "out (ctest -E test_packages)")
    Shared.folder = tempfile.mkdtemp(prefix="cotter-packages-")
    unittest.addModuleCleanup(shutil.rmtree, Shared.folder)
    Shared.packages = build(os.path.join(Shared.folder, "first"))


class Shared:
    folder = None
    packages = {}


class Files(unittest.TestCase):
    """The .deb files by themselves."""

    def test_lintian_has_nothing_to_say(self):
        done = Finished(["lintian", "--fail-on", "error,warning", "--allow-root", *Shared.packages.values()], deadline=300)
        self.assertEqual((done.code, done.out), (0, ""), str(done))

    def test_every_file_is_roots_and_nobody_elses_to_write(self):
        for name, package in Shared.packages.items():
            for line in run("dpkg-deb", "--contents", package).out.splitlines():
                mode, owner, *_ = line.split()
                with self.subTest(name, file=line):
                    self.assertEqual(owner, "root/root")
                    self.assertIn(mode, ("drwxr-xr-x", "-rw-r--r--", "-rwxr-xr-x", "lrwxrwxrwx"))

    def test_the_sums_are_those_of_the_files(self):
        for name, package in Shared.packages.items():
            with self.subTest(name), tempfile.TemporaryDirectory() as folder:
                run("dpkg-deb", "--raw-extract", package, folder)
                files = [path for path in pathlib.Path(folder).rglob("*") if path.is_file() and not path.is_symlink() and "DEBIAN" not in path.parts]
                sums = os.path.join(folder, "DEBIAN/md5sums")
                listed = pathlib.Path(sums).read_text(encoding="utf-8").splitlines()
                self.assertEqual(len(listed), len(files))
                self.assertEqual(Finished(["md5sum", "--check", "--quiet", sums], cwd=folder).code, 0)

    def test_binaries_are_stripped(self):
        with tempfile.TemporaryDirectory() as folder:
            run("dpkg-deb", "--raw-extract", Shared.packages["cotter"], folder)
            self.assertNotIn(".symtab", run("readelf", "--wide", "--sections", f"{folder}/usr/bin/cotter").out)

    def test_a_program_is_built_against_the_library_and_runs(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("libcotter0", "libcotter-dev"):
                run("dpkg-deb", "--extract", Shared.packages[name], folder)
            library = next(pathlib.Path(folder).glob("usr/lib/*/libcotter.so")).parent
            source = os.path.join(folder, "program.cc")
            pathlib.Path(source).write_text("#include <cotter/version.h>\n#include <cstdio>\n"
                                            "int main() { std::puts(cotter::version()); }\n", encoding="utf-8")
            flags = run("pkg-config", "--cflags", "--libs", "cotter", PKG_CONFIG_PATH=str(library / "pkgconfig")).out.split()
            self.assertIn(f"-I{folder}/usr/include", [os.path.normpath(flag) for flag in flags], "wherever it is installed")
            run("g++", "-std=c++20", source, "-o", f"{folder}/program", *flags)
            version = run(f"{folder}/program", LD_LIBRARY_PATH=str(library)).out.strip()
            self.assertIn(f"({version}-", (TOP / "packaging/debian/changelog").read_text(encoding="utf-8"))

    def test_the_library_says_what_needs_it(self):
        with tempfile.TemporaryDirectory() as folder:
            run("dpkg-deb", "--control", Shared.packages["libcotter0"], folder)
            shlibs = pathlib.Path(folder, "shlibs").read_text(encoding="utf-8")
        self.assertRegex(shlibs, r"^libcotter 0 libcotter0 \(>= [0-9.]+-[0-9]+\)\n$")
        exact = run("dpkg-deb", "--field", Shared.packages["libcotter0"], "Version").out.strip()
        self.assertIn(f"libcotter0 (= {exact})", run("dpkg-deb", "--field", Shared.packages["libcotter-dev"], "Depends").out)

    def test_A220_the_unit_is_as_tight_as_its_page_says(self):
        done = Finished(["systemd-analyze", "security", "--offline=true", "--threshold=15", "--no-pager",
                         UNITS / "cotter.service"])
        self.assertEqual(done.code, 0, done.out)
        level = re.search(r"exposure level for cotter.service: ([0-9.]+)", done.out).group(1)
        self.assertIn(f"says {level} ", (TOP / "docs/packages.md").read_text(encoding="utf-8"))


class Installed(unittest.TestCase):
    """Installed in a clean root; each test boots it anew."""

    @classmethod
    def setUpClass(cls):
        cls.root = cls.enterClassContext(Root())
        cls.root.do("apt-get", "update", "-q", deadline=300)
        # Served to apt as a folder of the root, as a downloaded file would lie there.
        os.mkdir(cls.root.at("srv/packages"))
        for package in Shared.packages.values():
            shutil.copy(package, cls.root.at("srv/packages"))
        cls.installation = cls.root.do(
            "sh", "-c", "apt-get install -q -y --no-install-recommends /srv/packages/*.deb", deadline=600,
            DEBIAN_FRONTEND="noninteractive")

    def boot(self):
        machine = self.enterContext(self.root.booted())
        self.enterContext(Process(machine.inside_network("/usr/bin/python3", "-c", ECHO, "6379")))
        return machine

    def configure(self, machine, listen='"127.0.0.1:443"', more="", enable="cotter.service", can_be_checked=True):
        """An owner's first steps: one service on a port under 1024, started."""
        machine.write("/etc/cotter/cotter.toml", f'version = 1\n{more}\n[[service]]\nname = "cache"\nlisten = {listen}\n'
                                                 'to = ["127.0.0.1:6379"]\n')
        if can_be_checked:
            machine.do("cotter", "check", "/etc/cotter/cotter.toml")
        machine.do("systemctl", "enable", "--now", enable)

    def admit(self, machine, name, at="127.0.0.1:443"):
        """Invites a client, who joins from a folder of its own."""
        code = machine.do(*OWNER, "invite", name, "--address", at).out.split()[0]
        machine.do("cotter", "--state", f"/root/{name}", "join", code)

    def echoed(self, machine, name, at="127.0.0.1:443"):
        """What comes back of some octets that the client sends through the tunnel."""
        return machine.do("cotter", "--state", f"/root/{name}", "connect", at, stdin=b"through the tunnel").out

    def test_a_clean_root_takes_it_with_what_it_depends_on(self):
        self.assertRegex(self.root.do("cotter", "version").out, r"^cotter [0-9.]+")
        self.assertEqual(self.root.do("dpkg", "--audit").out, "")
        self.assertEqual(self.root.do("dpkg", "--verify", "cotter").out, "")
        self.assertIn("cotter:x:", self.root.do("getent", "passwd", "cotter").out)
        self.assertEqual(self.root.do("stat", "--format=%U:%G %a", STATE).out.strip(), "cotter:cotter 700")
        self.assertEqual(self.root.do("ls", "-A", STATE).out, "")
        shipped = self.root.run("cotter", "check", "/etc/cotter/cotter.toml")
        self.assertEqual(shipped.code, 2, "it serves nothing until somebody says what")
        self.assertIn("[[service]]", shipped.err)

    def test_nothing_starts_before_somebody_says_so(self):
        machine = self.boot()
        for unit in ("cotter.service", "cotter.socket"):
            self.assertEqual(machine.run("systemctl", "is-enabled", unit).out.strip(), "disabled")
            self.assertEqual(machine.run("systemctl", "is-active", unit).out.strip(), "inactive")
        done = machine.run("systemd-analyze", "verify", "--man=no", "/lib/systemd/system/cotter.service",
                           "/lib/systemd/system/cotter.socket")
        self.assertEqual((done.code, done.err), (0, ""))

    def test_the_unit_serves_a_client_and_obeys_its_owner(self):
        machine = self.boot()
        self.configure(machine)
        shown = machine.show("cotter.service", "ActiveState", "StatusText", "MainPID")
        self.assertEqual((shown["ActiveState"], shown["StatusText"]), ("active", "Listening on 127.0.0.1:443 for cache"))
        self.admit(machine, "alice")
        self.assertEqual(self.echoed(machine, "alice"), "through the tunnel")
        machine.do("systemctl", "reload", "cotter")
        eventually(lambda: "reload" in machine.journal() and machine.show("cotter.service", "ActiveState")["ActiveState"] ==
                   "active", "the reload is done")
        self.assertEqual(machine.show("cotter.service", "MainPID")["MainPID"], shown["MainPID"])
        self.assertEqual(self.echoed(machine, "alice"), "through the tunnel")
        machine.do(*OWNER, "client", "revoke", "alice")
        self.assertEqual(machine.run("cotter", "--state", "/root/alice", "connect", "127.0.0.1:443").code, 3)
        machine.do("systemctl", "stop", "cotter")
        self.assertEqual(machine.show("cotter.service", "Result")["Result"], "success")

    def test_A220_the_process_has_no_right_but_to_low_ports(self):
        machine = self.boot()
        self.configure(machine)
        pid = machine.show("cotter.service", "MainPID")["MainPID"]
        status = machine.status_of(pid)
        only_low_ports = f"{1 << 10:016x}"
        for field in ("CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertEqual(status[field], only_low_ports, field)
        self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))
        user = machine.do("id", "--user", "cotter").out.strip()
        self.assertEqual(status["Uid"].split(), [user] * 4)
        self.assertEqual(status["Groups"], machine.do("id", "--group", "cotter").out.strip())
        limits = machine.do("cat", f"/proc/{pid}/limits").out
        self.assertRegex(limits, r"Max core file size +0 +0 ")
        found = machine.do("find", STATE, "-perm", "/077").out
        self.assertEqual(found, "", "nobody else may look into what it keeps")

    def test_A220_a_hanging_daemon_is_started_anew(self):
        machine = self.boot()
        machine.write("/etc/systemd/system/cotter.service.d/watchdog.conf", "[Service]\nWatchdogSec=2\n")
        self.configure(machine)
        first = machine.show("cotter.service", "MainPID")["MainPID"]
        machine.do("sh", "-c", f"kill -STOP {first}")
        eventually(lambda: machine.show("cotter.service", "NRestarts")["NRestarts"] == "1" and
                   machine.run("systemctl", "is-active", "cotter").code == 0, "it has been started anew")
        self.assertIn("Watchdog timeout", machine.journal())
        self.admit(machine, "alice")
        self.assertEqual(self.echoed(machine, "alice"), "through the tunnel")

    def test_a_malformed_configuration_is_not_tried_again_and_again(self):
        machine = self.boot()
        machine.write("/etc/cotter/cotter.toml", "version = 2\n")
        self.assertNotEqual(machine.run("systemctl", "start", "cotter").code, 0)
        shown = machine.show("cotter.service", "ActiveState", "ExecMainStatus", "NRestarts")
        self.assertEqual((shown["ActiveState"], shown["ExecMainStatus"], shown["NRestarts"]), ("failed", "2", "0"))

    def test_A220_systemd_holds_the_port_and_the_daemon_needs_no_right_to_it(self):
        machine = self.boot()
        machine.write("/etc/systemd/system/cotter.socket.d/port.conf",
                      "[Socket]\nListenStream=\nListenStream=127.0.0.1:443\n")
        machine.write("/etc/systemd/system/cotter.service.d/rights.conf",
                      "[Service]\nAmbientCapabilities=\nCapabilityBoundingSet=\nPrivateUsers=yes\n")
        self.configure(machine, listen='"systemd:cotter"', enable="cotter.socket")
        self.assertEqual(machine.run("systemctl", "is-active", "cotter.service").out.strip(), "inactive")
        machine.do("systemctl", "start", "cotter.service")
        self.admit(machine, "alice")
        self.assertEqual(machine.status_of(machine.show("cotter.service", "MainPID")["MainPID"])["CapEff"], "0" * 16)
        # While nobody serves, the connection waits, and its coming starts the service.
        machine.do("systemctl", "stop", "cotter.service")
        self.assertEqual(self.echoed(machine, "alice"), "through the tunnel")
        self.assertEqual(machine.show("cotter.service", "ActiveState")["ActiveState"], "active")
        # The socket without a service that takes it: the start fails, and says why.
        machine.do("systemctl", "stop", "cotter.service")
        self.configure(machine, listen='"127.0.0.1:7000"', enable="cotter.socket")
        self.assertNotEqual(machine.run("systemctl", "start", "cotter.service").code, 0)
        self.assertIn("nothing listens on cotter", machine.journal())

    def test_A220_systemd_hands_over_certificate_and_key(self):
        machine = self.boot()
        machine.do("cotter", "--state", "/root/other", "id")
        machine.do("install", "-D", "--mode=0600", "/root/other/identity.key", "/etc/credstore/cotter.key")
        machine.do("install", "-D", "--mode=0600", "/root/other/identity.crt", "/etc/credstore/cotter.crt")
        # What systemd hands over is there only while the unit runs.
        self.configure(machine, more='cert = "/run/credentials/cotter.service/cotter.crt"\n'
                                     'key = "/run/credentials/cotter.service/cotter.key"\n', can_be_checked=False)
        pin = machine.do("cotter", "--state", "/root/other", "id", "--json").out
        self.assertIn(re.search(r"sha256/[^\"]+", pin).group(), machine.journal())
        self.admit(machine, "alice")
        self.assertEqual(self.echoed(machine, "alice"), "through the tunnel")

    def test_a_unit_with_a_dynamic_user_finds_its_state(self):
        machine = self.boot()
        machine.write("/etc/systemd/system/own.service",
                      "[Service]\nType=notify\nDynamicUser=yes\nStateDirectory=own\nStateDirectoryMode=0700\n"
                      "ExecStart=/usr/bin/cotter serve --listen 127.0.0.1:7000 --to 127.0.0.1:6379\n")
        machine.do("systemctl", "start", "own.service")
        self.assertIn("identity.key", machine.do("ls", "/var/lib/private/own").out)

    def test_an_upgrade_keeps_what_there_is_and_a_purge_keeps_nothing(self):
        machine = self.boot()
        before = machine.everything()
        self.configure(machine)
        self.admit(machine, "alice")
        pin = machine.do(*OWNER, "id").out
        first = machine.show("cotter.service", "MainPID")["MainPID"]
        for package in self.next_version():
            machine.write(f"/srv/next/{os.path.basename(package)}", pathlib.Path(package).read_bytes())
        machine.do("sh", "-c", "dpkg --install /srv/next/*.deb", deadline=120)
        self.assertIn("9.9.9-1", machine.do("dpkg-query", "--show", "cotter").out)
        self.assertNotEqual(machine.show("cotter.service", "MainPID")["MainPID"], first, "it runs what is installed now")
        self.assertEqual(machine.do(*OWNER, "id").out, pin)
        self.assertEqual(self.echoed(machine, "alice"), "through the tunnel")
        self.assertIn('name = "cache"', machine.do("cat", "/etc/cotter/cotter.toml").out)
        self.assertEqual(machine.run("systemctl", "is-enabled", "cotter").out.strip(), "enabled")
        machine.do("dpkg", "--remove", "cotter", deadline=120)
        self.assertNotEqual(machine.run("systemctl", "is-active", "cotter").code, 0)
        machine.do("test", "-e", f"{STATE}/registry.db")
        machine.do("test", "-e", "/etc/cotter/cotter.toml")
        machine.do("sh", "-c", "dpkg --install /srv/next/cotter_*.deb", deadline=120)
        self.assertEqual(machine.run("systemctl", "is-enabled", "cotter").out.strip(), "enabled", "as it was")
        machine.do("dpkg", "--purge", "cotter", deadline=120)
        left = machine.everything() - before
        self.assertEqual(sorted(path for path in left if "cotter" in path and not path.startswith(("/srv", "/root"))), [])
        self.assertNotEqual(machine.run("getent", "passwd", "cotter").code, 0)

    def next_version(self):
        """The packages of a later version."""
        return build(os.path.join(Shared.folder, "next"), "-D", "CPACK_DEBIAN_PACKAGE_VERSION=9.9.9").values()


if __name__ == "__main__":
    unittest.main()
