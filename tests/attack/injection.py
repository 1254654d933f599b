"""SQL-1: other people's scanners against every route, with a sound value in each member."""
import concurrent.futures
import http.server
import json
import os
import sqlite3
import subprocess
import sys
import threading
import urllib.parse


import rig
from client import follow

LEVEL = os.environ.get("ATTACK_LEVEL", "1")
SAMPLES = {
    "email": "ada@example.com", "uuid": "01890a5d-ac96-774b-bcce-b302099a8057",
    "date-time": "2026-01-01T00:00:00.000Z",
}


# ---- a request of each operation


class Routes:
    def __init__(self, document):
        self.document = document

    def value(self, schema):
        schema = follow(self.document, schema)
        for several in ("oneOf", "anyOf", "allOf"):
            if several in schema:
                return self.value(schema[several][0])
        kind = schema.get("type", "string")
        kind = kind[0] if isinstance(kind, list) else kind
        if "enum" in schema:
            return schema["enum"][0]
        if kind == "object":
            return {n: self.value(m) for n, m in schema.get("properties", {}).items()}
        if kind == "array":
            return [self.value(schema["items"])]
        if kind in ("integer", "number"):
            return max(schema.get("minimum", 1), 1)
        if kind == "boolean":
            return True
        return SAMPLES.get(schema.get("format"), "a" * max(schema.get("minLength", 1), 1))

    def requests(self):
        """(operationId, method, path with query, body) of each operation that takes anything."""
        for path, item in self.document["paths"].items():
            for method, operation in item.items():
                if "operationId" not in operation:
                    continue
                takes = [follow(self.document, p) for p in operation.get("parameters", [])]
                query = {p["name"]: str(self.value(p["schema"])).lower() for p in takes
                         if p["in"] == "query" and "<" not in p["name"]}
                content = operation.get("requestBody", {}).get("content", {})
                schema = content.get("application/json", {}).get("schema")
                where = path
                for p in takes:
                    if p["in"] == "path":
                        where = where.replace("{%s}" % p["name"], SAMPLES["uuid"] + "*")
                if query:
                    where += "?" + urllib.parse.urlencode(query)
                if query or schema or "*" in where:
                    yield (operation["operationId"], method.upper(), where,
                           self.value(schema) if schema else None)


# ---- sqlmap


def scan(name, request, *more):
    """sqlmap's verdict on one request file: (name, it found a hole, it worked)."""
    file = rig.BUILD / f"{name}.request"
    file.write_text(request)
    out = subprocess.run(
        ["sqlmap", "-r", str(file), "--batch", "--ignore-stdin", "--level", LEVEL, "--risk", "2", "--technique", "BEU",
         "--threads", "2", "--flush-session", "--output-dir", str(rig.BUILD / "sqlmap"),
         "--ignore-code", "*", "--disable-coloring", *more], text=True, capture_output=True,
        check=False).stdout
    (rig.BUILD / f"{name}.sqlmap").write_text(out)
    tried = "appear to be injectable" in out or "injection point" in out
    return name, "identified the following injection point" in out, tried


class Holed(http.server.BaseHTTPRequestHandler):
    """A hole that the scanner has to find, so that silence elsewhere says something."""

    def do_GET(self):
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        found = sqlite3.connect(":memory:")
        found.execute("CREATE TABLE t (id INTEGER, name TEXT)")
        found.execute("INSERT INTO t VALUES (1, 'something')")
        try:
            rows = found.execute(f"SELECT name FROM t WHERE id = {query.get('id', '0')}").fetchall()
        except sqlite3.Error:
            rows = []
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(rows).encode() * 20)

    def log_message(self, *_):
        pass


def control():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Holed)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    request = f"GET /?id=1 HTTP/1.1\nHost: 127.0.0.1:{server.server_port}\n\n"
    found = scan("control", request)[1]
    server.shutdown()
    return "sqlmap finds the hole of a server made for it", found


def as_text(api, token, method, where, body):
    mount = urllib.parse.urlsplit(api.url).path
    lines = [f"{method} {mount}{where} HTTP/1.1", f"Host: 127.0.0.1:{api.stack.port}",
             f"Authorization: Bearer {token}", "Connection: close"]
    if body is None:
        return "\n".join(lines) + "\n\n"
    text = json.dumps(body)
    return "\n".join([*lines, "Content-Type: application/json", f"Content-Length: {len(text)}"]) + (
        "\n\n" + text)


def sqlmap():
    yield control()
    with rig.store("sqlmap") as api, concurrent.futures.ThreadPoolExecutor(3) as pool:
        token = api.staff().token
        requests = [r for r in Routes(api.get("/v1/openapi.json").json()).requests()
                    if r[0] != "auth.logout"]
        jobs = [pool.submit(scan, name, as_text(api, token, *rest), "--dbms", "mysql", "--force-ssl")
                for name, *rest in requests]
        for job in concurrent.futures.as_completed(jobs):
            name, holed, _ = job.result()
            yield f"sqlmap: {name}", not holed
        yield "no statement failed by what was sent", "database error" not in api.stack.log()
        yield "no worker died", "worker died" not in api.stack.log()


# ---- wapiti


def wapiti():
    with rig.store("wapiti") as api:
        token = api.staff().token
        report = rig.BUILD / "wapiti.json"
        urls = [api.url + where.replace("*", "") for _, method, where, body in
                Routes(api.get("/v1/openapi.json").json()).requests() if method == "GET"]
        subprocess.run(
            ["wapiti", "-u", urls[0], *(a for u in urls for a in ("-s", u)), "--scope", "domain",
             "--verify-ssl", "0", "-m", "sql,exec,file,crlf,ssrf,xss,redirect", "-d", "1",
             "-H", f"Authorization: Bearer {token}", "-f", "json", "-o", str(report), "--flush-session",
             "--no-bugreport", "-v", "0", "--max-scan-time", "900"],
            stdout=sys.stderr, check=True)
        said = json.loads(report.read_text())
        found = {kind: holes for kind, holes in said["vulnerabilities"].items() if holes}
        yield f"wapiti: {len(urls)} addresses, found {sorted(found) or 'nothing'}", not found
        yield f"wapiti: no 5xx, {sum(map(len, said['anomalies'].values()))} anomalies", not any(
            said["anomalies"].values())
