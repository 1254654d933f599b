"""Reload, scaling, recycling, stop and sudden ends of workers and master behind nginx, under load.
R-1, R-12, R-17, R-22."""
import os
import signal
import subprocess
import time

import fcgi_client
from client import PATIENCE_S, Api, program, until
from load import (
    Adder, Load, NginxErrors, Waiting, alive, be_guest, expect, mixed, read, serve, serving,
    settled, status, stopped, workers)
from shop import make_product, variant_ids
from wire import Wire

AT_WORK = "user = 'merx' AND command IN ('Execute', 'Query')"


def assert_whole(load, errors):
    """Nobody saw a failure, neither clients nor nginx."""
    assert not load.failed, load.failed[:5]
    assert not errors.new(), errors.new()[:5]
    assert load.good > 100


def assert_refused(wire):
    """nginx answers for the workers that are not there."""
    assert b'"code":"unavailable"' in expect(wire.send("GET", "/v1/healthz"), 503)


def test_twenty_reloads(make):
    stack, variant = make()
    errors, master = NginxErrors(stack), stack.pid("serve")
    with Load(mixed(stack, variant)) as load:
        for n in range(20):
            if n % 4 < 3:
                done = stack.merx("reload")
                assert f"generation {n + 2}" in done.stdout, done
            else:
                os.kill(master, signal.SIGHUP)
                until(lambda: status(stack)["generation"] == n + 2, what="reloaded")
            load.more(20)
    assert_whole(load, errors)
    until(lambda: settled(stack), what="the old workers ended")
    s = status(stack)
    assert (s["died"], s["killed"]) == (0, 0), s
    assert {w["generation"] for w in s["workers"]} == {21}


def test_a_release_is_migrated_to_while_the_one_before_it_serves(make):
    """Its workers are replaced and reloaded as ever, and it is ready; on an older schema it is not."""
    stack, _ = make()
    api, db = Api(stack), stack.admin()
    newest = db.value("SELECT MAX(version) FROM schema_migration")
    db.run(f"""INSERT INTO schema_migration SELECT version + n, CONCAT(n, name), sha256, started_at, finished_at
                 FROM schema_migration, (SELECT 1 AS n UNION ALL SELECT 2) two WHERE version = {newest}""")
    killed = serving(stack)[0]["pid"]
    os.kill(killed, signal.SIGKILL)
    until(lambda: settled(stack) and killed not in [w["pid"] for w in workers(stack)], what="replaced")
    assert "generation 2" in stack.merx("reload").stdout
    assert api.get("/v1/readyz").json() == {"status": "ok", "database": "ok", "schema": int(newest) + 2}
    assert stack.merx("check").returncode == 0
    db.run(f"DELETE FROM schema_migration WHERE version >= {newest}")
    assert f"this program needs {newest}" in api.get("/v1/readyz").json()["schema"]
    assert stack.merx("check", check=False).returncode == 2
    assert stack.merx("reload", check=False).returncode != 0
    assert api.get("/v1/healthz").status_code == 200


def test_reloads_while_nginx_closes_connections(make):
    stack, variant = make()
    errors = NginxErrors(stack)
    with Load(mixed(stack, variant)) as load:
        for _ in range(6):
            stack.merx("reload")
            load.more(100)
    assert_whole(load, errors)
    until(lambda: settled(stack), what="the old workers ended")
    assert (status(stack)["died"], status(stack)["killed"]) == (0, 0)


def test_scaling_under_load(make):
    stack, variant = make()
    errors, master = NginxErrors(stack), stack.pid("serve")
    with Load(mixed(stack, variant)) as load:
        for want in (5, 1, 8, 2):
            assert stack.merx("scale", str(want)).returncode == 0
            assert status(stack)["pools"]["fast"]["want"] == want
            load.more(20)
        for sig, steps, want in ((signal.SIGTTIN, 6, 8), (signal.SIGTTOU, 6, 2)):
            for _ in range(steps):
                before = status(stack)["pools"]["fast"]["want"]
                os.kill(master, sig)
                until(lambda: status(stack)["pools"]["fast"]["want"] != before, what="one step")
            assert status(stack)["pools"]["fast"]["want"] == want
            load.more(20)
    assert_whole(load, errors)
    until(lambda: settled(stack), what="two workers are left")
    s = status(stack)
    assert len([w for w in s["workers"] if w["pool"] == "fast"]) == 2 and s["pools"]["fast"]["scaled"]
    assert (s["died"], s["killed"]) == (0, 0)


