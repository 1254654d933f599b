"""Findings of `merx check`: each check has a case in which it has one."""
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess

import pytest
from client import ROOT, Api, free_port, program

NOBODY = 65534


@pytest.fixture(scope="module")
def stack(module_stack):
    """Of its own: other tests spoil what is stored."""
    return module_stack("check")


def check(stack, *args, status=0, **settings):
    """The findings of a check, as [(check, level, text)]."""
    done = stack.merx("check", "--json", *args, check=False, **settings)
    assert done.returncode == status, done
    report = json.loads(done.stdout)
    assert done.stderr == "" and report["ok"] == (status == 0)
    found = [(f["check"], f["level"], f["text"]) for f in report["findings"]]
    for level, number in (("error", report["errors"]), ("warning", report["warnings"])):
        assert sum(f[1] == level for f in found) == number, report
    return found


def only(found, name, level):
    ((check_, level_, text),) = found
    assert (check_, level_) == (name, level), found
    return text


def test_nothing_is_found(stack):
    assert check(stack) == []
    assert stack.merx("check").stdout == "ok\n"


def test_the_report_names_all_checks(stack):
    made = json.loads(stack.merx("check", "--json").stdout)["checks"]
    assert len(made) > 20 and all(c["made"] and c["what"] for c in made)
    assert len({c["check"] for c in made}) == len(made)
    down = json.loads(stack.merx("check", "--json", db_socket="/nonexistent/db.sock").stdout)["checks"]
    assert {c["check"] for c in down if not c["made"]} >= {"statements", "clock", "jobs", "sealed"}
    assert {c["check"] for c in down if c["made"]} >= {"keys", "schema"}


@pytest.mark.parametrize("args", [("--jsn",), ("--nginx",), ("all",)])
def test_wrong_usage(stack, args):
    done = stack.merx("check", *args, check=False)
    assert done.returncode == 2 and done.stderr == "usage: merx check [--json] [--nginx DIRECTORY]\n"


# ---- host


def test_a_file_that_cannot_be_read(stack, tmp_path):
    found = check(stack, status=2, oidc_providers=tmp_path / "none", smtp_ca=tmp_path / "none2")
    texts = {text for name, level, text in found if (name, level) == ("files", "error")}
    assert texts == {f"oidc_providers: {tmp_path}/none cannot be read by this account: No such file or directory",
                     f"smtp_ca: {tmp_path}/none2 cannot be read by this account: No such file or directory"}


def test_a_log_that_cannot_be_written(stack, tmp_path):
    assert check(stack, log=tmp_path / "new.log") == []
    text = only(check(stack, status=2, log=tmp_path), "log", "error")
    assert text == f"log: {tmp_path} cannot be written by this account: Is a directory"
    text = only(check(stack, status=2, log=tmp_path / "none" / "merx.log"), "log", "error")
    assert text == f"log: this account can make no file in {tmp_path}/none: No such file or directory"
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.geteuid() != 0, reason="gives files away as root")
def test_a_check_by_root_is_made_as_the_owner_of_the_keys(stack, tmp_path):
    """Root could write the log; the program could not."""
    shutil.copytree(stack.env["MERX_KEYS"], tmp_path / "keys")
    for path in (tmp_path / "keys", *(tmp_path / "keys").iterdir()):
        os.chown(path, NOBODY, NOBODY)
    for path in (tmp_path, *tmp_path.parents):
        if path.stat().st_mode & 0o5 != 0o5:
            path.chmod(path.stat().st_mode | 0o5)
    (tmp_path / "roots").mkdir(mode=0o755)
    (tmp_path / "roots" / "merx.log").touch(0o600)
    done = stack.merx("check", "--json", check=False, keys=tmp_path / "keys", log=tmp_path / "roots" / "merx.log")
    texts = [f["text"] for f in json.loads(done.stdout)["findings"]]
    assert f"log: {tmp_path}/roots/merx.log cannot be written by this account: Permission denied" in texts, done
    assert not any(text.startswith("keys: ") for text in texts)


