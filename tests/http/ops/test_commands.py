"""The program's commands as an operator calls them: where settings come from, and what a fault in them
disarms."""
import contextlib
import json
import os
import pathlib
import re
import resource
import socket
import subprocess
import threading

import pytest
from client import ROOT, program
from load import status


@pytest.fixture(scope="module")
def stack(module_stack):
    """Of its own: other tests spoil what is stored, which `merx check` finds."""
    return module_stack("commands")


@pytest.fixture
def settings(stack, tmp_path):
    """write(text): a settings file with that text and the stack's control socket; its path."""
    def write(text):
        path = tmp_path / "merx.conf"
        path.write_text(f"{text}\ncontrol = {stack.env['MERX_CONTROL']}\n")
        return str(path)

    return write


def merx(*args, **env):
    return subprocess.run([program(), *args], env={"PATH": "/usr/bin:/bin"} | env, text=True,
                          capture_output=True, check=False, timeout=60)


def test_a_bad_line_leaves_the_control_commands(settings):
    bad = settings("workers = many")
    why = f"{bad} line 1: workers must be an integer from 0 to 1024, or MIN..MAX\n"
    status = merx("-c", bad, "status")
    assert status.returncode == 0 and "fast" in status.stdout and status.stderr == why
    scale = merx("-c", bad, "scale", "many")
    assert scale.returncode == 1 and scale.stderr == f"{why}error: scale takes [POOL] and a number of workers, or +N, -N or auto\n"


@pytest.mark.parametrize("command", ["config", "check", "serve", "migrate", "key"])
def test_a_bad_line_is_said(settings, command):
    path = settings("workers = many")
    done = merx("-c", path, command)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr == f"{path} line 1: workers must be an integer from 0 to 1024, or MIN..MAX\n"


def test_a_sample_needs_no_settings(settings):
    done = merx("-c", settings("workers = many"), "config", "--sample")
    assert done.returncode == 0 and "#workers = " in done.stdout


def test_a_file_that_cannot_be_read(tmp_path):
    done = merx("-c", str(tmp_path / "none"), "config")
    assert done.returncode == 2 and done.stderr == f"settings file {tmp_path}/none: No such file or directory\n"


def test_the_settings_file_is_found(settings):
    path = settings("workers = 7")
    for done in (merx("-c", path, "config"), merx("config", MERX_CONF=path)):
        (line,) = [li for li in done.stdout.splitlines() if li.startswith("workers ")]
        assert line.split() == ["workers", "=", "7", "#", "file"]


def test_the_installed_settings_file_is_the_default():
    """In a mount namespace with an /etc of its own."""
    script = ("mount -t tmpfs none /etc && mkdir /etc/merx && echo 'workers = 7' >/etc/merx/merx.conf &&"
              f" {program()} config; MERX_CONF= {program()} config")
    done = subprocess.run(["unshare", "--map-root-user", "--mount", "sh", "-c", script], text=True,
                          env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}, capture_output=True, check=False)
    if done.returncode != 0 and "unshare" in done.stderr:
        pytest.skip("no user namespaces here")
    lines = [line.split() for line in done.stdout.splitlines() if line.startswith("workers ")]
    assert lines == [["workers", "=", "7", "#", "file"], ["workers", "=", "0", "#", "default"]], done.stderr


def test_the_variable_of_the_file_is_no_unknown_setting(stack, tmp_path):
    (tmp_path / "empty.conf").write_text("")
    done = subprocess.run([program(), "check"], text=True, capture_output=True, check=False,
                          env=stack.environment(shop="x") | {"MERX_CONF": str(tmp_path / "empty.conf")})
    assert done.returncode == 0
    assert '"MERX_SHOP"' in done.stderr and "MERX_CONF" not in done.stderr


@pytest.mark.parametrize("option", ["-h", "--help", "help"])
def test_help(option):
    done = merx(option)
    assert done.returncode == 0 and done.stderr == "" and done.stdout.startswith("usage: merx ")