def test_recycling_under_load(make):
    stack, variant = make(max_requests=40)
    errors = NginxErrors(stack)
    with Load(mixed(stack, variant)) as load:
        until(lambda: status(stack)["recycled"] >= 20, what="twenty workers have ended")
    assert_whole(load, errors)
    until(lambda: settled(stack), what="the recycled ended")
    assert (status(stack)["died"], status(stack)["killed"]) == (0, 0)


def test_broken_settings_keep_the_old_workers(new_stack, tmp_path):
    conf = tmp_path / "merx.conf"
    conf.write_text("workers = 3\n")
    stack = new_stack("broken", slow_workers=1, conf=conf)
    variant = variant_ids(make_product(Api(stack).staff(), stock=1000000))[0]
    before = {w["pid"] for w in workers(stack)}
    errors, keys = NginxErrors(stack), stack.run / "keys"
    with Load(mixed(stack, variant, signs_in=False)) as load:
        for line, why in (
                ("workers = many", "workers"), ("no_such_setting = 1", "no_such_setting"),
                ("workers = 60", "workers_max"), ("currency = ABC", "currency"),
                ("workers = 3\nbacklog", "bad settings")):
            conf.write_text(f"{line}\n")
            refuse(stack, why)
            load.more(20)
        conf.write_text("workers = 3\n")
        keys.rename(stack.run / "away")
        refuse(stack, f"a new worker cannot serve: {keys}: No such file or directory: run `merx key new`")
        load.more(20)
        (stack.run / "away").rename(keys)
    assert_whole(load, errors)
    s = status(stack)
    assert s["generation"] == 1 and s["phase"] == "serving"
    assert {w["pid"] for w in workers(stack)} >= before
    assert "generation 2" in stack.merx("reload").stdout


def test_what_a_reload_cannot_change_is_said(new_stack, tmp_path):
    conf = tmp_path / "merx.conf"
    conf.write_text("")
    stack = new_stack("fixed", slow_workers=1, conf=conf)
    fixed = {"socket_mode": "0600", "socket_group": "root", "pay_backlog": "7"}
    conf.write_text("".join(f"{name} = {value}\n" for name, value in fixed.items()))
    stack.merx("reload")
    said = [line for line in stack.log().splitlines() if "changed setting takes effect at the next restart" in line]
    assert {name for name in fixed if any(f"setting={name}" in line for line in said)} == set(fixed)
    assert len(said) == len(fixed)


def test_a_refusal_of_the_database_keeps_the_old_workers(new_stack):
    """Refusals that only another setting or grant helps against are no outage that ends by itself."""
    stack = new_stack("refused", workers=2, slow_workers=1)
    password, admin = stack.run / "merx.password", stack.admin()
    right = password.read_text()
    serving_before = {w["pid"] for w in status(stack)["workers"]}
    password.write_text("wrong\n")
    done = stack.merx("reload", check=False)
    assert done.returncode == 1 and "a new worker cannot serve: Access denied for user 'merx'" in done.stderr
    checked = stack.merx("check", check=False)
    assert checked.returncode == 2 and "Access denied for user 'merx'" in checked.stderr
    assert "Access denied for user 'merx'" in stack.log() and right.strip() not in stack.log()
    password.write_text(right)
    checked = stack.merx("check", check=False, db_name="nowhere")
    assert checked.returncode == 2 and "nowhere" in checked.stderr
    admin.run("REVOKE DELETE ON merx.cart_item FROM 'merx'@'localhost'")
    try:
        checked = stack.merx("check", check=False)
        assert checked.returncode == 2 and "cart_item" in checked.stderr, checked.stderr
        assert checked.stderr.endswith(
            "database: the account merx cannot prepare these statements: apply roles.sql\n"), checked.stderr
    finally:
        admin.run("GRANT DELETE ON merx.cart_item TO 'merx'@'localhost'")
    down = stack.merx("check", db_socket="/nonexistent/db.sock")
    assert down.stdout == "merx can start; see the warnings (1)\n" and "warning: cannot reach the database: " in down.stderr
    assert {w["pid"] for w in status(stack)["workers"]} == serving_before
    assert stack.merx("check").stdout == "ok\n" and "generation 2" in stack.merx("reload").stdout


def refuse(stack, why):
    """A reload fails for that reason."""
    done = stack.merx("reload", check=False, conf="")
    assert done.returncode == 1 and done.stderr.startswith("error: ") and why in done.stderr, done


