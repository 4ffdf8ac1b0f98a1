"""What deploy/prometheus and deploy/grafana hold, taken apart for the tests."""

import json
import re

import yaml

from e2e.environment import ROOT
from e2e.prometheus import DEPLOYED, RULES, WINDOW

RUNBOOK = DEPLOYED / "runbook.md"
DASHBOARD = ROOT / "deploy" / "grafana" / "mosd.json"

# A recorded series has colons around the name of what it is made of.
_METRIC = re.compile(r"(?<![:\w])(?:mosd|process)_\w+(?![\w:])")
_RECORDED = re.compile(r"\w+:\w+:\w+")


def rules():
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"]
            for rule in group["rules"]]


def alerts():
    return [rule for rule in rules() if "alert" in rule]


def metrics_of(expression):
    """The metrics of mosd's that an expression names."""
    return set(_METRIC.findall(_without_strings(expression)))


def recorded_in(expression):
    """The recorded series that an expression names."""
    return set(_RECORDED.findall(_without_strings(expression)))


def _without_strings(expression):
    return re.sub(r'"(\\.|[^"\\])*"', '""', expression)


def dashboard():
    return json.loads(DASHBOARD.read_text())


def panels():
    """All that show something."""
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def queries():
    """(where, expression) of all panels and variables, as Grafana would send them
    with everything chosen."""
    found = [(f"{panel['title']}, {target['refId']}", _substituted(target["expr"]))
             for panel in panels() for target in panel["targets"]]
    for variable in dashboard()["templating"]["list"]:
        if variable["type"] == "query":
            series, label = re.fullmatch(r"label_values\((.+), (\w+)\)",
                                         variable["query"]["query"]).groups()
            found.append((f"variable {variable['name']}",
                          f"count by ({label}) ({_substituted(series)})"))
    return found


def _substituted(expression):
    expression = expression.replace("$__rate_interval", WINDOW)
    for variable in dashboard()["templating"]["list"]:
        expression = expression.replace(f"${variable['name']}", variable.get("allValue", ""))
    return expression