@pytest.mark.parametrize("option", ["-V", "--version", "version"])
def test_version(option):
    done = merx(option)
    assert done.returncode == 0 and re.fullmatch(r"merx \d+\.\d+\.\d+ build \S+ schema \d+\n", done.stdout), done


def test_what_runs_says_its_version(stack):
    """Status as text and as JSON, metrics and log have what `merx --version` prints."""
    line = merx("--version").stdout
    _, version, _, build, _, schema = line.split()
    assert stack.merx("status").stdout.startswith(line)
    told = status(stack)
    assert (told["version"], told["build"], told["schema"]) == (version, build, int(schema))
    info = f'merx_build_info{{version="{version}",build="{build}",schema="{schema}"}} 1\n'
    assert info in stack.merx("status", "metrics").stdout
    assert f'msg="starting" version={version} build={build} schema={schema} ' in stack.log()


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_of_each_command(option):
    """Also where the settings are no use."""
    names = re.findall(r"^  ([a-z-]+) ", merx("help").stdout, re.M)
    assert {"serve", "key", "jobs", "staff", "demo", "check"} <= set(names)
    for name in names:
        done = merx("-c", "/nonexistent", name, option)
        assert done.returncode == 0 and done.stderr == "" and done.stdout.startswith(f"usage: merx {name}"), done


def test_no_such_command():
    done = merx("sreve")
    assert done.returncode == 2 and done.stderr.startswith("merx: there is no command sreve\n")


# ---- migrations


def status_of(stack):
    done = stack.merx("migrate", "status", check=False)
    return done.returncode, done.stdout.splitlines()


def test_migrations_are_listed_and_compared(stack):
    code, lines = status_of(stack)
    assert code == 0 and len(lines) > 50 and all(" applied 20" in line for line in lines)
    assert lines[0].startswith("0001_account ")
    admin, newest = stack.admin(), len(lines)
    row = f"WHERE version = {newest}"
    sum_of = admin.value(f"SELECT HEX(sha256) FROM schema_migration {row}")
    admin.run(f"UPDATE schema_migration SET sha256 = REPEAT('x', 32) {row}")
    try:
        code, lines = status_of(stack)
        assert code == 1 and " has changed since it was applied" in lines[-1]
        done = stack.merx("check", check=False)
        assert done.returncode == 2 and done.stderr.startswith("migrations: ") and lines[-1] in done.stderr
    finally:
        admin.run(f"UPDATE schema_migration SET sha256 = x'{sum_of}' {row}")
    assert stack.merx("check").returncode == 0


def test_migrations_that_are_to_come(stack):
    """Of an empty schema, which the program's account may not make its own."""
    admin = stack.admin()
    admin.run("CREATE DATABASE merx_new; CREATE TABLE merx_new.schema_migration LIKE merx.schema_migration;"
              " GRANT SELECT ON merx_new.* TO 'merx'@'localhost'")
    try:
        done = stack.merx("migrate", "status", check=False, db_name="merx_new")
        assert done.returncode == 1
        assert all(line.endswith(" to be applied") for line in done.stdout.splitlines())
        done = stack.merx("migrate", "--dry-run", db_name="merx_new")
        assert done.stdout.startswith("-- 0001_account\nCREATE TABLE account (") and done.stdout.endswith(";\n")
        assert done.stdout.count("\n-- 0") == len(status_of(stack)[1]) - 1
        assert admin.value("SELECT COUNT(*) FROM merx_new.schema_migration") == "0", "P9: it has run nothing"
        done = stack.merx("migrate", check=False, db_name="merx_new")
        assert done.returncode == 1 and "denied" in done.stderr and "MERX_DB_USER" in done.stderr
    finally:
        admin.run("REVOKE SELECT ON merx_new.* FROM 'merx'@'localhost'; DROP DATABASE merx_new")
    done = stack.merx("migrate", "status", check=False, db_name="merx_new")
    assert done.returncode == 1 and done.stdout.startswith("the record of migrations cannot be read: ")


