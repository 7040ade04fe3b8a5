"""contrib/: what goes to Docker and Kubernetes. Neither is here; what can be held against the files without them is."""

import os
import pathlib
import re
import shlex
import stat
import sys
import unittest

import yaml

sys.path.insert(0, os.path.dirname(__file__))
from harness.case import TunnelTest
from harness.markdown import TOP
from harness.processes import Finished, cotter_binary
from test_help import command_of, flags_of

DOCKER, KUBERNETES = TOP / "contrib/docker", TOP / "contrib/kubernetes"


def objects(path):
    return [each for each in yaml.safe_load_all(path.read_text(encoding="utf-8")) if each]


def pods():
    """(file, pod specification) of everything in contrib/kubernetes that makes pods."""
    for path in sorted(KUBERNETES.glob("*.yaml")):
        for each in objects(path):
            if template := each["spec"].get("template") if "spec" in each else None:
                yield path.name, template["spec"]


def calls(path):
    """The command lines in a manifest, as lists of words."""
    found = []

    def look(node):
        if isinstance(node, dict):
            found.extend(value for key, value in node.items() if key in ("args", "command", "entrypoint") and isinstance(value, list))
            node = list(node.values())
        if isinstance(node, list):
            for each in node:
                look(each)

    for each in objects(path):
        look(each)
    return found


class Manifests(unittest.TestCase):
    def test_every_call_of_cotter_is_one_that_it_takes(self):
        seen = 0
        for path in [*KUBERNETES.glob("*.yaml"), *DOCKER.glob("*.yaml")]:
            for words in calls(path):
                if words[:1] == ["cotter"]:
                    seen += 1
                    with self.subTest(file=path.name, words=words):
                        flags = {word.split("=")[0] for word in words if word.startswith("--")}
                        self.assertLessEqual(flags, flags_of(command_of(words[1:])))
        self.assertGreaterEqual(seen, 4)

    def test_nothing_runs_as_root_or_with_rights_or_on_a_writable_image(self):
        specifications = list(pods())
        self.assertEqual(len(specifications), 2)
        for name, pod in specifications:
            with self.subTest(file=name):
                self.assertTrue(pod["securityContext"]["runAsNonRoot"])
                self.assertEqual(pod["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"})
                self.assertIs(pod["automountServiceAccountToken"], False)
            for container in pod["containers"] + pod["initContainers"]:
                with self.subTest(file=name, container=container["name"]):
                    self.assertEqual(container["securityContext"], {"allowPrivilegeEscalation": False,
                                                                    "readOnlyRootFilesystem": True,
                                                                    "capabilities": {"drop": ["ALL"]}})

    def test_every_volume_that_is_mounted_is_declared_and_every_selector_selects_its_pods(self):
        for path in sorted(KUBERNETES.glob("*.yaml")):
            for each in objects(path):
                if "template" not in each.get("spec", {}):
                    continue
                spec = each["spec"]
                pod = spec["template"]["spec"]
                declared = {volume["name"] for volume in pod.get("volumes", [])}
                declared |= {claim["metadata"]["name"] for claim in spec.get("volumeClaimTemplates", [])}
                mounted = {mount["name"] for container in pod["containers"] + pod["initContainers"]
                           for mount in container.get("volumeMounts", [])}
                self.assertEqual(declared, mounted, path.name)
                self.assertEqual(spec["selector"]["matchLabels"], spec["template"]["metadata"]["labels"])

    def test_a_server_is_given_longer_to_end_than_it_waits_for_streams(self):
        said = Finished([cotter_binary(), "version", "--defaults", "--json"]).json["cotter serve"]["--drain-timeout"]
        seconds = int(said[:-1]) * {"s": 1, "m": 60}[said[-1]]
        (pod,) = (pod for name, pod in pods() if name == "server.yaml")
        self.assertGreater(pod["terminationGracePeriodSeconds"], seconds)
        grace = objects(DOCKER / "compose.yaml")[0]["services"]["cotter"]["stop_grace_period"]
        self.assertGreater(int(grace.removesuffix("s")), seconds)

    def test_the_compose_file_shows_no_port_but_cotters(self):
        services = objects(DOCKER / "compose.yaml")[0]["services"]
        listens = services["cotter"]["command"][services["cotter"]["command"].index("--listen") + 1]
        self.assertEqual(services["redis"]["ports"], [f"{listens}:{listens}"])
        self.assertEqual(services["cotter"]["network_mode"], "service:redis")
        for service in services.values():
            self.assertTrue(service["read_only"])
            self.assertEqual(service["cap_drop"], ["ALL"])


