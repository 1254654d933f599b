"""The installation of README.md and all of deploy/OPERATIONS.md, as they are written."""
import json
import re

import pytest

import documents
import machine as machines

CHAPTER = "deploy/OPERATIONS.md"
SHOP = "https://shop.example.com"


def test_a_bare_host_is_told_what_is_missing(machine, watch):
    """P6: it was told `gcc: not found`."""
    machine.run("sudo apt-get install -y make")
    done = machine.try_run("make B=/tmp/build")  # flags of a bare host are others
    assert done.returncode != 0 and "missing packages: gcc " in done.stdout and " libfcgi-dev " in done.stdout
    assert "deploy/deps build installs what merx is built with" in done.stdout


def test_the_installation(installed):
    """P6: after README's commands the API answers behind the site that was there."""
    assert json.loads(installed.run(f"curl -fsS {SHOP}/api/v1/readyz"))["status"] == "ok"
    assert json.loads(installed.run(f"curl -fsS {SHOP}/api/v1/products"))["data"] == []
    assert installed.run("systemctl is-active merx merx-jobs").split() == ["active", "active"]


def test_mail_is_stored(installed):
    """P6: the directory for mail as files is there, and the units may write to it."""
    installed.run(f"curl -fsS {SHOP}/api/v1/auth/register -H 'Content-Type: application/json'"
                  " -d '{\"email\":\"a@example.com\",\"password\":\"a long pass phrase of mine\",\"name\":\"Ada\"}'")
    machines.until(lambda: installed.run("sudo ls /var/lib/merx/mail"), "the mail is stored")


def test_files_belong_to_whom_the_chapter_says(installed):
    """The table of the section Secrets."""
    rows = re.findall(r"^\| `(/etc/merx/\S+)` \| (\w+:\w+) (\d+)", (machines.ROOT / CHAPTER).read_text(), re.M)
    assert len(rows) == 4
    for path, owner, mode in rows:
        assert installed.run(f"sudo stat -c '%U:%G 0%a' {path}").strip() == f"{owner} {mode}", path
    assert set(installed.run("sudo find /etc/merx/keys -type f -printf '%u:%g %m\\n'").splitlines()) == {
        "merx:merx 600"}


def test_installing_again_changes_nothing(installed):
    """P7."""
    listed = ("sudo find /etc/merx /etc/nginx/merx /etc/logrotate.d /usr/local /var/lib/merx -printf"
              " '%p %u:%g %m %i %T@\\n' | sort")
    before = installed.run(listed)
    told = installed.run("sudo make install")
    assert installed.run(listed) == before and "mounted at /api" in told and "stays so" not in told


def test_a_missing_account_of_views_is_named(installed):
    """P12: after a restore without merx_migrate the server says that merx is denied."""
    migrator, away = "'merx_migrate'@'localhost'", "'away'@'localhost'"
    installed.run(f"sudo mariadb -e \"RENAME USER {migrator} TO {away}\"")
    try:
        done = installed.try_run("sudo -u merx merx check")
        assert done.returncode == 2
        assert "database: views of the schema have the rights of the account that ran the migrations" in done.stdout
    finally:
        installed.run(f"sudo mariadb -e \"RENAME USER {away} TO {migrator}\"")
    installed.run("sudo -u merx merx check")


@pytest.fixture(scope="module")
def next_release(installed):
    """The source is that of a release to come: another version, and a migration more."""
    number = len(list((machines.ROOT / "sql/migrations").glob("*.sql"))) + 1
    installed.run("sed -i 's/^#define VERSION .*/#define VERSION \"99.0.0\"/' cgi-bin/cmd_admin.c")
    installed.run(f"echo \"ALTER TABLE account COMMENT 'of 99.0.0';\" >sql/migrations/{number:04}_account_comment.sql")
    return installed


def is_of_version(there, new):
    assert ("99.0.0" in there.run("merx version")) == new
    assert json.loads(there.run(f"curl -fsS {SHOP}/api/v1/readyz"))["status"] == "ok"


def is_uninstalled(there):
    """The operator's files are there, the site goes on, and the API says that it is away."""
    there.run("! command -v merx && ! systemctl cat merx && sudo test -f /etc/merx/keys/server.secret"
              " && sudo nginx -t")
    assert there.run(f"curl -sS -o /dev/null -w '%{{http_code}}' {SHOP}/api/v1/healthz") == "503"
    assert there.run(f"curl -fsS {SHOP}/") == "This is shop.example.com.\n"


def is_purged(there):
    there.run("sudo nginx -t && for gone in /etc/merx /etc/nginx/merx /etc/logrotate.d/merx /var/lib/merx"
              " /usr/local/share/merx; do [ ! -e $gone ] || exit 1; done")
    assert there.run("sudo mariadb -N -e 'SELECT COUNT(*) FROM merx.account'").strip() == "1", "the database stays"


# Conditions after a block, by its section and how many blocks of that follow.
CHECKS = {
    ("Upgrade", 0): lambda there: is_of_version(there, True),
    ("Rollback", 0): lambda there: is_of_version(there, False),
    ("Uninstall", 1): is_uninstalled,
    ("Uninstall", 0): is_purged,
}


@pytest.mark.parametrize("section", documents.sections(CHAPTER))
def test_operations(next_release, section):
    """P6: every command of the chapter succeeds, in its order."""
    blocks = documents.blocks(CHAPTER, section)
    for left, block in zip(reversed(range(len(blocks))), blocks):
        documents.carry_out(next_release, block)
        CHECKS.get((section, left), lambda there: None)(next_release)


def test_the_other_sites_notice_nothing(installed, watch):
    noticed = watch.noticed()
    assert noticed["asked"] > 1000 and noticed["others"] == 0, noticed
