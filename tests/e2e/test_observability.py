"""Rules, runbook and dashboard of deploy/ agree with each other and with what mosd
exports; each query of the dashboard finds something in a real Prometheus."""

import itertools
import math
import re
import subprocess
import unittest
import urllib.request

import yaml

from e2e import monitoring
from e2e.authority import Authority
from e2e.daemon import Daemon, run
from e2e.environment import PATIENCE, SAMPLE, needs_program, temp_dir
from e2e.prometheus import DEPLOYED, RULES, Prometheus, hurried


def _promtool(*arguments):
    return subprocess.run(("promtool", *arguments), capture_output=True, text=True,
                          timeout=PATIENCE, cwd=DEPLOYED, check=False)


@needs_program("promtool")
class Promtool(unittest.TestCase):
    def check(self, *arguments):
        done = _promtool(*arguments)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_configuration(self):
        self.check("check", "config", "prometheus.yml")

    def test_rules(self):
        self.check("check", "rules", RULES.name)

    def test_unit_tests_of_rules(self):
        self.check("test", "rules", "mosd-rules.test.yaml")


class Rules(unittest.TestCase):
    def test_each_alert_says_what_an_operator_needs(self):
        for alert in monitoring.alerts():
            with self.subTest(alert["alert"]):
                self.assertRegex(alert["alert"], r"^Mosd([A-Z]\w+)$")
                self.assertIn(alert["labels"]["severity"], ("critical", "warning"))
                self.assertIn("for", alert)
                self.assertEqual(set(alert["annotations"]), {"summary", "description", "runbook"})
                self.assertEqual(alert["annotations"]["runbook"],
                                 f"runbook.md#{alert['alert'].lower()}")

    def test_each_alert_has_a_unit_test_of_firing_and_of_not_firing(self):
        tests = yaml.safe_load((DEPLOYED / "mosd-rules.test.yaml").read_text())["tests"]
        expected = set()
        for test in tests:
            samples = [one["exp_samples"] for one in test["promql_expr_test"]]
            self.assertIn([], samples, f"{test['name']}: nowhere nothing fires")
            expected |= {tuple(re.search(rf'{label}="(\w+)"', sample["labels"]).group(1)
                               for label in ("alertname", "severity"))
                         for sample in itertools.chain(*samples)}
        self.assertEqual(expected, {(alert["alert"], alert["labels"]["severity"])
                                    for alert in monitoring.alerts()})

    def test_recorded_series_are_named_by_level_metric_operation_and_used(self):
        recorded = {rule["record"] for rule in monitoring.rules() if "record" in rule}
        for name in recorded:
            self.assertRegex(name, r"^instance(_[a-z]+)*:mosd_\w+:(ratio|rate5m|ratio_rate5m)$")
        used = set().union(*(monitoring.recorded_in(expression) for expression in (
            *(rule["expr"] for rule in monitoring.rules()),
            *(expression for _, expression in monitoring.queries()))))
        self.assertEqual(used, recorded)

    def test_the_readme_makes_a_prometheus_rule_of_them(self):
        commands = re.search(r"(?ms)^    \{ printf.*?\n\n", (DEPLOYED / "README.md").read_text())
        done = subprocess.run(("bash", "-ec", "kubectl() { cat; }\n" + commands.group()),
                              capture_output=True, text=True, timeout=PATIENCE, cwd=DEPLOYED,
                              check=True)
        made = yaml.safe_load(done.stdout)
        self.assertEqual((made["kind"], made["spec"]),
                         ("PrometheusRule", yaml.safe_load(RULES.read_text())))


