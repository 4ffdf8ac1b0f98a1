"""The chart renders to what kustomize renders to, for the same choices, and refuses
values that cannot be."""

import json
import re
import shutil
import unittest

import yaml

from e2e import kubernetes_types
from e2e.environment import ROOT, temp_dir
from e2e.kubernetes import (CHART, KUSTOMIZE, OVERLAYS, Rendering, helm, kustomize, program, run)

_COMPONENTS = {"tls": "tls.enabled=true", "pod-monitor": "podMonitor.enabled=true"}


def _kustomized(overlay, components):
    """An overlay with components, as somebody would put them together."""
    folder = temp_dir() / "kubernetes"
    shutil.copytree(KUSTOMIZE, folder)
    (folder / "own").mkdir()
    (folder / "own" / "kustomization.yaml").write_text(yaml.safe_dump({
        "resources": [f"../overlays/{overlay}" if overlay in OVERLAYS else "../base"],
        "components": [f"../components/{name}" for name in components],
        "images": [{"name": "mosd", "newName": "registry.example/mosd", "newTag": "0.1.0"}]}))
    return Rendering(kustomize(folder / "own"))


def _comparable(rendering):
    """By kind and name; without what Helm adds, and in one order."""
    found = {}
    for item in rendering.objects:
        if item["kind"] == "Namespace":  # Helm is given one
            continue
        metadata = item["metadata"]
        for label in ("app.kubernetes.io/name", "app.kubernetes.io/instance",
                      "app.kubernetes.io/managed-by", "helm.sh/chart"):
            metadata.get("labels", {}).pop(label, None)
        if not metadata.get("labels", True):
            del metadata["labels"]
        if item["kind"] == "ConfigMap":
            item["data"] = {name: yaml.safe_load(text) for name, text in item["data"].items()}
        if item["kind"] == "NetworkAttachmentDefinition":
            item["spec"]["config"] = json.loads(item["spec"]["config"])
        if item["kind"] == "DaemonSet":
            pod = item["spec"]["template"]["spec"]
            pod["volumes"].sort(key=lambda volume: volume["name"])
            for container in pod["containers"]:
                for key in ("env", "ports", "volumeMounts"):
                    container[key].sort(key=lambda entry: entry["name"])
        # The hash of the configuration is another one.
        text = re.sub(r"\bmosd-[0-9a-z]{10}\b", "mosd-HASH", json.dumps(item))
        item = json.loads(text)
        found[item["kind"], item["metadata"]["name"]] = item
    return found


class Chart(unittest.TestCase):
    maxDiff = None

    def test_is_in_order(self):
        done = run(program("helm"), "lint", "--strict", CHART)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_renders_to_what_kustomize_does(self):
        for device in ("none", *OVERLAYS):
            for components in ((), tuple(_COMPONENTS)):
                with self.subTest(device, components=components):
                    chosen = [_COMPONENTS[name] for name in components]
                    mine = _comparable(Rendering(helm(f"device={device}", *chosen)))
                    theirs = _comparable(_kustomized(device, components))
                    self.assertEqual(set(mine), set(theirs))
                    for key, item in theirs.items():
                        self.assertEqual(mine[key], item)

    def test_everything_chosen_is_typed_and_taken_by_mosd(self):
        rendering = Rendering(helm(
            "device=sriov-dpdk", *_COMPONENTS.values(), "config.dataplane.max_flows=12000000",
            "config.log.level=warn", "resources.memory=6Gi", "nodeSelector.disk=fast",
            "tolerations[0].operator=Exists", "priorityClassName=high", "image.tag=v2",
            "image.pullSecrets[0].name=registry", "podMonitor.labels.release=prometheus",
            "affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight=1",
            "affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0]"
            ".preference.matchExpressions[0].key=zone",
            "affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0]"
            ".preference.matchExpressions[0].operator=Exists", release="west"))
        numbers, said = kubernetes_types.refused(map(kubernetes_types.line, rendering.objects))
        self.assertEqual(numbers, set(), said)
        config = rendering.effective()
        self.assertEqual((config["dataplane"]["max_flows"], config["dataplane"]["workers"],
                          config["log"]["level"]), (12000000, 3, "warn"))
        self.assertEqual(rendering.resources["memory"], "6Gi")
        self.assertEqual(rendering.resources["cpu"], "4")
        self.assertEqual(rendering.container["image"], "registry.example/mosd:v2")
        for item in rendering.objects:
            self.assertTrue(item["metadata"]["name"].startswith("west"))

    def test_refuses_what_cannot_be(self):
        for setting, said in (
                ("device=af-pakcet", "device must be one of"),
                ("devcie=none", "devcie is not allowed"),
                ("interface=a/b", "interface: Does not match"),
                ("image.tag=1", "image.tag: Invalid type"),
                ("image.repositry=x", "repositry is not allowed"),
                ("config.dataplan.workers=2", "dataplan is not allowed"),
                ("resources.limits.cpu=2", "resources.limits"),
                ("resources.memory=lots", "resources.memory: Does not match"),
                ("updateStrategy.maxUnavailable=0%", "maxUnavailable: Does not match"),
                ("podDisruptionBudget.minAvailable=50%", "minAvailable: Invalid type"),
                ("tls.enabled=perhaps", "tls.enabled: Invalid type"),
                ("sriov.resourceName=vf", "resourceName: Does not match")):
            with self.subTest(setting):
                done = helm(setting)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(said, done.stderr)

    def test_a_misspelt_key_of_mosd_is_refused_by_mosd(self):
        done = Rendering(helm("config.dataplane.max_flow=5")).check()
        self.assertEqual(done.returncode, 3)
        self.assertIn("dataplane.max_flow", done.stderr)

    def test_every_value_is_documented_and_checked(self):
        values = yaml.safe_load((CHART / "values.yaml").read_text())
        schema = json.loads((CHART / "values.schema.json").read_text())
        self.assertEqual(set(values), set(schema["properties"]) - {"global"})
        for name, value in values.items():
            checked = schema["properties"][name]
            if isinstance(value, dict) and value:
                self.assertEqual(set(value), set(checked["properties"]), name)
                self.assertIs(checked["additionalProperties"], False)

    def test_is_of_the_version_of_the_project(self):
        version = re.search(r"project\(\s*mosd\s+VERSION\s+([\d.]+)",
                            (ROOT / "CMakeLists.txt").read_text())[1]
        chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
        self.assertEqual((chart["version"], chart["appVersion"]), (version, version))
        for overlay in OVERLAYS:
            text = (KUSTOMIZE / "overlays" / overlay / "kustomization.yaml").read_text()
            self.assertEqual(yaml.safe_load(text)["images"][0]["newTag"], version)


if __name__ == "__main__":
    unittest.main()
