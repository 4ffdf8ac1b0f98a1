"""What deploy/kubernetes renders to: no more rights than the device needs, memory for what
is configured, names and ports that agree."""

import pathlib
import re
import unittest

from e2e.environment import MOSD, ROOT
from e2e.kubernetes import KUSTOMIZE, kustomized, of_each, run

_DEVICE_ROWS = {"af-packet": "`af_packet:`", "af-xdp": "`af_xdp:`", "sriov-dpdk": "a NIC on"}
_UNITS = {"Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "B": 1, "": 1}
_MIB = 1 << 20


def _bytes(text):
    """Of a quantity (1Gi) or of mosd (512MiB)."""
    number, unit = re.fullmatch(r"(\d+)(\w*)", str(text)).groups()
    return int(number) * _UNITS[unit if unit == "B" else unit.removesuffix("B")]


def _planned(plan, name):
    """Bytes of a row of --plan, "  with clients   1.7 GiB"; rounded up."""
    number, unit = re.search(rf"(?m)^ +{name} +([\d.]+) (\w+)", plan).groups()
    return (float(number) + 0.05) * _UNITS[unit.removesuffix("B")]


def _documented_capabilities(overlay):
    """By the table of deploy/README.md."""
    rows = {cells[1].strip(): cells[2] for line in (ROOT / "deploy/README.md").read_text()
            .splitlines() if len(cells := line.split("|")) == 5}
    row, = (name for name in rows if name.startswith(_DEVICE_ROWS[overlay]))
    own = set(re.findall(r"CAP_(\w+)", rows[row]))
    if rows[row].strip().startswith("and "):
        own |= _documented_capabilities("af-packet")
    return own


class Rights(unittest.TestCase):
    @of_each
    def test_are_those_of_the_device_and_no_more(self, name, rendering):
        overlay = "af-packet" if name == "example" else name
        wanted = set() if name == "base" else _documented_capabilities(overlay)
        if name == "sriov-dpdk":
            wanted.add("SYS_NICE")  # opens seccomp for mbind(2); no right that mosd uses
        self.assertEqual(rendering.capabilities, wanted)
        security = rendering.container["securityContext"]
        self.assertEqual(security["capabilities"]["drop"], ["ALL"])
        self.assertIs(security["allowPrivilegeEscalation"], False)
        self.assertIs(security["readOnlyRootFilesystem"], True)
        self.assertNotIn("privileged", security)
        pod = rendering.pod["spec"]
        self.assertEqual(pod["securityContext"]["runAsUser"], 0 if wanted else 65532)
        self.assertIs(pod["securityContext"]["runAsNonRoot"], not wanted)
        self.assertEqual(pod["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"})
        self.assertEqual(pod.get("hostNetwork", False), overlay.startswith("af-"))
        self.assertFalse({"hostPID", "hostIPC"} & set(pod))
        self.assertFalse([v for v in pod["volumes"] if "hostPath" in v])

    @of_each
    def test_the_api_server_gives_it_none(self, _, rendering):
        for place in (rendering.one("ServiceAccount"), rendering.pod["spec"]):
            self.assertIs(place["automountServiceAccountToken"], False)
        self.assertFalse([item for item in rendering.objects if "Role" in item["kind"]])

    @of_each
    def test_the_namespace_admits_them_and_says_why(self, _, rendering):
        metadata = rendering.one("Namespace")["metadata"]
        self.assertEqual(metadata["labels"]["pod-security.kubernetes.io/enforce"],
                         "privileged" if rendering.capabilities else "restricted")
        reason = metadata["annotations"]["kubernetes.io/description"]
        for capability in rendering.capabilities - {"NET_RAW", "NET_ADMIN", "IPC_LOCK"}:
            self.assertIn(capability, reason)


class Memory(unittest.TestCase):
    @of_each
    def test_limits_are_requests(self, _, rendering):
        resources = rendering.container["resources"]
        self.assertEqual(resources["limits"], resources["requests"])
        # Whole ones: a static CPU manager gives away no others.
        self.assertGreaterEqual(int(resources["requests"]["cpu"]),
                                rendering.effective()["dataplane"]["workers"])

    @of_each
    def test_holds_what_is_configured(self, _, rendering):
        plan = rendering.mosd("--plan").stdout
        need = _planned(plan, "with clients")
        if rendering.effective()["dataplane"]["memory"]["hugepages"] in ("on", True):
            self.assertGreaterEqual(_bytes(rendering.resources["hugepages-2Mi"]),
                                    self._packet_memory())
            need -= _planned(plan, "packet buffers")
        else:
            self.assertNotIn("hugepages-2Mi", rendering.resources)
        self.assertGreater(need, _bytes(rendering.effective()["dataplane"]["last_frame"]["memory"]))
        self.assertGreaterEqual(_bytes(rendering.resources["memory"]), need)

    def _packet_memory(self):
        """As mosd says where there are no huge pages."""
        free = pathlib.Path("/sys/kernel/mm/hugepages").glob("*/free_hugepages")
        if any(int(path.read_text()) for path in free):
            self.skipTest("there are huge pages, so mosd does not say how many it needs")
        done = run(MOSD, "--port", "null:", "--set", "dataplane.memory.hugepages=on",
                   "--set", "grpc.listen=", "--set", "metrics.listen=")
        match = re.search(r"of the (\d+) MiB that the packet buffers need", done.stderr)
        self.assertIsNotNone(match, done.stderr)
        return int(match[1]) * _MIB


class Coherence(unittest.TestCase):
    @of_each
    def test_the_job_is_what_the_rules_expect(self, _, rendering):
        for monitor in rendering.all("PodMonitor"):
            label = monitor["spec"]["jobLabel"]
            self.assertEqual(rendering.pod["metadata"]["labels"][label], "mosd")

    @of_each
    def test_selectors_find_the_pod(self, _, rendering):
        labels = rendering.pod["metadata"]["labels"].items()
        selectors = [rendering.one("Service")["spec"]["selector"],
                     rendering.one("NetworkPolicy")["spec"]["podSelector"]["matchLabels"]]
        selectors += [item["spec"]["selector"]["matchLabels"] for item in rendering.objects
                      if item["kind"] in ("DaemonSet", "PodDisruptionBudget", "PodMonitor")]
        for selector in selectors:
            self.assertLessEqual(selector.items(), labels)
            self.assertEqual(len(selector), 2)

    @of_each
    def test_ports_are_those_that_mosd_listens_on(self, name, rendering):
        ports = {port["name"]: port["containerPort"] for port in rendering.container["ports"]}
        config = rendering.effective()
        for port, key in (("metrics", "metrics"), ("grpc", "grpc")):
            listens = [a for a in config[key]["listen"] if not a.startswith("unix:")]
            self.assertEqual({int(a.rpartition(":")[2]) for a in listens},
                             {ports[port]} if port in ports else set())
        self.assertEqual("grpc" in ports, name == "example")
        spec = rendering.container
        named = {spec[probe]["httpGet"]["port"]
                 for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
        named |= {port["targetPort"] for port in rendering.one("Service")["spec"]["ports"]}
        named |= {port["port"] for rule in rendering.one("NetworkPolicy")["spec"]["ingress"]
                  for port in rule["ports"]}
        named |= {end["port"] for item in rendering.all("PodMonitor")
                  for end in item["spec"]["podMetricsEndpoints"]}
        self.assertEqual(named, set(ports))

    @of_each
    def test_probes_leave_time(self, _, rendering):
        startup, live, ready = (rendering.container[f"{name}Probe"]
                                for name in ("startup", "liveness", "readiness"))
        self.assertGreaterEqual(startup["periodSeconds"] * startup["failureThreshold"], 120)
        self.assertGreaterEqual(live["periodSeconds"] * live["failureThreshold"], 30)
        self.assertEqual([probe["httpGet"]["path"] for probe in (startup, live, ready)],
                         ["/livez", "/livez", "/readyz"])

    @of_each
    def test_what_is_mounted_is_there(self, _, rendering):
        volumes = {volume["name"]: volume for volume in rendering.pod["spec"]["volumes"]}
        mounts = {mount["name"] for mount in rendering.container["volumeMounts"]}
        self.assertEqual(mounts, set(volumes))
        self.assertEqual(volumes["config"]["configMap"]["name"],
                         rendering.one("ConfigMap")["metadata"]["name"])
        secrets = {item["spec"]["secretName"] for item in rendering.all("Certificate")}
        issuers = {item["metadata"]["name"]: item["spec"] for item in rendering.all("Issuer")}
        if "tls" in volumes:
            self.assertIn(volumes["tls"]["secret"]["secretName"], secrets)
            self.assertNotIn("subPath", str(rendering.container["volumeMounts"]))
        folders = {mount["mountPath"] for mount in rendering.container["volumeMounts"]}
        for value in (*rendering.environment.values(), rendering.container["args"][1]):
            if value.startswith("/") and "." in value:
                self.assertIn(value.rpartition("/")[0], folders)
        for item in rendering.all("Certificate"):
            issuer = issuers[item["spec"]["issuerRef"]["name"]]
            self.assertIn(issuer.get("ca", {}).get("secretName"), {None} | secrets)
            if "server auth" in item["spec"].get("usages", ()):
                service = rendering.one("Service")["metadata"]
                self.assertIn(f"{service['name']}.{service['namespace']}.svc",
                              item["spec"]["dnsNames"])

    def test_the_virtual_function_is_the_one_that_is_attached(self):
        rendering = kustomized()["sriov-dpdk"]
        network = rendering.one("NetworkAttachmentDefinition")["metadata"]
        self.assertEqual(rendering.pod["metadata"]["annotations"]["k8s.v1.cni.cncf.io/networks"],
                         network["name"])
        name = network["annotations"]["k8s.v1.cni.cncf.io/resourceName"]
        self.assertEqual(rendering.resources[name], "1")
        self.assertIn(name.rpartition("/")[2], (KUSTOMIZE / "README.md").read_text())

    @of_each
    def test_updates_and_disruptions(self, _, rendering):
        update = rendering.one("DaemonSet")["spec"]["updateStrategy"]["rollingUpdate"]
        self.assertEqual(update["maxSurge"], 0)
        self.assertRegex(update["maxUnavailable"], r"^\d+%$")
        budget = rendering.one("PodDisruptionBudget")["spec"]
        self.assertIsInstance(budget["minAvailable"], int)
        self.assertNotIn("maxUnavailable", budget)
        self.assertEqual(rendering.one("Service")["spec"]["clusterIP"], "None")


if __name__ == "__main__":
    unittest.main()
