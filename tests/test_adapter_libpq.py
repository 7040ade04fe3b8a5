"""cotter/libpq.h, by its example: PostgreSQL through a tunnel of the program's own, whose server is judged by its pin."""

import os
import pathlib
import tempfile
import unittest

from harness.built_example import built_example
from harness.case import TunnelTest
from harness.certificates import Issued, self_signed
from harness.postgresql import Cluster
from harness.processes import Finished


class Libpq(TunnelTest):
    QUERY = "SELECT 6 * 7"

    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(Cluster())
        # Who is known by TLS alone: SCRAM wants to be bound to a channel that libpq doesn't see.
        cls.cluster.sql("postgres", "CREATE ROLE app LOGIN")
        rules = pathlib.Path(cls.cluster.folder) / "data/pg_hba.conf"
        rules.write_text("hostssl all app 127.0.0.1/32 trust\n" + rules.read_text(encoding="utf-8"), encoding="utf-8")
        cls.cluster.sql("postgres", "SELECT pg_reload_conf()")

    def query(self, address, pin, *identity, sql=QUERY, user="cotter"):
        """What the example prints, and that it leaves nothing behind."""
        place = self.enterContext(tempfile.TemporaryDirectory(prefix="cotter-libpq-"))
        connection = f"dbname=postgres user={user} password={Cluster.PASSWORD}"
        done = Finished([built_example("libpq_client", "libpq_client"), address, pin, connection, sql, *identity],
                        env={**Cluster.env(), "TMPDIR": place})
        self.assertEqual(os.listdir(place), [], "the tunnel's folder ends with it")
        return done

    def test_a_query_goes_to_postgresql_itself_which_is_known_by_its_key(self):
        address = f"127.0.0.1:{self.cluster.port}"
        pin = Issued(self.cluster.certificate, self.cluster.key).pin()
        done = self.query(address, pin, user="app", sql="SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        self.assertEqual((done.code, done.out), (0, "t\n"), done)
        with tempfile.TemporaryDirectory() as folder:
            other = self_signed(folder, "other").pin()
        done = self.query(address, other, user="app")
        self.assertEqual((done.code, done.out), (3, ""), done)
        self.assertIn("pin_mismatch", done.err)

    def test_a_query_goes_through_cotter_serve_to_a_client_that_is_admitted(self):
        owner = self.side("owner")
        alice, mallory = self.admitted(owner, "alice"), self.side("mallory")
        mallory.do("id")
        server = self.server(owner, f"127.0.0.1:{self.cluster.port}")
        done = self.query(server.address, server.pin, alice.certificate, alice.key)
        self.assertEqual((done.code, done.out), (0, "42\n"), done)
        done = self.query(server.address, server.pin, mallory.certificate, mallory.key)
        self.assertEqual((done.code, done.out), (3, ""), done)
        self.assertIn("does not admit", done.err)


if __name__ == "__main__":
    unittest.main()
