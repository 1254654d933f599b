"""make install and make uninstall below a directory, as packagers use them. tests/systemd has a whole host."""
import os
import subprocess

import pytest

from client import ROOT, program

MOUNTED = "etc/nginx/merx/merx.conf"
SETTINGS = "etc/merx/merx.conf"
ROTATION = "etc/logrotate.d/merx"
EDITED = "# edited\n"


def merx(verb, there, **env):
    clean = {name: value for name, value in os.environ.items() if name not in ("MOUNT", "PURGE")}
    return subprocess.run([ROOT / "deploy/install", verb, there, "/usr/local", program()], check=False, text=True,
                          capture_output=True, env=clean | env)


def done(verb, there, **env):
    """Runs it, which has to succeed; returns the lines that it told."""
    result = merx(verb, there, **env)
    assert result.returncode == 0, result
    return result.stdout


def files(there):
    """Each file with whatever an installation could change of it."""
    return {str(path.relative_to(there)): (path.read_bytes(), path.stat().st_mode, path.stat().st_ino,
                                           path.stat().st_mtime_ns)
            for path in there.rglob("*") if path.is_file()}


def mount(there):
    line = next(line for line in (there / MOUNTED).read_text().splitlines() if line.startswith("location = "))
    return line.split()[2]


@pytest.fixture
def there(tmp_path):
    """A tree into which merx is installed at /shop/api."""
    done("install", tmp_path, MOUNT="/shop/api")
    return tmp_path


@pytest.mark.parametrize("place", ["shop/api", "/shop/", "/", "/shop api", "/shop//api", "/shop/../api"])
def test_a_mount_that_nginx_could_not_use_is_refused(tmp_path, place):
    result = merx("install", tmp_path, MOUNT=place)
    assert result.returncode == 1 and f"install: MOUNT={place}: it must begin with /" in result.stderr
    assert not list(tmp_path.iterdir())


def test_the_mount_is_remembered(there):
    """P7: plain `make install` moved the API back to /api."""
    done("install", there)
    assert mount(there) == "/shop/api"
    done("install", there, MOUNT="/api")
    done("install", there)
    assert mount(there) == "/api"


def test_the_mount_of_an_installation_that_did_not_write_it_down(there):
    (there / "usr/local/share/merx/mount").unlink()
    done("install", there)
    assert mount(there) == "/shop/api"


def test_a_second_installation_changes_nothing(there):
    before = files(there)
    done("install", there)
    assert files(there) == before


def test_the_default_mount(tmp_path):
    done("install", tmp_path)
    assert mount(tmp_path) == "/api"


@pytest.mark.parametrize("name", [MOUNTED, SETTINGS])
def test_what_was_edited_stays(there, name):
    """P7: edited snippets were reverted without a word. The mount stands for whatever a release changes."""
    path, new = there / name, there / f"{name}.merx-new"
    path.write_text(EDITED)
    done("install", there)
    assert path.read_text() == EDITED and not new.exists(), "there is no new version"
    kept = there / "usr/local/share/merx" / name
    kept.write_text("the version of the release before\n")
    told = done("install", there)
    assert path.read_text() == EDITED and f"{path} was edited and stays so; the new version is {new}" in told
    assert new.read_text() == kept.read_text() != EDITED
    assert done("install", there).count("stays so") == 0, "it is told once a version"
    new.rename(path)
    done("install", there)
    assert path.read_text() == kept.read_text() and not new.exists()


def test_what_was_not_edited_is_replaced(there):
    path, kept = there / MOUNTED, there / "usr/local/share/merx" / MOUNTED
    for copy in (path, kept):
        copy.write_text("the version of the release before\n")
    assert "stays so" not in done("install", there)
    assert mount(there) == "/shop/api" and path.read_text() == kept.read_text()
    assert not list(there.rglob("*.merx-new"))


def test_what_was_deleted_stays_away(there):
    (there / MOUNTED).unlink()
    told = done("install", there)
    assert f"{there / MOUNTED} was deleted and stays so" in told
    assert not (there / MOUNTED).exists() and (there / f"{MOUNTED}.merx-new").exists()


def test_logrotate_never_reads_a_version_beside_its_file(there):
    (there / ROTATION).write_text(EDITED)
    kept = there / "usr/local/share/merx" / ROTATION
    kept.write_text("the version of the release before\n")
    told = done("install", there)
    assert f"the new version is {kept}\n" in told
    assert [path.name for path in (there / ROTATION).parent.iterdir()] == ["merx"]
    assert kept.read_text() == (ROOT / "deploy/logrotate.conf").read_text()


def test_the_program_before_is_kept(there):
    path = there / "usr/local/bin/merx"
    path.write_text("the program of the release before\n")
    done("install", there)
    assert (there / "usr/local/lib/merx/merx.previous").read_text() == "the program of the release before\n"
    assert path.read_bytes() == program().read_bytes()
    done("install", there)
    assert (there / "usr/local/lib/merx/merx.previous").read_text() == "the program of the release before\n"


def test_uninstalling_leaves_what_is_the_operators(there):
    (there / SETTINGS).write_text(EDITED)
    (there / "etc/merx/keys/server.secret").write_text("secret")
    told = done("uninstall", there)
    assert "left as they are: the settings and keys in" in told
    left = {name.split("/")[0] if name.startswith("etc") else name for name in files(there)}
    assert left == {"etc", *(f"usr/local/share/merx/{name}" for name in files(there / "usr/local/share/merx"))}
    assert (there / SETTINGS).read_text() == EDITED and (there / "etc/merx/keys/server.secret").exists()
    done("uninstall", there)
    done("install", there)
    assert mount(there) == "/shop/api" and (there / SETTINGS).read_text() == EDITED


def test_purging_takes_all_of_it(there):
    told = done("uninstall", there, PURGE="1")
    assert files(there) == {} and "the database, its accounts and the account merx stay" in told


def test_purging_is_refused_while_nginx_includes_it(there):
    """nginx would not start any more, with all the sites that it serves."""
    site = there / "etc/nginx/sites-enabled/shop"
    site.parent.mkdir()
    site.write_text("server {\n    include merx/merx.conf;\n}\n")
    before = files(there)
    result = merx("uninstall", there, PURGE="1")
    assert result.returncode == 1 and f"out of {site}" in result.stderr
    assert files(there) == before
    site.write_text("server {\n    # include merx/merx.conf;\n}\n")
    done("uninstall", there, PURGE="1")
