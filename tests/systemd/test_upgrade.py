"""Restart, upgrade and reload of the unit under load: nothing is lost; and what systemd knows of it."""
import json

import pytest

import machine as machines

TIMES = 20
SETTINGS = """
rate_guest_per_ip_burst = 1000000
request_timeout_ms = 30000
queue_age_max_ms = 25000
"""


@pytest.fixture(scope="module")
def busy(installed):
    """The machine, with limits that a slow one does not reach."""
    installed.path("/etc/merx/merx.conf").open("a").write(SETTINGS)
    installed.run("sudo sed -i 's/read_timeout 10s/read_timeout 60s/' /etc/nginx/merx/merx-pass.conf")
    installed.run("sudo -u merx merx check && sudo systemctl reload nginx && sudo systemctl restart merx")
    return installed


def show(there, name, unit="merx"):
    return there.run(f"systemctl show -P {name} {unit}").strip()


def status(there):
    return json.loads(there.run("sudo merx status --json"))


def guests(there):
    return int(there.run("sudo mariadb -BN merx -e \"SELECT COUNT(*) FROM account WHERE kind = 'guest'\""))


def under_load(there, act):
    """Carry it out again and again while guests come: each of them is stored, and none was refused."""
    before = guests(there)
    load = there.beside("guests.py", there.path("/etc/ssl/sites/cert.pem"), 6)
    assert load.stdout.readline() == "begun\n"
    for _ in range(TIMES):
        act()
    told, _ = load.communicate("")
    told = json.loads(told)
    assert told["failed"] == 0 and told["made"] >= TIMES, told
    assert guests(there) == before + told["made"]


def test_sockets_are_those_of_systemd(busy):
    assert busy.run("systemctl is-active merx-fast.socket merx-slow.socket merx").split() == ["active"] * 3
    log = busy.run("sudo journalctl -u merx --no-pager")
    assert log.count('pool=fast socket=/run/merx/merx.sock from="service manager"') >= 1
    assert "has no use here" not in log


def test_restarts_lose_nothing(busy):
    pids = set()

    def restart():  # more often than a unit may start by itself
        busy.run("sudo systemctl reset-failed merx && sudo systemctl restart merx")
        pids.add(show(busy, "MainPID"))

    under_load(busy, restart)
    assert len(pids) == TIMES and show(busy, "Result") == "success"


def test_upgrades_lose_nothing(busy):
    def upgrade():
        before = show(busy, "MainPID")
        told = busy.run("sudo merx upgrade")
        now = show(busy, "MainPID")
        assert now != before and told.endswith(f", master {now}\n") and status(busy)["pid"] == int(now)

    under_load(busy, upgrade)
    assert show(busy, "ActiveState") == "active" and show(busy, "NRestarts") == "0"
    assert machines.until(lambda: "serving, generation 1, fast " in show(busy, "StatusText"), "its status")
    assert "reception only permitted for main PID" not in busy.run("sudo journalctl --no-pager -b")


def test_reloads_lose_nothing(busy):
    under_load(busy, lambda: busy.run("sudo systemctl reload merx"))
    assert show(busy, "ActiveState") == "active"


def test_a_program_that_does_not_start_is_rolled_back(busy):
    before = show(busy, "MainPID")
    busy.run("sudo mv /usr/local/bin/merx /usr/local/bin/merx.good && "
             "printf '#!/bin/sh\\necho it is broken >&2\\nexit 3\\n' | sudo tee /usr/local/bin/merx >/dev/null && "
             "sudo chmod 755 /usr/local/bin/merx")
    done = busy.try_run("sudo merx.good upgrade")
    busy.run("sudo mv /usr/local/bin/merx.good /usr/local/bin/merx")
    assert done.returncode == 1 and done.stdout == "error: it is broken\n"
    assert show(busy, "MainPID") == before and show(busy, "ActiveState") == "active"


def test_a_master_that_stands_still_is_replaced(busy):
    """P5: nothing hangs on it meanwhile, and the watchdog starts another."""
    before = show(busy, "MainPID")
    busy.run(f"sudo kill -STOP {before}")
    done = busy.try_run("sudo merx status")
    assert done.returncode == 1 and done.stdout == "error: the master does not answer\n"
    machines.until(lambda: show(busy, "MainPID") not in (before, "0") and show(busy, "ActiveState") == "active",
                   "another master")
    assert show(busy, "NRestarts") == "1"
    machines.until(lambda: busy.try_run("curl -fsS https://shop.example.com/api/v1/readyz").returncode == 0, "ready")


def test_a_stop_takes_the_sockets_along(busy):
    """A request is then refused at once and starts nothing; a start brings all of it back."""
    busy.run("sudo systemctl stop merx")
    answer = busy.run("curl -sS -o /dev/null -w '%{http_code}' https://shop.example.com/api/v1/healthz")
    assert answer == "503" and busy.try_run("systemctl is-active merx merx-fast.socket").stdout.split() == [
        "inactive", "inactive"]
    busy.run("test ! -e /run/merx/merx.sock")
    busy.run("sudo systemctl start merx && curl -fsS https://shop.example.com/api/v1/readyz")