def test_privileges_of_a_schema_of_another_name(stack):
    """P12: roles.sql named the schema merx."""
    admin, roles = stack.admin(), (ROOT / "sql/roles.sql").read_text()
    admin.run("CREATE DATABASE merx_other CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;"
              " GRANT ALL ON merx_other.* TO 'merx_migrate'@'localhost'")
    try:
        stack.merx("migrate", db_name="merx_other", db_user="merx_migrate",
                   db_password_file=stack.run / "merx_migrate.password")
        assert stack.merx("check-sql", check=False, db_name="merx_other").returncode == 1
        admin.run(f"USE merx_other; {roles}")
        assert stack.merx("check-sql", db_name="merx_other").stdout == "ok\n"
        revoked = roles.replace("GRANT ", "REVOKE ").replace(" TO 'merx'@", " FROM 'merx'@")
        admin.run(f"USE merx_other; {revoked}")
    finally:
        admin.run("DROP DATABASE merx_other; REVOKE ALL ON merx_other.* FROM 'merx_migrate'@'localhost'")


def test_a_migration_that_is_under_way_is_told_of(stack):
    admin = stack.admin()
    admin.run("INSERT INTO schema_lease (id, owner, until_at) VALUES (1, 'x', UTC_TIMESTAMP(3) + INTERVAL 600 SECOND)")
    try:
        done = stack.merx("migrate", check=False, db_user="merx_migrate",
                          db_password_file=stack.run / "merx_migrate.password")
    finally:
        admin.run("DELETE FROM schema_lease")
    assert done.returncode == 1
    assert done.stderr == "another migration is running, or one has been killed: its lease ends within 60 s\n"


# ---- what the commands say


@pytest.mark.parametrize("args, why", [
    (("fst", "3"), "there is no pool fst; the pools are fast, slow, pay, staff"),
    (("fast", "3", "4"), None),
    (("0",), "the fast pool can have 1 to "),
    (("slow", "0"), "the slow pool can have 1 to "),
    (("5000",), "the fast pool can have 1 to "),
    (("+0",), "scale takes [POOL] and a number of workers, or +N, -N or auto"),
    (("-3000",), "the fast pool can have 1 to ")])
def test_scale_names_what_it_takes(stack, args, why):
    done = stack.merx("scale", *args, check=False)
    if why is None:
        assert done.returncode == 2 and done.stderr.startswith("usage: merx scale ")
    else:
        assert done.returncode == 1 and done.stderr.startswith(f"error: {why}"), done


@pytest.mark.parametrize("command", ["status", "reload", "stop", "scale", "drain", "resume"])
def test_a_program_that_does_not_run_is_said_to(tmp_path, command):
    control = tmp_path / "control.sock"
    args = [command, "3"] if command == "scale" else [command]
    done = merx(*args, MERX_CONTROL=str(control))
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr == f"merx is not running (no socket at {control})\n"


def test_a_full_disk_hides_no_answer(stack):
    """Nothing that an answer of the master takes lies on a disk."""
    def no_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    done = subprocess.run([program(), "status", "--json"], env=stack.environment(), text=True, capture_output=True,
                          check=False, timeout=60, preexec_fn=no_files)
    assert done.returncode == 0 and json.loads(done.stdout)["phase"] == "serving", done


def test_a_master_that_hangs_up_is_said_to(tmp_path):
    """However soon it does: whether the command could be sent any more or not."""
    path = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        hang_up = threading.Thread(target=lambda: [server.accept()[0].close() for _ in range(20)])
        hang_up.start()
        done = [merx("status", MERX_CONTROL=str(path)) for _ in range(20)]
        hang_up.join()
    assert {(d.returncode, d.stderr) for d in done} == {(1, "error: the master went away\n")}


