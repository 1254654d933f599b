"""Alerts and dashboard against a real Prometheus that scrapes a stack: what they ask for is there, and what the
table of metrics has, too; the operations chapter explains all of it."""
import json
import os
import pathlib
import re
import signal
import subprocess

import pytest
import requests
from client import PATIENCE_S, Api, free_port, until
from load import workers
from metrics import through_nginx

ROOT = pathlib.Path(__file__).parents[2]
ALERTS = ROOT / "deploy/alerts.yml"
CHAPTER = (ROOT / "deploy/OPERATIONS.md").read_text()
DASHBOARD = json.loads((ROOT / "deploy/grafana.json").read_text())
# Values of the dashboard's variables.
VARIABLES = {"$__rate_interval": "1m", "$instance": ".*", "$route": ".*"}
# Metrics of Prometheus itself.
ITS_OWN = {"up"}

CONFIG = """
global: {{scrape_interval: 500ms, evaluation_interval: 500ms}}
rule_files: [{rules}]
scrape_configs:
  - job_name: merx
    scheme: https
    tls_config: {{ca_file: {ca}}}
    static_configs: [{{targets: ["127.0.0.1:{nginx}"]}}]
  - job_name: master
    static_configs: [{{targets: ["127.0.0.1:{master}"]}}]
"""


class Prometheus:
    def __init__(self, place, **config):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/api/v1"
        (place / "prometheus.yml").write_text(CONFIG.format(rules=ALERTS, **config))
        with open(place / "prometheus.log", "w") as log:
            self.process = subprocess.Popen(
                ["prometheus", f"--config.file={place}/prometheus.yml", f"--storage.tsdb.path={place}/data",
                 f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log)

    def ask(self, path, **params):
        answer = requests.get(f"{self.url}/{path}", params=params, timeout=PATIENCE_S).json()
        assert answer["status"] == "success", (params, answer)
        return answer["data"]

    def ready(self):
        try:
            return requests.get(self.url.replace("/api/v1", "/-/ready"), timeout=PATIENCE_S).ok
        except requests.ConnectionError:
            return False

    def up(self):
        return len([r for r in self.ask("query", query="up")["result"] if r["value"][1] == "1"])

    def names(self, job):
        return set(self.ask("label/__name__/values", **{"match[]": f'{{job="{job}"}}'}))

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE_S)


@pytest.fixture(scope="module")
def stack(module_stack):
    master = free_port()
    stack = module_stack("prometheus", workers=2, slow_workers=1, metrics_socket=f"127.0.0.1:{master}")
    stack.master_port = master
    assert Api(stack).get("/v1/healthz").status_code == 200
    return stack


@pytest.fixture(scope="module")
def prometheus(stack, tmp_path_factory):
    p = Prometheus(tmp_path_factory.mktemp("prometheus"), ca=stack.env["MERX_CA"], nginx=stack.port,
                   master=stack.master_port)
    try:
        until(p.ready, what="Prometheus")
        until(lambda: p.up() == 2, what="both targets")
        yield p
    finally:
        p.end()


def table(stack):
    return stack.merx("metrics").stdout


def families(stack):
    """{name of a sample: type} of the table of metrics."""
    found = re.findall(r"^\| `(\w+)` \| (\w+) \|", table(stack), re.M)
    assert len(found) > 30
    return {name + ("_count" if kind == "histogram" else ""): kind for name, kind in found}


def alerts():
    """{name: (expression, runbook)} of the file, of which promtool has said that it is one."""
    found = re.findall(r"- alert: (\w+)\n\s+expr: (.*?)\n\s+(?:for|labels):.*?runbook: \"(\S+)\"", ALERTS.read_text(), re.S)
    return {name: (re.sub(r"^>-", "", expr), runbook) for name, expr, runbook in found}


def panels():
    """(title, expression) of each."""
    return [(p["title"], t["expr"]) for p in DASHBOARD["panels"] for t in p.get("targets", [])]


def named(expression):
    """The metrics that an expression names."""
    return set(re.findall(r"\b(?:merx_\w+|process_\w+|up)\b(?=[{\[ )]|$)", expression))


def test_rules_are_rules():
    done = subprocess.run(["promtool", "check", "rules", ALERTS], text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(alerts())} rules found" in done.stdout


def test_names_and_help_are_as_they_should_be(stack):
    done = subprocess.run(["promtool", "check", "metrics"], input=through_nginx(stack).text, text=True,
                          capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("job", ("merx", "master"))
def test_every_metric_of_the_table_has_samples(stack, prometheus, job):
    wanted = set(families(stack))
    until(lambda: wanted <= prometheus.names(job), what=f"all of {sorted(wanted - prometheus.names(job))}")


def test_alerts_and_panels_name_what_there_is(stack, prometheus):
    """Every expression is understood, and names nothing else."""
    wanted = set(families(stack))
    until(lambda: wanted <= prometheus.names("merx"), what="a whole scrape")
    there = prometheus.names("merx") | ITS_OWN
    asked = panels() + [(name, expression) for name, (expression, _) in alerts().items()]
    assert len(asked) > 50
    for what, expression in asked:
        for variable, text in VARIABLES.items():
            expression = expression.replace(variable, text)
        assert "$" not in expression, what
        assert named(expression) and named(expression) <= there, (what, named(expression) - there)
        prometheus.ask("query", query=expression)


def test_alerts_are_evaluated_and_quiet(prometheus):
    """A store in health wakes nobody."""
    def rules():
        return [r for g in prometheus.ask("rules")["groups"] for r in g["rules"]]

    until(lambda: all(r["health"] == "ok" for r in rules()), what="every rule")
    assert {r["name"] for r in rules()} == set(alerts())
    until(lambda: not [r["name"] for r in rules() if r["state"] != "inactive"], what="quiet")


def test_an_alert_fires(stack, prometheus):
    """A worker that dies again and again."""
    for _ in range(4):
        victim = until(lambda: [w["pid"] for w in workers(stack, state="ready")], what="a worker")[0]
        os.kill(victim, signal.SIGKILL)
        until(lambda: victim not in [w["pid"] for w in workers(stack)], what="its end")

    def state():
        return {r["name"]: r["state"] for g in prometheus.ask("rules")["groups"] for r in g["rules"]}

    until(lambda: state()["MerxWorkersDying"] == "firing", what="the alert")


def test_the_chapter_explains_all(stack):
    """The table of metrics as the program prints it, and a section for each alert, which names it."""
    assert f"<!-- merx metrics -->\n{table(stack)}<!-- end -->\n" in CHAPTER
    headings = re.findall(r"^### (Merx\w+)$", CHAPTER, re.M)
    assert headings == list(alerts())
    for name, (_, runbook) in alerts().items():
        assert runbook == f"OPERATIONS.md#{name.lower()}"
