"""A real Prometheus, with or without the rules of deploy/prometheus."""

import http.client
import json
import re
import socket
import subprocess
import time
import urllib.parse

import yaml

from e2e.environment import PATIENCE, ROOT, temp_dir

DEPLOYED = ROOT / "deploy" / "prometheus"
RULES = DEPLOYED / "mosd-rules.yaml"
# Of the rules that were hurried; at least four scrapes.
WINDOW = "3s"
_INTERVAL = "500ms"


def hurried(rules):
    """The text of the rules with short windows and hardly any waiting: thresholds,
    labels and everything else are as they are in operation."""
    rules = re.sub(r"\[\d+[mh]\]", f"[{WINDOW}]", rules)
    return re.sub(r"(?m)^( +for:) \S+", r"\1 1s", rules)


class Prometheus:
    """Scrapes {instance: address} as the job mosd, in a network namespace if one is
    given. A context manager."""

    def __init__(self, rules="", targets=None, namespace=None):
        self._folder = temp_dir()
        self._prefix = namespace.prefix() if namespace else ()
        self._socket = namespace.socket if namespace else socket.socket
        (self._folder / "rules.yaml").write_text(rules)
        (self._folder / "prometheus.yml").write_text(yaml.safe_dump({
            "global": {"scrape_interval": _INTERVAL, "scrape_timeout": _INTERVAL,
                       "evaluation_interval": _INTERVAL},
            "rule_files": ["rules.yaml"],
            "scrape_configs": [{"job_name": "mosd", "static_configs": [
                {"targets": [address], "labels": {"instance": name, "node": f"{name}-node"}}
                for name, address in (targets or {}).items()]}]}))
        with open(self._folder / "log", "wb") as log:
            self._process = subprocess.Popen(
                (*self._prefix, "prometheus", f"--config.file={self._folder}/prometheus.yml",
                 f"--storage.tsdb.path={self._folder}/data", "--web.listen-address=127.0.0.1:0"),
                stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        self._port = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def query(self, expression):
        """The series that it gives: [{"metric": labels, "value": [time, text]}]."""
        return self._get("query", query=expression)["result"]

    def rules(self):
        """All rules, as Prometheus says that they are."""
        return [rule for group in self._get("rules")["groups"] for rule in group["rules"]]

    def alerts(self):
        return self._get("alerts")["alerts"]

    def firing(self, **labels):
        """{(alert, severity)} of those that fire and have the labels."""
        return {(alert["labels"]["alertname"], alert["labels"]["severity"])
                for alert in self.alerts()
                if alert["state"] == "firing" and labels.items() <= alert["labels"].items()}

    def wait_for(self, condition, complaint):
        """The first true value of the condition, which asks this Prometheus."""
        deadline = time.monotonic() + PATIENCE
        while not (found := condition()):
            if time.monotonic() > deadline:
                raise AssertionError(f"{complaint} after {PATIENCE} s; alerts: {self.alerts()}")
            time.sleep(0.2)
        return found

    def _get(self, what, **parameters):
        self._find_port()
        status, body = self._fetch(f"/api/v1/{what}?{urllib.parse.urlencode(parameters)}")
        if status != http.client.OK:
            raise AssertionError(f"{parameters}: {body}")
        return json.loads(body)["data"]

    def _find_port(self):
        """Prometheus does not say which port it was given; the kernel does."""
        deadline = time.monotonic() + PATIENCE
        while self._port is None or self._fetch("/-/ready")[0] != http.client.OK:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError((self._folder / "log").read_text(errors="replace"))
            time.sleep(0.1)
            self._port = next(iter(listening_ports(self._process.pid, self._prefix)), None)

    def _fetch(self, path):
        """Status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        connection.sock = self._socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            connection.sock.settimeout(PATIENCE)
            connection.sock.connect(("127.0.0.1", self._port))
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()


def listening_ports(pid, prefix=()):
    """TCP ports that a process listens on; `prefix` as of Namespace.prefix()."""
    done = subprocess.run((*prefix, "ss", "-Hltnp"), capture_output=True, text=True,
                          timeout=PATIENCE, check=False)
    return [int(line.split()[3].rsplit(":", 1)[1]) for line in done.stdout.splitlines()
            if f"pid={pid}," in line]
