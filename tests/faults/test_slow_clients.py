"""Clients that send a part of a request and stay, or do not read their answer: others are served, nothing of
a half request is run, and it ends after its time. A peer cannot vanish without a word here: the socket is a
unix socket, whose other end the kernel closes with its last process."""
import contextlib
import http.client
import json
import socket
import ssl

import fcgi_client as fcgi
import pytest
from client import PATIENCE_S, Api, children, until
from load import NginxErrors, Waiting, status, stopped, workers
from shop import make_product, variant_ids

PEERS = 20


@pytest.fixture(scope="module")
def stack(module_stack):
    """Workers wait for two seconds for a peer's next bytes, nginx one for a client's."""
    stack = module_stack("slow-clients", workers=2, slow_workers=1, db_statement_timeout_ms=1500,
                         db_connect_timeout_s=1, queue_age_max_ms=5000, request_timeout_ms=8000)
    stack.change_nginx("../site.conf", {"client_body_timeout 10s": "client_body_timeout 1s",
                                        "send_timeout 10s": f"send_timeout {PATIENCE_S}s"})
    return stack


@pytest.fixture(scope="module")
def line(stack):
    made = make_product(Api(stack).staff(), stock=1_000_000)
    return {"variant_id": variant_ids(made)[0], "quantity": 1}


@pytest.fixture
def guest(stack):
    return Api(stack).guest()


def connect(stack, buffer=None):
    """A TLS connection to nginx."""
    plain = socket.socket()
    if buffer:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    plain.settimeout(PATIENCE_S)
    plain.connect(("127.0.0.1", stack.port))
    return ssl.create_default_context(cafile=stack.env["MERX_CA"]).wrap_socket(plain, server_hostname="127.0.0.1")


def ends(wire):
    """It is closed, in whatever way."""
    with contextlib.suppress(ssl.SSLError, ConnectionError):
        while wire.recv(65536):
            pass
    wire.close()


def others_are_served(stack, line):
    other = Api(stack).guest()
    for _ in range(5):
        assert other.post("/v1/cart/items", line).status_code == 201
        assert Api(stack).get("/v1/products?limit=2").status_code == 200
        assert Api(stack).get("/v1/healthz").status_code == 200


def assert_nothing_run(stack, guest):
    assert guest.get("/v1/cart").json()["items"] == []
    assert (status(stack)["died"], status(stack)["killed"]) == (0, 0)


def test_half_a_body_by_way_of_nginx(stack, guest, line):
    """No worker ever hears of it."""
    body = json.dumps(line).encode()
    head = (f"POST /api/v1/cart/items HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {guest.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body) + 1}\r\n\r\n").encode()
    wires = [connect(stack) for _ in range(PEERS)]
    for wire in wires:
        wire.sendall(head + body)
    others_are_served(stack, line)
    for wire in wires:
        ends(wire)
    assert f"actor={guest.id}" not in stack.log()
    assert_nothing_run(stack, guest)


def test_an_answer_that_is_not_read(stack, line):
    """nginx keeps it; the worker is free, and the client has all of it whenever it reads on."""
    whole = Api(stack).get("/v1/openapi.json").content
    wires = [connect(stack, buffer=4096) for _ in range(PEERS)]
    for wire in wires:
        wire.sendall(b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n")
    others_are_served(stack, line)
    until(lambda: not workers(stack, state="busy"), what="no worker is held up")
    for wire in wires:
        answer = http.client.HTTPResponse(wire)
        answer.begin()
        assert answer.status == 200 and answer.read() == whole
        wire.close()
    assert (status(stack)["died"], status(stack)["killed"]) == (0, 0)


@pytest.mark.parametrize("part", ["head", "parameters", "body"])
def test_half_a_request_to_a_worker(stack, guest, line, part):
    """One of the two workers waits for the rest; the other one serves."""
    body = json.dumps(line).encode()
    head = fcgi.begin() + fcgi.stream(fcgi.PARAMS, fcgi.pairs(fcgi.params(
        "/v1/cart/items", "POST", body, HTTP_AUTHORIZATION=f"Bearer {guest.token}")))
    sent = {"head": head[:12], "parameters": head[:-9], "body": head + fcgi.record(fcgi.STDIN, body)[:-1]}[part]
    with fcgi.Connection(stack.env["MERX_SOCKET"]) as c:
        c.send(sent)
        others_are_served(stack, line)
        with pytest.raises(fcgi.Dropped):
            assert c.answer().status >= 400
            c.answer()
    assert_nothing_run(stack, guest)


def test_a_web_server_that_stands_still(stack, line):
    """An answer waits for it, and no worker does; when it goes on, the client has what was done."""
    errors = NginxErrors(stack)
    with Waiting(stack, line["variant_id"], all_busy=False) as waiting:
        with stopped(children(stack.pid("nginx"))):
            waiting.release()
            until(lambda: not workers(stack, state="busy"), what="the worker is free")
            assert fcgi.get(stack.env["MERX_SOCKET"]).status == 200
        assert [code for code, _ in waiting.answers()] == [201]
        assert waiting.quantities(stack.db()) == [2]
    assert not errors.timed_out()
    others_are_served(stack, line)