def test_a_socket_of_another_program(stack, tmp_path):
    path = str(tmp_path / "other.sock")
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(path)
        elsewhere = {"socket_slow": path, "control": tmp_path / "control.sock", "socket": tmp_path / "fast.sock"}
        assert check(stack, **elsewhere) == [], "nobody listens yet"
        other.listen(1)
        text = only(check(stack, status=2, **elsewhere), "sockets", "error")
        assert text == f"socket_slow: {path} is in use by another program, process {os.getpid()}"
    assert check(stack, **elsewhere) == []


def test_a_port_of_another_program(stack, tmp_path):
    port = free_port()
    elsewhere = {"socket": f"127.0.0.1:{port}", "control": tmp_path / "control.sock", "socket_slow": tmp_path / "s"}
    assert check(stack, **elsewhere) == []
    with socket.create_server(("127.0.0.1", port)):
        text = only(check(stack, **elsewhere), "sockets", "warning")
    assert text == (f"socket: 127.0.0.1:{port}: Address already in use; merx cannot start, unless merx-fast.socket is"
                    " what listens there")


@pytest.mark.parametrize("setting", ["backlog", "slow_backlog", "pay_backlog", "staff_backlog"])
def test_a_backlog_that_the_kernel_cuts(stack, setting):
    most = int(pathlib.Path("/proc/sys/net/core/somaxconn").read_text())
    assert check(stack, **{setting: min(most, 65535)}) == []
    if most >= 65535:
        pytest.skip("the kernel allows any backlog")
    text = only(check(stack, **{setting: most + 1}), "backlog", "warning")
    assert text.startswith(f"{setting} = {most + 1}, but the kernel lets {most} connections wait: raise net.core.somaxconn")


# ---- keys


def test_a_token_that_does_not_verify(stack, tmp_path):
    """With a library that accepts no signature."""
    (tmp_path / "no.c").write_text("int EVP_DigestVerifyFinal(void *c, const unsigned char *s, unsigned long n)"
                                   " { (void)c, (void)s, (void)n; return 0; }\n"
                                   "int EVP_DigestVerify(void *c, const unsigned char *s, unsigned long n,"
                                   " const unsigned char *t, unsigned long m)"
                                   " { (void)c, (void)s, (void)n, (void)t, (void)m; return 0; }\n")
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", tmp_path / "no.so", tmp_path / "no.c"], check=True)
    done = subprocess.run([program(), "check"], text=True, capture_output=True, check=False,
                          env=stack.environment() | {"LD_PRELOAD": str(tmp_path / "no.so")})
    assert done.returncode == 2
    assert done.stderr.startswith("keys: a token that the active key signs is not accepted: "), done


def test_personal_data_of_another_key(stack, tmp_path):
    Api(stack).customer().patch("/v1/me", {"phone": "+49 30 123456"})
    assert check(stack) == []
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o700)
    subprocess.run([program(), "key", "new"], env=stack.environment(keys=keys), check=True, capture_output=True)
    text = only(check(stack, status=2, keys=keys), "sealed", "error")
    assert re.match(r"keys: a stored value of \S+ does not open: the key of personal data \(\*\.pii\) that sealed it is"
                    rf" not in {keys}, or the database is of another store$", text)


# ---- time-outs


@pytest.mark.parametrize("settings, begins", [
    ({"db_statement_timeout_ms": 3000, "db_lock_timeout_s": 3}, "db_lock_timeout_s = 3 is not below db_statement_"),
    ({"request_timeout_ms": 8000, "db_statement_timeout_ms": 5000, "db_lock_timeout_s": 3, "queue_age_max_ms": 5000,
      "db_connect_timeout_s": 8}, "db_connect_timeout_s = 8 is not below request_timeout_ms = 8000")])
def test_time_outs_that_never_come_into_play(stack, settings, begins):
    assert only(check(stack, **settings), "timeouts", "warning").startswith(begins)