class Runbook(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.text = monitoring.RUNBOOK.read_text()

    def test_has_each_alert_and_no_other(self):
        headings = re.findall(r"(?m)^### (\w+)$", self.text)
        self.assertEqual(sorted(headings),
                         sorted({alert["alert"] for alert in monitoring.alerts()}))
        for section in re.split(r"(?m)^### ", self.text)[1:]:
            for part in ("**Means.**", "**Do.**"):
                self.assertIn(part, section)

    def test_its_links_lead_somewhere(self):
        anchors = {heading.lower().replace(" ", "-")
                   for heading in re.findall(r"(?m)^##+ (.+)$", self.text)}
        self.assertLessEqual(set(re.findall(r"\]\(#([\w-]+)\)", self.text)), anchors)

    def test_names_keys_that_mosd_has(self):
        named = re.findall(r"\b((?:dataplane|grpc|metrics)\.[a-z_.]*[a-z_])\b",
                           self.text + (DEPLOYED / "README.md").read_text())
        known = set(re.findall(r"[a-z_.]+", run("--help-config").stdout))
        self.assertGreater(len(named), 10)
        self.assertLessEqual(set(named), known)


class DashboardFile(unittest.TestCase):
    """As Grafana 10 wants it; there is none here to ask."""

    @classmethod
    def setUpClass(cls):
        cls.dashboard = monitoring.dashboard()

    def test_panels_stand_beside_each_other(self):
        taken = {}
        for panel in self.dashboard["panels"]:
            place = panel["gridPos"]
            self.assertLessEqual(place["x"] + place["w"], 24, panel["title"])
            for cell in itertools.product(range(place["x"], place["x"] + place["w"]),
                                          range(place["y"], place["y"] + place["h"])):
                other = taken.setdefault(cell, panel["title"])
                self.assertIs(other, panel["title"], f"{other} and {panel['title']} at {cell}")

    def test_panels_can_be_told_apart_and_read(self):
        self.assertIn(self.dashboard["schemaVersion"], (38, 39))
        ids = [panel["id"] for panel in self.dashboard["panels"]]
        titles = [panel["title"] for panel in self.dashboard["panels"]]
        self.assertEqual((len(set(ids)), len(set(titles))), (len(ids), len(titles)))
        for panel in monitoring.panels():
            with self.subTest(panel["title"]):
                self.assertTrue(panel["description"])
                self.assertTrue(panel["fieldConfig"]["defaults"]["unit"])
                refs = [target["refId"] for target in panel["targets"]]
                self.assertEqual(len(set(refs)), len(refs))

    def test_data_comes_from_the_chosen_prometheus(self):
        chosen = {"type": "prometheus", "uid": "${datasource}"}
        for panel in monitoring.panels():
            for user in (panel, *panel["targets"]):
                self.assertEqual(user["datasource"], chosen, panel["title"])
        variables = {one["name"]: one for one in self.dashboard["templating"]["list"]}
        self.assertEqual(set(variables), {"datasource", "node", "instance"})
        for name in ("node", "instance"):
            self.assertEqual(variables[name]["datasource"], chosen)
        for panel in monitoring.panels():
            for target in panel["targets"]:
                for name in ("node", "instance"):
                    self.assertIn(f'{name}=~"${name}"', target["expr"], panel["title"])

    def test_lines_are_drawn_where_alerts_fire(self):
        for panel in monitoring.panels():
            alert = re.search(r"where (Mosd\w+)", panel["description"])
            if panel["type"] != "timeseries" or not alert:
                continue
            lines = {step["value"] for step in panel["fieldConfig"]["defaults"]
                     ["thresholds"]["steps"]} - {None}
            limits = [re.search(r"[<>] ([\d.* ]+)$", rule["expr"].strip()).group(1)
                      for rule in monitoring.alerts() if rule["alert"] == alert.group(1)]
            self.assertEqual(lines, {math.prod(map(float, limit.split("*"))) for limit in limits},
                             panel["title"])

    def test_panels_say_which_rules_they_want(self):
        for panel in monitoring.panels():
            recorded = set().union(*(monitoring.recorded_in(target["expr"])
                                     for target in panel["targets"]))
            self.assertEqual(bool(recorded), "mosd-rules.yaml" in panel["description"],
                             panel["title"])


@needs_program("prometheus")
class Healthy(unittest.TestCase):
    """A mosd on recorded traffic, at its own pace, which has all that a network has
    on a good day: retransmissions and resets, ARP, UDP, ICMP."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon("--pcap", SAMPLE, "--loop", "--pace", "timestamps",
                            *Authority(temp_dir()).settings_of_a_server(), metrics=True)
        cls.addClassCleanup(cls.daemon.stop)
        cls.daemon.wait_until_ready()
        address = cls.daemon.address("HTTP")
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as response:
            cls.metrics = response.read().decode()
        cls.prometheus = Prometheus(hurried(RULES.read_text()), {"healthy": address})
        cls.addClassCleanup(cls.prometheus.stop)

    def exported(self):
        return set(re.findall(r"(?m)^(\w+)[{ ]", self.metrics))

    def test_it_has_every_metric_that_rules_and_dashboard_name(self):
        expressions = [rule["expr"] for rule in monitoring.rules()]
        expressions += [expression for _, expression in monitoring.queries()]
        named = set().union(*map(monitoring.metrics_of, expressions))
        self.assertGreater(len(named), 35)
        self.assertEqual(named - self.exported(), set(), "named, but not exported")

    def test_the_runbook_explains_every_reason_for_a_drop(self):
        reasons = set(re.findall(r'mosd_dropped_frames_total\{.*reason="(\w+)"', self.metrics))
        self.assertGreater(len(reasons), 15)
        table = monitoring.RUNBOOK.read_text().split("## Drops by reason")[1]
        explained = {reason for row in re.findall(r"(?m)^\| (`[^|]+) \|", table)
                     for reason in re.findall(r"`(\w+)`", row)}
        self.assertEqual(explained, reasons)

    def test_each_query_of_the_dashboard_finds_something(self):
        waiting = dict(monitoring.queries())
        self.assertGreater(len(waiting), 50)

        def all_found():
            self.daemon.stats()
            self.daemon.list_flows()
            for where in [where for where, expression in waiting.items()
                          if self.has_a_number(expression)]:
                del waiting[where]
            return not waiting

        self.prometheus.wait_for(all_found, f"these find nothing: {waiting}")
        for where, expression in monitoring.queries():
            with self.subTest(where):
                self.prometheus.query(expression)

    def has_a_number(self, expression):
        return any(math.isfinite(float(series["value"][1]))
                   for series in self.prometheus.query(expression))

    def test_nothing_fires(self):
        seen = 'count_over_time(instance_reason:mosd_dropped_frames:rate5m{reason="udp"}[1m])'
        self.prometheus.wait_for(lambda: self.prometheus.query(f"{seen} > 10"), "no rule runs")
        self.assertEqual(
            self.prometheus.query('count_over_time(ALERTS{instance="healthy"}[1h])'), [])
        self.assertEqual(self.prometheus.firing(), set())
        for rule in self.prometheus.rules():
            self.assertEqual((rule["health"], rule.get("lastError", "")), ("ok", ""), rule["name"])