def test_a_master_that_has_too_many_commands_says_so(stack):
    with contextlib.ExitStack() as held:
        for _ in range(16):
            held.enter_context(socket.socket(socket.AF_UNIX)).connect(stack.env["MERX_CONTROL"])
        done = stack.merx("status", check=False)
    assert (done.returncode, done.stderr) == (1, "error: too many commands at once\n")


def test_serve_names_the_directory_that_its_sockets_lack(tmp_path):
    done = merx("serve", MERX_CONTROL=f"{tmp_path}/none/control.sock")
    assert done.returncode == 2 and f"the directory {tmp_path}/none does not exist" in done.stderr


def test_jobs_of_another_name(stack):
    for verb in ("list", "retry"):
        done = stack.merx("jobs", verb, "foo", check=False)
        assert done.returncode == 2 and done.stderr.startswith("merx jobs: foo: no such job or failure\nusage: ")
        assert " order_expiry" in done.stderr
    done = stack.merx("jobs", "retry", "01890000-0000-7000-8000-000000000000", check=False)
    assert done.returncode == 1 and done.stderr == "merx jobs: there is no such failure (any more)\n"


# ---- what check warns of


def warnings(stack, **settings):
    """The warnings of a check that finds no error."""
    done = stack.merx("check", **settings)
    found = [line.removeprefix("warning: ") for line in done.stderr.splitlines() if line.startswith("warning: ")]
    assert done.stdout == (f"merx can start; see the warnings ({len(found)})\n" if found else "ok\n"), done
    return found


def test_check_warns_of_a_store_in_which_nobody_can_buy(stack):
    assert warnings(stack) == []
    (line,) = warnings(stack, sandbox_provider="off", manual_provider="off")
    assert line.startswith("no payment provider is on, so no order can be paid: set manual_provider = on ")
    for one in ("sandbox_provider", "manual_provider"):
        assert warnings(stack, **({"sandbox_provider": "off", "manual_provider": "off"} | {one: "on"})) == []
    (line,) = warnings(stack, currency="JPY")
    assert line.startswith("no active shipping method has a rate in JPY, so nothing can be ordered: create one by POST ")
    assert warnings(stack, currency="JPY", checkout_requires_shipping="off") == []
    admin = stack.admin()
    admin.run("CREATE TABLE tax_rate_kept AS SELECT * FROM tax_rate; DELETE FROM tax_rate;"
              " CREATE TABLE method_kept AS SELECT id, active FROM shipping_method;"
              " UPDATE shipping_method SET active = 0")
    try:
        found = warnings(stack)
    finally:
        admin.run("INSERT INTO tax_rate SELECT * FROM tax_rate_kept; DROP TABLE tax_rate_kept;"
                  " UPDATE shipping_method m JOIN method_kept k ON k.id = m.id SET m.active = k.active;"
                  " DROP TABLE method_kept")
    assert [line.split(":")[0] for line in found] == [
        "no active shipping method has a rate in EUR, so nothing can be ordered", "there is no tax rate"]


@pytest.mark.parametrize("settings, begins", [
    ({"shop_url": "https://merx.invalid"}, "shop_url is still https://merx.invalid: set it"),
    ({"mail_from": "shop@merx.invalid"}, "mail_from is still shop@merx.invalid: set it"),
    ({"mail_from": "shop"}, "mail_from is not a mail address"),
    ({"smtp_user": "shop"}, "smtp_user is set, but smtp_url is not"),
    ({"smtp_password_file": "/etc/hostname"}, "smtp_password_file is set, but smtp_url is not")])
def test_check_warns_of_settings_that_were_left(stack, settings, begins):
    (line,) = warnings(stack, **settings)
    assert line.startswith(begins)


