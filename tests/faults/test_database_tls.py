"""The database by its host name: nothing is said before the server has shown a certificate of the named
authority for that very name. And the password method of MySQL, on the socket and over TLS."""
import os
import signal
import socket

import pytest
from client import free_port
from load import Server
from smtp_server import Authority

TLS_FAILED = "errno=2026"
on_mysql = pytest.mark.skipif(os.environ.get("DB") != "mysql", reason="MariaDB has no such password")


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    made = Authority(tmp_path_factory.mktemp("tls") / "ca")
    made.context("localhost")
    return made


@pytest.fixture(scope="module")
def stack(module_stack, authority):
    """A stack whose server, called localhost, listens on a port too; the port is stack.db_port."""
    try:
        socket.gethostbyname("localhost")
    except OSError:
        pytest.skip("localhost has no address here")
    own = module_stack("tls", workers=1, slow_workers=1)
    own.db_port = free_port()
    server, where = Server(own), authority.directory
    at = server.command.index(b"--skip-networking")
    server.command[at : at + 1] = [
        os.fsencode(option) for option in (
            "--bind-address=127.0.0.1,127.0.0.2", f"--port={own.db_port}", f"--ssl-ca={authority.ca}",
            f"--ssl-cert={where / 'cert.pem'}", f"--ssl-key={where / 'key.pem'}")]
    server.end(signal.SIGTERM)
    server.start()
    password = (own.run / "merx.password").read_text().strip()
    own.admin().run(f"CREATE USER 'merx'@'127.%' IDENTIFIED BY '{password}';"
                    " GRANT SELECT ON merx.* TO 'merx'@'127.%'")
    return own


def reach(stack, host="localhost", **settings):
    """Does a program reach the database there? What it said when it did not."""
    before = len(stack.log())
    done = stack.merx("staff", "list", check=False, db_host=host, db_port=stack.db_port, **settings)
    assert (done.returncode == 0) == (stack.env["MERX_STAFF_EMAIL"] in done.stdout), done.stderr
    return done.returncode == 0, (done.stderr + stack.log()[before:]).lower()


def test_by_its_name(stack, authority):
    assert reach(stack, db_tls_ca=authority.ca)[0]


def test_another_name_is_refused(stack, authority):
    """Its address is not in the certificate. MariaDB's library has 127.0.0.1 pass for localhost."""
    reached, said = reach(stack, host="127.0.0.2", db_tls_ca=authority.ca)
    assert not reached and TLS_FAILED in said


def test_another_authority_is_refused(stack, tmp_path):
    reached, said = reach(stack, db_tls_ca=Authority(tmp_path / "ca").ca)
    assert not reached and TLS_FAILED in said


def test_without_an_authority_nothing_is_tried(stack):
    reached, said = reach(stack)
    assert not reached and "db_tls_ca" in said


@on_mysql
@pytest.mark.parametrize("how", ["socket", "tls"])
def test_caching_sha2_password(stack, authority, how):
    """Whole, as the server asks for it once, and then by what it remembers."""
    host = "127.%" if how == "tls" else "localhost"
    owner = stack.admin()
    assert owner.value("SELECT plugin FROM mysql.user WHERE user = 'merx'"
                       f" AND host = '{host}'") == "caching_sha2_password"
    owner.run("FLUSH PRIVILEGES")  # it forgets
    for _ in range(2):
        if how == "tls":
            assert reach(stack, db_tls_ca=authority.ca)[0]
        else:
            assert stack.merx("staff", "list").returncode == 0
