"""What deploy/kubernetes renders to is typed, and mosd takes its configurations; what
is wrong is refused. No cluster is asked."""

import json
import shutil
import unittest

from e2e import kubernetes_types
from e2e.environment import temp_dir
from e2e.kubernetes import KUSTOMIZE, OVERLAYS, Rendering, kustomize, kustomized, of_each


class Types(unittest.TestCase):
    def test_every_field_is_one_that_kubernetes_knows(self):
        items = [item for rendering in kustomized().values() for item in rendering.objects]
        items += [kubernetes_types.attached(item) for item in items
                  if item["kind"] == "NetworkAttachmentDefinition"]
        self.assertGreater(len(items), 40)
        numbers, said = kubernetes_types.refused(map(kubernetes_types.line, items))
        self.assertEqual(numbers, set(), said)

    def test_every_misspelt_key_is_refused(self):
        wrong = {}
        for rendering in kustomized().values():
            for item in rendering.objects:
                for path, line in kubernetes_types.misspelt(item):
                    wrong[item["kind"], *(step for step in path if isinstance(step, str))] = line
        self.assertGreater(len(wrong), 150)
        numbers, _ = kubernetes_types.refused(wrong.values())
        self.assertEqual([path for number, path in enumerate(wrong) if number not in numbers], [])

    def test_a_value_of_another_type_is_refused(self):
        right = kustomized()["base"].one("DaemonSet")
        text, lines = json.dumps(right), []
        for old, new in (('"maxSurge": 0', '"maxSurge": true'), ('"cpu": "1"', '"cpu": 1'),
                         ('"readOnlyRootFilesystem": true', '"readOnlyRootFilesystem": "yes"'),
                         ('"apps/v1"', '"apps/v2"'), ('"failureThreshold": 3', '"timeout": 3')):
            self.assertIn(old, text)
            lines.append(kubernetes_types.line(json.loads(text.replace(old, new)), right))
        self.assertEqual(kubernetes_types.refused(lines)[0], set(range(len(lines))))


class Configuration(unittest.TestCase):
    @of_each
    def test_mosd_takes_it_without_a_word(self, _, rendering):
        done = rendering.check()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("warn", done.stderr)

    def test_the_example_is_mutual_tls_and_its_own_interface(self):
        config = kustomized()["example"].effective()
        self.assertEqual(config["grpc"]["tls"], {
            "certificate": "/etc/mosd-tls/tls.crt", "key": "/etc/mosd-tls/tls.key",
            "client_ca": "/etc/mosd-tls/ca.crt"})
        self.assertEqual([port["device"] for port in config["dataplane"]["ports"]],
                         ["af_packet:ens5"])
        self.assertEqual(config["node"], "a-node")


class BadInput(unittest.TestCase):
    def setUp(self):
        self.folder = temp_dir() / "kubernetes"
        shutil.copytree(KUSTOMIZE, self.folder)

    def change(self, path, old, new):
        file = self.folder / path
        self.assertIn(old, file.read_text())
        file.write_text((KUSTOMIZE / path).read_text().replace(old, new))

    def test_a_misspelt_key_of_mosd_is_named_with_its_line(self):
        for overlay in OVERLAYS:
            self.change(f"overlays/{overlay}/mosd.yaml", "max_flows", "max_flow")
            done = Rendering(kustomize(self.folder / "overlays" / overlay)).check()
            self.assertEqual(done.returncode, 3)
            self.assertRegex(done.stderr, r"mosd\.yaml:\d+:\d+: dataplane.max_flow")

    def test_kustomize_refuses(self):
        for path, old, new, said in (
                ("overlays/af-xdp/kustomization.yaml", "patches:", "patchs:", "patchs"),
                ("overlays/af-xdp/daemon-set.yaml", "name: mosd", "name: mosb", "mosb"),
                ("overlays/sriov-dpdk/kustomization.yaml", "../../base", "../../bass", "bass"),
                ("overlays/af-packet/kustomization.yaml", "files: [", "files: [no-", "no-mosd")):
            with self.subTest(said):
                self.change(path, old, new)
                done = kustomize((self.folder / path).parent)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(said, done.stderr)
                self.change(path, new, new)


if __name__ == "__main__":
    unittest.main()