def test_a_provider_that_is_waited_for_too_long(stack, tmp_path):
    provider = ("[one]\nissuer = https://id.example\njwks_uri = https://id.example/keys\nclient_ids = app\n"
                "fetch_timeout_ms = 9000\n")
    path = tmp_path / "oidc.conf"
    path.write_text(provider)
    text = only(check(stack, oidc_providers=path, request_timeout_ms=8000, db_statement_timeout_ms=5000,
                      db_lock_timeout_s=3, queue_age_max_ms=5000, db_connect_timeout_s=2), "timeouts", "warning")
    assert text.startswith("oidc_providers: one has fetch_timeout_ms = 9000, but a request is ended after")


@pytest.mark.parametrize("read, warned", [("61s", False), ("2m", False), ("61000ms", False), ("60s", True), ("10", True),
                                          ("59999ms", True)])
def test_nginx_gives_up_first(stack, tmp_path, read, warned):
    (tmp_path / "merx-pass.conf").write_text(f"    fastcgi_read_timeout {read};\n")
    found = check(stack, "--nginx", tmp_path)
    if warned:
        text = only(found, "nginx", "warning")
        assert text == (f"{tmp_path}/merx-pass.conf: fastcgi_read_timeout {read} is not above request_timeout_ms ="
                        " 60000: nginx answers 504 while the request goes on and takes effect")
    else:
        assert found == []


def test_the_nginx_files_fit_the_defaults(stack):
    assert check(stack, "--nginx", ROOT / "nginx", request_timeout_ms=8000, db_statement_timeout_ms=5000,
                 db_lock_timeout_s=3, queue_age_max_ms=5000, db_connect_timeout_s=2) == []


def test_nginx_takes_less_than_the_program(stack, tmp_path):
    (tmp_path / "merx-pass.conf").write_text("client_max_body_size 64k;\n")
    text = only(check(stack, "--nginx", tmp_path, body_max=65536), "nginx", "warning")
    assert "client_max_body_size 64k is not above body_max = 65536" in text
    assert check(stack, "--nginx", tmp_path, body_max=65535) == []


# ---- database


def changed(stack, name, value):
    """A global variable of the server, changed for a while."""
    admin = stack.admin()
    before = admin.value(f"SELECT @@global.{name} AS n")

    class Changed:
        def __enter__(self):
            admin.run(f"SET GLOBAL {name} = {value}")

        def __exit__(self, *_):
            admin.run(f"SET GLOBAL {name} = {before!r}" if not before.isdigit() else f"SET GLOBAL {name} = {before}")

    return Changed()


def test_too_few_connections(stack):
    with changed(stack, "max_connections", 40):
        text = only(check(stack, workers=4, slow_workers=8), "connections", "warning")
    assert text.startswith("the database server has max_connections = 40, but the workers (twice as many during a reload)")
    assert text.endswith(" may open 76")


def test_too_few_connections_of_the_account(stack):
    admin = stack.admin()
    admin.run("ALTER USER 'merx'@'localhost' WITH MAX_USER_CONNECTIONS 50")
    try:
        text = only(check(stack, workers=4, slow_workers=8), "connections", "warning")
    finally:
        admin.run("ALTER USER 'merx'@'localhost' WITH MAX_USER_CONNECTIONS 0")
    assert text.startswith("the database account merx may have 50 connections at once (MAX_USER_CONNECTIONS,")


def test_a_server_that_writes_later(stack):
    with changed(stack, "innodb_flush_log_at_trx_commit", 2):
        text = only(check(stack), "durability", "warning")
    assert text.startswith("the database server has innodb_flush_log_at_trx_commit = 2: orders of the last second")


def test_a_binary_log_that_is_written_later(new_stack, monkeypatch):
    monkeypatch.setenv("DB_OPTIONS", "--log-bin --server-id=1")
    stack = new_stack("binlog")
    with changed(stack, "sync_binlog", 0):
        text = only(check(stack), "durability", "warning")
    assert text.startswith("the database server has sync_binlog = 0: after a power failure")


def test_a_clock_that_differs(stack):
    with changed(stack, "init_connect", "'SET timestamp = UNIX_TIMESTAMP() - 3600'"):
        text = only(check(stack), "clock", "warning")
    seconds, = re.fullmatch(r"the clock of the database server is (\d+) s behind that of this host: let both follow the"
                            r" same time \(timedatectl\)", text).groups()
    assert int(seconds) >= 3599
