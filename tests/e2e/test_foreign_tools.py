"""Tools that know nothing of this project understand what it serves."""

import base64
import json
import os
import re
import shutil
import subprocess
import unittest
import urllib.error
import urllib.request

from e2e import prometheus
from e2e.daemon import KEEP_ALL, Daemon
from e2e.environment import BUILD, PATIENCE, SAMPLE, needs_program

_BUF_VERSION = "1.50.0"


def _install_buf():
    """Path of buf, from the npm registry; kept in the build folder."""
    folder = BUILD / "npm"
    program = folder / "node_modules" / ".bin" / "buf"
    if not program.exists():
        if shutil.which("npm") is None:
            raise unittest.SkipTest("npm is not installed: no buf, reflection not tried")
        done = subprocess.run(
            ("npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder,
             f"@bufbuild/buf@{_BUF_VERSION}"), capture_output=True, text=True, timeout=180)
        if done.returncode != 0:
            raise unittest.SkipTest("the npm registry cannot be reached: no buf, reflection not "
                                    "tried")
    return program


class Reflection(unittest.TestCase):
    """buf finds services and messages by reflection alone."""

    @classmethod
    def setUpClass(cls):
        cls.buf = _install_buf()
        cls.daemon = Daemon("--pcap", SAMPLE, *KEEP_ALL)
        cls.addClassCleanup(cls.daemon.stop)
        cls.daemon.wait_until_ready()
        cls.daemon.wait_for_input()

    def curl(self, *arguments):
        return subprocess.run(
            (self.buf, "curl", "--protocol", "grpc", "--http2-prior-knowledge",
             "--reflect-protocol", "grpc-v1alpha", *arguments),
            capture_output=True, text=True, timeout=PATIENCE, cwd=self.daemon.folder,
            env={**os.environ, "HOME": str(self.daemon.folder)})

    def call(self, method, **request):
        done = self.curl("-d", json.dumps(request),
                         f"http://{self.daemon.address()}/mos.v1.{method}")
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_lists_the_methods(self):
        done = self.curl("--list-methods", f"http://{self.daemon.address()}")
        for method in ("mos.v1.FlowService/WatchFlows", "mos.v1.ApplianceService/GetStats",
                       "grpc.health.v1.Health/Check"):
            self.assertIn(method, done.stdout, done.stderr)

    def test_does_what_mosctl_can(self):
        flows = self.call("FlowService/ListFlows", view="FLOW_VIEW_ALL", filter="port 8001")
        flow, = flows["flows"]
        ref = {"flowId": flow["flowId"]}
        self.assertEqual(self.call("FlowService/GetFlow", flow=ref)["flow"], flow)
        last = self.call("FlowService/GetLastPkt", flow=ref, side="SIDE_CLIENT")["lastPkt"]
        self.assertEqual(last["tuple"], flow["tuple"])
        batch = self.call("FlowService/BatchGetLastPkt",
                          requests=[{"flow": ref, "side": "SIDE_CLIENT"}])
        self.assertEqual(batch["results"][0]["lastPkt"], last)
        for method in ("GetInfo", "ListPorts", "ListWorkers", "GetStats"):
            with self.subTest(method):
                self.assertTrue(self.call(f"ApplianceService/{method}"))

    def test_understands_the_errors(self):
        done = self.curl("-d", json.dumps({"flow": {"flowId": "0" * 24}}),
                         f"http://{self.daemon.address()}/mos.v1.FlowService/GetFlow")
        self.assertNotEqual(done.returncode, 0)
        error = json.loads(done.stderr)
        self.assertEqual(error["code"], "not_found")
        self.assertEqual(error["details"][0]["type"], "google.rpc.ErrorInfo")
        self.assertIn(b"FLOW_NOT_FOUND", base64.b64decode(error["details"][0]["value"] + "=="))

    def test_watches(self):
        done = self.curl("--timeout", "2s", "-d", json.dumps({"includeExisting": True}),
                         f"http://{self.daemon.address()}/mos.v1.FlowService/WatchFlows")
        self.assertIn("FLOW_EVENT_KIND_SNAPSHOT", done.stdout, done.stderr)


class Wireshark(unittest.TestCase):
    @needs_program("tshark")
    def test_opens_what_mosctl_writes(self):
        with Daemon("--pcap", SAMPLE, *KEEP_ALL) as daemon:
            daemon.wait_for_input()
            flow, = daemon.list_flows(filter="port 8020")
            path = daemon.folder / "last.pcapng"
            done = daemon.mosctl("lastpkt", "get", flow.flow_id, "-o", "pcapng",
                                 "--output-file", str(path))
            self.assertEqual(done.returncode, 0, done.stderr)
            last = daemon.last_packets([flow.flow_id])
        done = subprocess.run(
            ("tshark", "-n", "-r", path, "-T", "fields", "-E", "separator=|", "-e", "frame.len",
             "-e", "vlan.id", "-e", "tcp.srcport", "-e", "frame.comment", "-e",
             "frame.time_epoch"), capture_output=True, text=True, timeout=PATIENCE)
        lines = [line.split("|") for line in done.stdout.splitlines()]
        self.assertEqual(len(lines), 2, done.stderr)
        times = {f"{p.capture_time.seconds}.{p.capture_time.nanos:09d}" for p in last.values()}
        self.assertEqual({line[4] for line in lines}, times)
        for line in lines:
            self.assertIn(flow.flow_id, line[3])


class Prometheus(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon("--pcap", SAMPLE, *KEEP_ALL, metrics=True)
        cls.addClassCleanup(cls.daemon.stop)
        cls.daemon.wait_until_ready()
        cls.daemon.wait_for_input()
        cls.address = cls.daemon.address("HTTP")

    def get(self, path):
        with urllib.request.urlopen(f"http://{self.address}{path}", timeout=10) as response:
            return response.read().decode()

    def test_probes(self):
        for path in ("/livez", "/readyz"):
            self.get(path)
        with self.assertRaises(urllib.error.HTTPError) as caught:
            self.get("/nothing")
        self.assertEqual(caught.exception.code, 404)
        caught.exception.close()

    @needs_program("promtool")
    def test_promtool_has_nothing_to_say(self):
        done = subprocess.run(("promtool", "check", "metrics"), input=self.get("/metrics"),
                              capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))

    def test_the_number_of_series_is_constant(self):
        def series(text):
            return {line.rsplit(" ", 1)[0] for line in text.splitlines() if line[:1] != "#"}
        with Daemon("--port", "null:", *KEEP_ALL, metrics=True) as idle:
            address = idle.address("HTTP")
            with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as response:
                without = series(response.read().decode())
        device = re.compile(r'(device|port)="[^"]*"')
        self.assertEqual({device.sub("", name) for name in series(self.get("/metrics"))},
                         {device.sub("", name) for name in without})

    def test_counters_say_what_the_api_says(self):
        text, stats = self.get("/metrics"), self.daemon.stats()
        received = [float(line.rsplit(" ", 1)[1]) for line in text.splitlines()
                    if re.match(r"mosd_worker_received_frames_total\{", line)]
        self.assertEqual(sum(received), stats.received_frames)

    @needs_program("prometheus")
    def test_a_real_prometheus_scrapes_it(self):
        with prometheus.Prometheus(targets={"here": self.address}) as server:
            found = server.wait_for(lambda: server.query('up{job="mosd"} == 1'), "no scrape")
        self.assertEqual(found[0]["metric"]["instance"], "here")