def test_check_warns_of_the_issuer_of_the_defaults(stack):
    done = subprocess.run([program(), "check"], text=True, capture_output=True, check=True,
                          env=stack.environment() | {"MERX_ISSUER": "https://merx.invalid"})
    assert done.stderr == ("warning: issuer is still https://merx.invalid: set it; all tokens are void once it is"
                           " changed\n")


@pytest.mark.parametrize("grant", ["ALTER ON *.*", "CREATE ON merx.*", "DELETE ON merx.*", "DROP ON merx.audit_log",
                                   "UPDATE ON merx.audit_log", "DELETE ON merx.stock_move",
                                   "UPDATE (next_at) ON merx.audit_log", "UPDATE ON merx.schema_migration"])
def test_check_warns_of_an_account_that_may_do_more_than_its_roles(stack, grant):
    admin = stack.admin()
    admin.run(f"GRANT {grant} TO 'merx'@'localhost'")
    try:
        (line,) = warnings(stack)
    finally:
        admin.run(f"REVOKE {grant} FROM 'merx'@'localhost'")
    what = grant.replace(" (next_at)", "") + (".next_at" if "(" in grant else "")
    assert line == (f"the database account merx may change the schema or rewrite the audit log: {what}; revoke all its"
                    " privileges, then apply roles.sql")
    assert warnings(stack) == []


def test_check_of_a_database_that_is_down_does_not_say_ok(stack):
    (line,) = warnings(stack, db_socket="/nonexistent/db.sock")
    assert line.startswith("cannot reach the database: ") and line.endswith("; what is in it was not checked")


# ---- keys


def test_check_without_keys_tells_how_to_make_them(stack, tmp_path):
    for keys in (tmp_path / "none", tmp_path):
        done = stack.merx("check", check=False, keys=keys)
        assert done.returncode == 2 and re.search(r"^keys: .*: run `merx key new`$", done.stderr, re.M), done


NOBODY = 65534


@pytest.mark.skipif(os.geteuid() != 0, reason="gives files away as root")
def test_keys_that_root_makes_belong_to_the_owner_of_their_directory(tmp_path):
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o700)
    os.chown(keys, NOBODY, NOBODY)

    def owners():
        return {(path.stat().st_uid, path.stat().st_gid, path.stat().st_mode & 0o777) for path in keys.iterdir()}

    first = merx("key", "new", MERX_KEYS=str(keys)).stdout.strip()
    assert owners() == {(NOBODY, NOBODY, 0o600)}
    second = merx("key", "new", MERX_KEYS=str(keys)).stdout.strip()
    for args in (("new", "PII"), ("activate", second, "--force"), ("retire", first, "--force"), ("rotate-secret",),
                 ("prune", "--force")):
        done = merx("key", *args, MERX_KEYS=str(keys))
        assert done.returncode == 0, (args, done)
        assert owners() == {(NOBODY, NOBODY, 0o600)}, args


# ---- packages


def test_a_release_without_mysql_is_named(tmp_path):
    """Where the lists of packages have gcc and no MySQL; dpkg knows nothing as installed."""
    for name, text in (("dpkg-query", "exit 1"), ("apt-cache", '[ "$2" = gcc ]')):
        path = pathlib.Path(tmp_path / name)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
    done = subprocess.run([ROOT / "deploy/deps", "mysql"], check=False, text=True, capture_output=True,
                          env=os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"})
    assert done.returncode == 1 and "has no MySQL. Set MYSQLD=PATH" in done.stderr and "make test-mysql" in done.stderr


def test_serve_without_keys_says_so_once(stack, tmp_path):
    log = tmp_path / "log"
    done = stack.merx("serve", check=False, keys=tmp_path / "none", socket=tmp_path / "a", socket_slow=tmp_path / "b",
                      control=tmp_path / "c", log=log, workers=8, slow_workers=4)
    assert done.returncode == 2
    errors = [line for line in log.read_text().splitlines() if "level=error" in line]
    assert len(errors) == 1 and "run `merx key new`" in errors[0], errors
