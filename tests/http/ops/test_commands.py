"""The program's commands as an operator calls them: where settings come from, and what a fault in them
disarms."""
import subprocess

import pytest
from client import program


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
    why = "file line 1: workers must be an integer from 0 to 1024\n"
    status = merx("-c", bad, "status")
    assert status.returncode == 0 and "fast" in status.stdout and status.stderr == why
    scale = merx("-c", bad, "scale", "0")
    assert scale.returncode == 1 and scale.stderr == f"{why}error: scale takes [POOL] and a number of workers, or +N or -N\n"


@pytest.mark.parametrize("command", ["config", "check", "serve", "migrate", "key"])
def test_a_bad_line_is_said(settings, command):
    done = merx("-c", settings("workers = many"), command)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr == "file line 1: workers must be an integer from 0 to 1024\n"


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
    assert done.returncode == 0 and done.stdout.startswith("merx ") and " schema " in done.stdout


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
        done = stack.merx("migrate", check=False, db_name="merx_new")
        assert done.returncode == 1 and "denied" in done.stderr and "MERX_DB_USER" in done.stderr
    finally:
        admin.run("REVOKE SELECT ON merx_new.* FROM 'merx'@'localhost'; DROP DATABASE merx_new")
    done = stack.merx("migrate", "status", check=False, db_name="merx_new")
    assert done.returncode == 1 and done.stdout.startswith("the record of migrations cannot be read: ")
