"""A database server that turns on its client: asked for a file of ours, the client library gives
nothing; and what a client says of itself when it signs in."""
import contextlib
import socket
import threading

import pytest

from client import PATIENCE_S
from db_proxy import close, read_packet

PROTOCOL_41, MULTI_STATEMENTS = 0x200, 0x10000
SERVER = 0xFFFFFFFF & ~0x800  # everything but TLS
CANARY = "canary-of-a-rogue-server"


def packet(number, body):
    return len(body).to_bytes(3, "little") + bytes([number]) + body


def greeting():
    """Handshake, version 10, that offers every capability."""
    flags = SERVER.to_bytes(4, "little")
    return packet(0, b"\x0a8.0.0-rogue\0" + (1).to_bytes(4, "little") + b"a" * 8 + b"\0" + flags[:2]
                  + b"\x2d\x02\x00" + flags[2:] + b"\x15" + b"\0" * 10 + b"b" * 12 + b"\0"
                  + b"caching_sha2_password\0")


PASSWORD_KNOWN = b"\x01\x03"  # and right: no more is asked
OK = b"\0\0\0\x02\0\0\0"
END = b"\0\0\0"  # the length of the packet at the end of a file


class Rogue:
    """Answers the first statement with a request for the file `wanted`."""

    def __init__(self, path, wanted):
        self.wanted, self.login, self.got = wanted, b"", b""
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(8)
        self.asked = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                with contextlib.suppress(OSError):
                    client.settimeout(PATIENCE_S)
                    self._serve(client)
                close(client)

    def _serve(self, client):
        client.sendall(greeting())
        self.login = read_packet(client)[4:]
        client.sendall(packet(2, PASSWORD_KNOWN) + packet(3, OK))
        read_packet(client)
        client.sendall(packet(1, b"\xfb" + str(self.wanted).encode()))
        self.asked.set()
        while self.got[-4:-1] != END and (data := client.recv(65536)):
            self.got += data


@pytest.mark.req("SQL-2")
def test_a_file_is_not_given_away(stack, tmp_path):
    wanted = tmp_path / "secret"
    wanted.write_text(CANARY)
    rogue = Rogue(tmp_path / "db", wanted)
    done = stack.merx("staff", "list", check=False, db_socket=tmp_path / "db")
    assert rogue.asked.wait(PATIENCE_S) and done.returncode == 1
    assert CANARY.encode() not in rogue.got
    close(rogue.listener)


@pytest.mark.req("SQL-2")
def test_what_a_connection_can_do(stack, tmp_path):
    rogue = Rogue(tmp_path / "db", "/nothing")
    stack.merx("staff", "list", check=False, db_socket=tmp_path / "db")
    assert rogue.asked.wait(PATIENCE_S)
    flags = int.from_bytes(rogue.login[:4], "little")
    assert flags & PROTOCOL_41 and not flags & MULTI_STATEMENTS
    assert rogue.login[8] in (45, 46, 224, 255)  # a collation of utf8mb4
    close(rogue.listener)
