"""Makes guests of the shop, on kept connections, until standard input ends: guests.py CA THREADS. Prints "begun" after
the first answer, at the end how many were made and what failed."""
import http.client
import json
import socket
import ssl
import sys
import threading

SHOP = "shop.example.com"
TIMEOUT_S = 120
KEPT = 10


def connect(context):
    connection = http.client.HTTPConnection(SHOP)
    connection.auto_open = 0
    connection.sock = context.wrap_socket(
        socket.create_connection(("127.0.0.1", 443), TIMEOUT_S), server_hostname=SHOP)
    return connection


class Maker(threading.Thread):
    def __init__(self, context, over, begun):
        super().__init__()
        self.context, self.over, self.begun = context, over, begun
        self.made, self.failed = 0, []

    def run(self):
        connection = None
        while not self.over.is_set():
            try:
                connection = connection or connect(self.context)
                connection.request("POST", "/api/v1/auth/guest", headers={"Content-Length": "0"})
                answer = connection.getresponse()
                body = answer.read()
                assert answer.status == 201, f"{answer.status} {body[:200]}"
                self.made += 1
                if answer.will_close:  # nginx ends a connection after so many requests
                    connection = None
            except (AssertionError, OSError, http.client.HTTPException) as e:
                self.failed.append(repr(e))
                connection = None
                self.over.wait(0.1)
            self.begun.set()


def main():
    context = ssl.create_default_context(cafile=sys.argv[1])
    over, begun = threading.Event(), threading.Event()
    makers = [Maker(context, over, begun) for _ in range(int(sys.argv[2]))]
    for one in makers:
        one.start()
    begun.wait()
    print("begun", flush=True)
    sys.stdin.read()
    over.set()
    for one in makers:
        one.join()
    failed = [text for one in makers for text in one.failed]
    print(json.dumps({"made": sum(one.made for one in makers), "failed": len(failed), "examples": failed[:KEPT]}))


main()
