"""Metrics as a scraper reads them: of the workers through nginx, and of the master on its own socket."""
import re
import socket

from client import PATIENCE_S, Api

SAMPLE = re.compile(r'^([a-z_]+)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'([a-z_]+)="([^"]*)"')
OPENMETRICS = "application/openmetrics-text"


def parse(text):
    """{(name, ((label, value), ...) in order of labels): number}; a line that is none of the format fails."""
    samples = {}
    for line in text.splitlines():
        if line.startswith("# "):
            continue
        name, labels, value = SAMPLE.match(line).groups()
        key = name, tuple(sorted(LABEL.findall(labels or "")))
        assert key not in samples, line
        samples[key] = float(value)
    return samples


def value(samples, name, **labels):
    return samples.get((name, tuple(sorted(labels.items()))))


def through_nginx(stack, accept="text/plain"):
    api, site = Api(stack), stack.env["MERX_URL"].removesuffix("/api")
    answer = api.http.get(site + "/metrics", timeout=PATIENCE_S, headers={"Accept": accept})
    assert answer.status_code == 200, answer.text
    return answer


def of_master(path, accept="text/plain", request="GET /metrics HTTP/1.1"):
    """(head, body) of the answer on the unix socket."""
    with socket.socket(socket.AF_UNIX) as wire:
        wire.settimeout(PATIENCE_S)
        wire.connect(str(path))
        wire.sendall(f"{request}\r\nHost: merx\r\nACCEPT: {accept}\r\n\r\n".encode())
        received = b""
        while part := wire.recv(65536):
            received += part
    head, _, body = received.decode().partition("\r\n\r\n")
    return head, body