def test_reload_during_a_reload(new_stack, tmp_path):
    """Settings written while a reload is under way are not lost."""
    conf = tmp_path / "merx.conf"
    conf.write_text("workers = 2\n")
    stack = new_stack("twice", slow_workers=1, conf=conf, db_connect_timeout_s=1)
    with stopped([stack.pid("db")]):
        reloads = [Reload(stack)]
        until(lambda: status(stack)["phase"] == "reloading", what="it waits for the database")
        conf.write_text("workers = 4\n")
        reloads.append(Reload(stack))
        assert [r.wait() for r in reloads] == ["generation 2\n", "generation 3\n"]
    assert len(workers(stack, state="ready")) == 4


class Reload:
    """`merx reload` in the background."""

    def __init__(self, stack):
        self.process = subprocess.Popen(
            [program(), "reload"], env=stack.environment(), stdout=subprocess.PIPE, text=True)

    def wait(self):
        return self.process.communicate(timeout=PATIENCE_S)[0]


def assert_done(waiting, db):
    """All that was in hand has been carried out."""
    assert [code for code, _ in waiting.answers()] == [201] * len(waiting.threads), waiting.got
    assert set(waiting.quantities(db)) == {2}


def test_reload_finishes_what_is_in_hand(make):
    stack, variant = make()
    with Waiting(stack, variant) as waiting:
        reload = Reload(stack)
        until(lambda: status(stack)["generation"] == 2, what="the new workers serve")
        assert workers(stack, state="stopping")
        for _ in range(20):
            assert fcgi_client.get(stack.env["MERX_SOCKET"]).status == 200
        assert reload.process.poll() is None, "old workers are at work"
        waiting.release()
        assert_done(waiting, stack.db())
        assert reload.wait() == "generation 2\n" and settled(stack)


def test_stop_finishes_what_is_in_hand(make):
    stack, variant = make()
    master = stack.pid("serve")
    pids = [w["pid"] for w in status(stack)["workers"]]
    with Waiting(stack, variant) as waiting:
        os.kill(master, signal.SIGTERM)
        until(lambda: status(stack)["phase"] == "stopping", what="it has heard")
        assert alive(master)
        waiting.release()
        assert_done(waiting, stack.db())
    until(lambda: not alive(master), what="the master ended")
    assert not any(map(alive, pids))
    assert_refused(Wire(stack))


def test_second_signal_stops_at_once(make):
    stack, variant = make()
    master = stack.pid("serve")
    pids = [w["pid"] for w in status(stack)["workers"]]
    with Waiting(stack, variant) as waiting:
        os.kill(master, signal.SIGTERM)
        until(lambda: status(stack)["phase"] == "stopping", what="it has heard")
        assert len(stack.processes(AT_WORK)) >= 3, "no request had come to its end"
        os.kill(master, signal.SIGTERM)
        until(lambda: not alive(master), what="the master ended")
        assert not any(map(alive, pids))
        assert {code for code, _ in waiting.answers()} == {503}, waiting.got
        until(lambda: not stack.processes(AT_WORK), what="what the workers waited for has ended, too")
        waiting.release()
    assert set(waiting.quantities(stack.db())) == {1}


def test_killed_workers(make):
    stack, variant = make(workers=4)
    adders = [(Wire(stack), Adder(variant)) for _ in range(4)]
    may_fail, kills = 0, 8
    with Load(adders + [(Wire(stack).guest(), read), (Wire(stack), be_guest)]) as load:
        for n in range(kills):
            load.more(50)
            victim = max(serving(stack), key=lambda w: w["connections"])
            os.kill(victim["pid"], signal.SIGKILL)
            may_fail += min(victim["connections"] + 1, len(load.calls))
            until(lambda: status(stack)["died"] == n + 1, what="the death was noticed")
        until(lambda: len(serving(stack)) == 4, what="all are back")
        calm = time.monotonic()
        load.more(300)
    assert len(load.failed) <= may_fail, load.failed
    assert all(text.startswith("AssertionError: 503 ") for _, text in load.failed), load.failed
    assert all(when < calm for when, _ in load.failed), load.failed
    for wire, adder in adders:
        adder.check(wire)


def test_killed_master(make):
    stack, variant = make()
    with Load([(Wire(stack), Adder(variant)) for _ in range(3)]) as load:
        load.more(100)
        pids = [w["pid"] for w in status(stack)["workers"]]
        assert not load.failed, load.failed
        os.kill(stack.pid("serve"), signal.SIGKILL)
        until(lambda: not any(map(alive, pids)), what="the workers ended")
    assert all(text.startswith("AssertionError: 503 ") for _, text in load.failed), load.failed
    assert_refused(Wire(stack))
    serve(stack)
    errors = NginxErrors(stack)
    with Load(mixed(stack, variant)) as load:
        load.more(200)
    assert_whole(load, errors)