class Keys(TunnelTest):
    """What the init containers do, done here."""

    def command(self, file, container, **folders):
        """That init container's command with other folders in place of its mounts."""
        (pod,) = (pod for name, pod in pods() if name == file)
        (init,) = (init for init in pod["initContainers"] if init["name"] == container)
        words = shlex.join(init["command"])
        for mount, folder in folders.items():
            words = re.sub(rf"/{mount}\b", folder, words)
        return shlex.split(words)

    def test_A185_a_secret_that_its_group_can_read_is_copied_to_where_cotter_takes_it(self):
        made = self.side("worker-1")
        pin = made.pin()
        # As Kubernetes mounts a Secret: links to files that the pod's group can read.
        secret = pathlib.Path(made.path("secret"))
        (secret / "..data").mkdir(parents=True)
        for name in ("identity.key", "identity.crt"):
            file = secret / "..data" / name
            file.write_bytes(pathlib.Path(made.state, name).read_bytes())
            file.chmod(0o440)
            (secret / name).symlink_to(f"..data/{name}")

        pod = self.side("pod")
        given = pod.run("connect", "127.0.0.1:1", "--pin", pin, "--cert", secret / "identity.crt", "--key", secret / "identity.key")
        self.assertEqual(given.code, 1, given)
        self.assertIn("chmod 600", given.err)

        own = pathlib.Path(pod.path("own"))
        own.mkdir()
        copied = Finished(self.command("client.yaml", "own-key", secret=str(secret), own=str(own)))
        self.assertEqual(copied.code, 0, copied)
        pod.state = str(own / "state")
        self.assertEqual(pod.pin(), pin)

    def test_A129_a_volume_of_the_group_gets_a_folder_that_cotter_takes(self):
        pod = self.side("pod")
        volume = pathlib.Path(pod.path("volume"))
        volume.mkdir()
        volume.chmod(0o2775)  # as fsGroup leaves it
        pod.state = str(volume)
        self.assertEqual(pod.run("id").code, 1)
        made = Finished(self.command("server.yaml", "own-folder", volume=str(volume)))
        self.assertEqual(made.code, 0, made)
        pod.state = str(volume / "cotter")
        self.assertEqual(stat.S_IMODE(os.stat(pod.state).st_mode) & 0o777, 0o700)
        pod.do("id")

    def test_the_policy_in_the_config_map_loads(self):
        side = self.side("client")
        (config,) = (each for each in objects(KUBERNETES / "client.yaml") if each["kind"] == "ConfigMap")
        policy = side.path("policy.toml")
        pathlib.Path(policy).write_text(config["data"]["policy.toml"], encoding="utf-8")
        side.do("policy", "check", policy)


class Image(unittest.TestCase):
    def setUp(self):
        self.text = (DOCKER / "Dockerfile").read_text(encoding="utf-8")

    def instructions(self, word):
        joined = re.sub(r"\\\n\s*", "", self.text)
        return [line.split(None, 1)[1] for line in joined.splitlines() if line.startswith(word + " ")]

    def test_its_shell_lines_are_sound(self):
        script = "\n".join(self.instructions("RUN"))
        checked = Finished(["shellcheck", "-s", "sh", "-e", "SC2046", "-"], stdin=script.encode())
        self.assertEqual(checked.code, 0, checked.out)

    def test_what_the_program_is_linked_with_is_found_as_packages(self):
        line = next(run for run in self.instructions("RUN") if "ldd" in run)
        line = line.replace("/installed/usr/bin/cotter", shlex.quote(cotter_binary())).replace("> /installed/packages", "")
        found = Finished(["sh", "-c", line])
        self.assertEqual(found.code, 0, found)
        self.assertIn("libssl3", found.out.split())
        self.assertIn("libunbound8", found.out.split())

    def test_it_runs_as_nobody_with_its_state_in_a_volume(self):
        self.assertEqual(self.instructions("USER")[-1], "65532:65532")
        self.assertEqual(self.instructions("VOLUME"), ["/var/lib/cotter"])
        self.assertIn("COTTER_STATE=/var/lib/cotter", self.instructions("ENV"))


if __name__ == "__main__":
    unittest.main()
