"""Asks sites over TLS, each time on a new connection, until standard input ends: probe.py CA NAME...
Then prints how often it asked, and each answer that differs from the first of its site."""
import json
import select
import socket
import ssl
import sys

PAUSE_S = 0.02
TIMEOUT_S = 60
CHANGES = ("date",)
KEPT = 20


def ask(context, name):
    """Whatever a client sees of a site: protocol, cipher, certificate, status, headers and body."""
    with socket.create_connection(("127.0.0.1", 443), TIMEOUT_S) as plain:
        with context.wrap_socket(plain, server_hostname=name) as s:
            s.sendall(f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
            answer = b"".join(iter(lambda: s.recv(65536), b"")).decode()
            head, _, body = answer.partition("\r\n\r\n")
            lines = [line for line in head.split("\r\n") if line.split(":")[0].lower() not in CHANGES]
            return [s.version(), s.cipher()[0], s.getpeercert(True).hex()[:64], lines, body]


def told(context, name):
    try:
        return ask(context, name)
    except (OSError, ValueError) as e:
        return repr(e)


def main():
    ca, names = sys.argv[1], sys.argv[2:]
    context = ssl.create_default_context(cafile=ca)
    first = {name: ask(context, name) for name in names}
    for name, seen in first.items():
        assert seen[3][0] == "HTTP/1.1 200 OK" and seen[4] == f"This is {name}.\n", seen
    print("begun", flush=True)
    asked, others = 0, []
    while not select.select([sys.stdin], [], [], PAUSE_S)[0]:
        for name in names:
            asked += 1
            seen = told(context, name)
            if seen != first[name]:
                others.append([name, seen])
    print(json.dumps({"asked": asked, "others": len(others), "examples": others[:KEPT]}))


main()
