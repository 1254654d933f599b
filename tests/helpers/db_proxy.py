"""A socket in front of the database that can fail a command, such as COMMIT: before the server saw it,
or after it was carried out and before the worker hears of it."""
import contextlib
import os
import socket
import struct
import threading

from client import PATIENCE_S

COM_QUERY = 3
UNANSWERED = {0x01, 0x18, 0x19}  # COM_QUIT, COM_STMT_SEND_LONG_DATA, COM_STMT_CLOSE


class DbProxy:
    """Listens on `path` and forwards to `target`. `at_commit(forward)` is asked at each COMMIT: it may
    call forward() (the server carries it out), and returns True to relay the answer, False to cut.
    peer_pid is then the worker that sent it. `at_command(forward)` is asked at each command instead. While
    it is `mute`, nobody greets those who connect."""

    def __init__(self, path, target):
        self.path, self.target = str(path), target
        self.at_commit = self.at_command = self.peer_pid = None
        self.mute, self.ignored = False, []
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if self.mute:
                self.ignored.append(client)
                continue
            server = socket.socket(socket.AF_UNIX)
            server.connect(self.target)
            threading.Thread(target=self._serve, args=(client, server), daemon=True).start()

    def _serve(self, client, server):
        held = threading.Event()  # set: the server's answer is ours, not the client's
        back = threading.Thread(target=self._back, args=(client, server, held), daemon=True)
        back.start()
        with contextlib.suppress(OSError):
            while packet := read_packet(client):
                hook = self.at_command if is_command(packet) else None
                if self.at_commit and is_commit(packet):
                    hook = self.at_commit
                if not hook:
                    server.sendall(packet)
                elif not self._ask(hook, client, server, packet, held):
                    break
        close(client)
        close(server)

    def _ask(self, hook, client, server, packet, held):
        def forward():
            held.answered = threading.Event()
            held.set()
            server.sendall(packet)
            assert held.answered.wait(PATIENCE_S)

        self.peer_pid = peer_pid(client)
        relay = hook(forward)
        if relay:
            held.clear()
            server.sendall(packet)
        return relay

    def _back(self, client, server, held):
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                if held.is_set():
                    held.answered.set()
                else:
                    client.sendall(data)
        close(client)

    def close(self):
        close(self.listener)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)


def close(sock):
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
    sock.close()


def peer_pid(sock):
    """Process at the other end of a unix socket."""
    return struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]


def read_packet(sock):
    """One packet of the MySQL protocol with its header, b"" at the end."""
    head = read_exactly(sock, 4)
    return head and head + read_exactly(sock, int.from_bytes(head[:3], "little"))


def read_exactly(sock, n):
    data = b""
    while len(data) < n:
        chunk = sock.recv(n - len(data))
        if not chunk:
            return b""
        data += chunk
    return data


NO_ATTRIBUTES = b"\0\1"  # MySQL's library says how many query attributes stand before the text


def is_command(packet):
    """A command that the server answers."""
    return packet[3] == 0 and len(packet) > 4 and packet[4] not in UNANSWERED


def is_commit(packet):
    text = packet[5:].removeprefix(NO_ATTRIBUTES).strip().upper()
    return packet[3] == 0 and packet[4:5] == bytes([COM_QUERY]) and text == b"COMMIT"
