"""A raw FastCGI client that can be as rude as needed: it sends any part of a request, in any shape,
and reads what comes back record by record."""
import socket
import struct

from client import PATIENCE_S

BEGIN, ABORT, END, PARAMS, STDIN, STDOUT, STDERR = range(1, 8)
KEEP = 1


def record(kind, content=b"", request_id=1):
    return struct.pack(">BBHHBB", 1, kind, request_id, len(content), 0, 0) + content


def begin(keep=False, role=1, request_id=1):
    return record(BEGIN, struct.pack(">HB5x", role, KEEP if keep else 0), request_id)


def length(n):
    return bytes([n]) if n < 128 else struct.pack(">I", n | 0x80000000)


def pair(name, value):
    name, value = name.encode(), value.encode()
    return length(len(name)) + length(len(value)) + name + value


def pairs(params):
    return b"".join(pair(name, value) for name, value in params.items())


def stream(kind, data, request_id=1):
    """The records of a whole stream, the empty one at its end included."""
    parts = [data[i : i + 32768] for i in range(0, len(data), 32768)]
    return b"".join(record(kind, part, request_id) for part in parts) + record(
        kind, b"", request_id
    )


def params(path="/v1/healthz", method="GET", body=b"", **more):
    """Parameters as nginx sends them, the sentinel last. A parameter given as None is left out."""
    path, _, query = path.partition("?")
    all_of_them = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "/api",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "REQUEST_URI": "/api" + path + ("?" + query if query else ""),
        "CONTENT_TYPE": "application/json" if body else "",
        "CONTENT_LENGTH": str(len(body)) if body else "",
        "REMOTE_ADDR": "127.0.0.1",
    }
    all_of_them.update(more)
    sentinel = all_of_them.pop("MX_PARAMS_END", "1")
    if sentinel is not None:
        all_of_them["MX_PARAMS_END"] = sentinel
    return {name: value for name, value in all_of_them.items() if value is not None}


def request(path="/v1/healthz", method="GET", body=b"", keep=False, **more):
    """All bytes of one request."""
    return (
        begin(keep)
        + stream(PARAMS, pairs(params(path, method, body, **more)))
        + stream(STDIN, body)
    )


class Dropped(Exception):
    """The connection ended before an answer did."""


class Answer:
    def __init__(self, out):
        head, _, self.body = out.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        self.headers = {}
        for line in lines:
            name, _, value = line.partition(": ")
            self.headers[name.lower()] = value
        self.status = int(self.headers["status"].split()[0])


class Connection:
    """One connection to a worker."""

    def __init__(self, path, timeout=PATIENCE_S):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(timeout)
        self.sock.connect(str(path))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data)

    def _exactly(self, n):
        data = b""
        while len(data) < n:
            try:
                part = self.sock.recv(n - len(data))
            except ConnectionResetError:
                part = b""
            if not part:
                raise Dropped(data)
            data += part
        return data

    def answer(self):
        """Read records up to the end of the request."""
        out = b""
        while True:
            _, kind, _, size, padding, _ = struct.unpack(">BBHHBB", self._exactly(8))
            content = self._exactly(size + padding)[:size]
            if kind == STDOUT:
                out += content
            elif kind == END:
                return Answer(out)

    def get(self, path="/v1/healthz", **more):
        self.send(request(path, **more))
        return self.answer()

    def closed(self):
        """Wait until the peer closes; False when it sends something instead."""
        try:
            return self.sock.recv(1) == b""
        except ConnectionResetError:
            return True


def get(path, *args, **more):
    """One request on a connection of its own."""
    with Connection(path) as c:
        return c.get(*args, **more)
