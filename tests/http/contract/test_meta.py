"""Health, documents, headers, and what nginx answers by itself."""
import base64
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess

import jsonschema
import pytest
import requests

import client
from client import problem

HERE = pathlib.Path(__file__).parent


@pytest.fixture(scope="module")
def document(api):
    return api.get("/v1/openapi.json").json()


# ---- health


def test_healthz_says_ok(api):
    answer = api.get("/v1/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok"}


def test_readyz_says_ready(api):
    assert api.get("/v1/readyz").status_code == 200


def test_head_is_get_without_a_body(api):
    for path in ("/v1/healthz", "/v1/openapi.json", "/v1/jwks.json"):
        get, head = api.get(path), api.head(path)
        assert head.status_code == get.status_code == 200
        assert head.content == b""
        assert head.headers["Content-Type"] == get.headers["Content-Type"]


# ---- documents


def test_openapi_is_a_valid_document(document):
    schema = json.loads((HERE / "oas31/schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    found = list(jsonschema.Draft202012Validator(schema).iter_errors(document))
    assert not found, [f"{list(e.absolute_path)}: {e.message[:200]}" for e in found[:5]]


def every(node, key):
    """All values of a member of that name, at any depth."""
    if isinstance(node, dict):
        if key in node:
            yield node[key]
        for value in node.values():
            yield from every(value, key)
    elif isinstance(node, list):
        for value in node:
            yield from every(value, key)


def test_openapi_schemas_are_json_schemas(document):
    for name, schema in document["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema)
        assert re.fullmatch("[A-Za-z0-9]+", name)


def test_openapi_references_resolve(document):
    references = set(every(document, "$ref"))
    assert references
    for reference in references:
        node = document
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]


def test_openapi_operations_are_complete(document):
    seen = set()
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method not in ("get", "put", "post", "delete", "patch", "head", "options"):
                continue
            assert operation["operationId"] not in seen
            seen.add(operation["operationId"])
            declared = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}
            assert declared == set(re.findall(r"{(\w+)}", path)), path
    assert len(seen) > 20


def test_openapi_descriptions_say_more_than_summaries(document):
    """A summary is a short phrase; the description does not repeat it, and names the caller."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            where, summary, more = f"{method} {path}", operation["summary"], operation["description"]
            assert re.fullmatch(r"[A-Z][a-z]+[^.;:]*", summary) and len(summary) <= 60, where
            assert not more.startswith(summary), where
            assert re.search(r"access token|staff token with the permission `[a-z.]+`", more), where
    for tag in document["tags"]:
        assert len(tag["description"]) > 30 and "Operations of" not in tag["description"], tag


def test_openapi_tells_what_follows_an_order(document):
    """A buyer's app has to know how it goes on after each refusal."""
    told = document["paths"]["/v1/checkout"]["post"]["description"]
    for word in ("402", "/pay", "price_changed", "expected_total", "out_of_stock", "params.items",
                 "Idempotency-Key", "`items`"):
        assert word in told
    told = document["paths"]["/v1/auth/login"]["post"]["description"]
    assert "mfa_required" in told and "/v1/auth/mfa" in told


def test_openapi_names_the_mount_and_is_the_same_each_time(api, document):
    assert document["openapi"].startswith("3.1")
    assert document["servers"][0]["url"] == "/api"
    assert api.get("/v1/openapi.json").content == api.get("/v1/openapi.json").content


def test_jwks_holds_public_keys_only(api, guest):
    answer = api.get("/v1/jwks.json")
    assert "public" in answer.headers["Cache-Control"]
    keys = answer.json()["keys"]
    assert keys
    for key in keys:
        assert key["kty"] == "EC" and key["crv"] == "P-256" and key["alg"] == "ES256", key
        assert not {"d", "k", "p", "q"} & set(key)
    assert token_header(guest.token)["kid"] in {k["kid"] for k in keys}


def token_header(token):
    part = token.split(".")[0]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


# ---- paths and methods


def test_unknown_path(api):
    problem(api.get("/v1/no-such-thing"), 404, "not_found")
    problem(api.get("/v2/healthz"), 404, "not_found")
    problem(api.get("/"), 404, "not_found")


@pytest.mark.req("INP-6")
def test_unknown_method_names_the_others(api):
    answer = api.post("/v1/healthz", {})
    problem(answer, 405, "method_not_allowed")
    assert {"GET", "HEAD"} <= set(answer.headers["Allow"].split(", "))
    problem(api.send("FOO", "/v1/healthz"), 405, "method_not_allowed")


@pytest.mark.parametrize("path", ("/v1/a/../healthz", "/v1//healthz", "/v1%2fhealthz", "/v1/x%0a"))
@pytest.mark.req("AZ-4")
def test_paths_that_nginx_would_change_reach_no_route(api, path):
    request = f"GET /api{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    status = int(api.raw(request.encode()).split()[1])
    assert status in (400, 404)


def test_preflight_without_configured_origins_allows_nothing(api):
    asked = {"Origin": "https://shop.example.com", "Access-Control-Request-Method": "POST"}
    answer = api.options("/v1/cart/items", headers=asked)
    assert not [h for h in answer.headers if h.lower().startswith("access-control-")]


# ---- headers


def safe_headers(answer):
    h = answer.headers
    assert h["X-Content-Type-Options"] == "nosniff"
    assert h["Content-Security-Policy"].startswith("default-src 'none'")
    assert int(re.search(r"max-age=(\d+)", h["Strict-Transport-Security"]).group(1)) >= 31536000
    assert h["Referrer-Policy"] == "no-referrer"
    assert h["Cross-Origin-Opener-Policy"] == h["Cross-Origin-Resource-Policy"] == "same-origin"
    assert not re.search(r"\d", h.get("Server", "")) and "X-Powered-By" not in h


def test_headers_of_every_kind_of_answer(api, guest):
    safe_headers(api.get("/v1/healthz"))
    safe_headers(api.get("/v1/products?limit=1"))
    safe_headers(guest.get("/v1/cart"))
    safe_headers(api.get("/v1/cart"))
    safe_headers(api.get("/v1/no-such-thing"))
    safe_headers(api.post("/v1/cart/items", data=b"x" * 70000))


def test_private_answers_are_not_stored(api, guest):
    assert guest.get("/v1/cart").headers["Cache-Control"] == "no-store"
    assert api.get("/v1/cart").headers["Cache-Control"] == "no-store"


def test_a_sound_request_id_comes_back_and_another_is_replaced(api):
    sent = {"X-Request-Id": "order.7_A-b"}
    assert api.get("/v1/healthz", headers=sent).headers["X-Request-Id"] == "order.7_A-b"
    refused = problem(api.get("/v1/cart", headers=sent), 401, "unauthorized")
    assert refused["request_id"] == "order.7_A-b"
    for unsound in ("a b", "x" * 65, "a\"b", "<a>"):
        answer = api.get("/v1/healthz", headers={"X-Request-Id": unsound})
        assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", answer.headers["X-Request-Id"])
        assert answer.headers["X-Request-Id"] != unsound


TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def traced(api, stack, request, **headers):
    """The trace and the span that the answer names, its flags, and the line of the log."""
    answer = api.get("/v1/healthz", headers={"X-Request-Id": request} | headers)
    version, trace, span, flags = answer.headers["traceparent"].split("-")
    assert version == "00" and re.fullmatch("[0-9a-f]{32}", trace) and re.fullmatch("[0-9a-f]{16}", span)
    (line,) = client.until(lambda: [x for x in stack.log().split("\n") if f" req={request} " in x],
                           what="the log line")
    assert f" trace={trace} " in line and f" span={span} " in line
    return trace, span, flags, line


def test_a_trace_goes_on_in_the_answer_and_in_the_log(api, stack):
    trace, span, flags, line = traced(api, stack, "find-me-1", traceparent=f"00-{TRACE}-{SPAN}-01")
    assert trace == TRACE and span != SPAN and flags == "01" and f" parent={SPAN} " in line


@pytest.mark.parametrize("sent", [
    {}, {"traceparent": f"00-{TRACE.upper()}-{SPAN}-01"}, {"traceparent": f"00-{'0' * 32}-{SPAN}-01"},
    {"traceparent": f"00-{TRACE}-{'0' * 16}-01"}, {"traceparent": f"ff-{TRACE}-{SPAN}-01"},
    {"traceparent": f"00-{TRACE}-{SPAN}-01-x"}, {"traceparent": f"00-{TRACE}-{SPAN}"},
    {"tracestate": "a=b"}])
def test_a_trace_that_is_none_begins_anew(api, stack, sent):
    request = f"trace-{client.unique_key()}"
    trace, _, flags, line = traced(api, stack, request, **sent)
    assert trace != TRACE and flags == "00" and " parent=- " in line and SPAN not in line


# ---- what nginx answers by itself


def parse(got):
    head, _, body = got.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines[1:])
    return int(lines[0].split()[1]), headers, json.loads(body)


def raw_problem(api, request, status, code, **how):
    got, headers, body = parse(api.raw(request, **how))
    assert got == status, body
    assert headers["content-type"] == "application/problem+json"
    assert headers["cache-control"] == "no-store"
    assert body["status"] == status and body["code"] == code and body["type"].endswith(code)
    assert body["request_id"] == headers["x-request-id"]
    return headers


REQUEST = b"GET /api/v1/healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"


def test_what_is_no_request(api):
    raw_problem(api, b"GARBAGE\r\n\r\n", 400, "bad_request")
    raw_problem(api, b"GET /api/v1/healthz HTTP/1.1\r\n\r\n", 400, "bad_request")
    raw_problem(api, REQUEST + b"Host: localhost\r\n\r\n", 400, "bad_request")
    raw_problem(api, REQUEST.replace(b"healthz", b"%00") + b"\r\n", 400, "bad_request")


@pytest.mark.req("INP-6")
def test_smuggling_is_refused(api):
    twice = REQUEST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nx"
    raw_problem(api, twice, 400, "bad_request")
    both = REQUEST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    raw_problem(api, both, 400, "bad_request")
    raw_problem(api, REQUEST + b"Transfer-Encoding: x\r\n\r\n", 501, "not_implemented")


def test_too_long(api):
    uri = REQUEST.replace(b"healthz", b"a" * 20000)
    raw_problem(api, uri + b"\r\n", 414, "uri_too_long")
    raw_problem(api, REQUEST + b"X-A: " + b"a" * 20000 + b"\r\n\r\n", 431, "headers_too_large")


@pytest.mark.req("INP-6")
def test_trace_is_not_allowed(api):
    raw_problem(api, REQUEST.replace(b"GET", b"TRACE") + b"\r\n", 405, "method_not_allowed")


@pytest.mark.req("INP-1")
def test_too_large_a_body(api):
    problem(api.post("/v1/auth/login", data=b" " * 65537), 413, "payload_too_large")
    problem(api.post("/v1/auth/login", data=b" " * 200000), 413, "payload_too_large")


@pytest.mark.req("INP-6")
def test_old_http_reaches_no_route(api):
    for request in (b"GET /api/v1/healthz\r\n", b"GET /api/v1/healthz HTTP/1.0\r\n\r\n"):
        assert b"ok" not in api.raw(request)


def test_plain_http_is_refused(api):
    raw_problem(api, REQUEST + b"\r\n", 400, "bad_request", tls=False)


def test_outside_the_mount(api):
    raw_problem(api, REQUEST.replace(b"/api/v1/healthz", b"/") + b"\r\n", 404, "not_found")


def test_another_host_gets_no_answer(api):
    assert api.raw(REQUEST.replace(b"127.0.0.1", b"evil.example") + b"\r\n") == b""


def test_error_pages_are_not_addressable(api):
    raw_problem(api, REQUEST.replace(b"v1/healthz", b"-/problem") + b"\r\n", 404, "not_found")


def test_unreachable_workers_are_503_with_retry_after(api, stack, tmp_path):
    """The same nginx files, on a port of their own and sockets that nobody listens on."""
    port = client.free_port()
    place = tmp_path / "nginx"
    shutil.copytree(stack.run / "nginx", place)
    for path in place.rglob("*.conf"):
        text = path.read_text().replace(str(stack.run / "nginx"), str(place))
        text = text.replace(f":{stack.port} ", f":{port} ")
        path.write_text(re.sub(r'"unix:[^"]*"', f'"unix:{tmp_path}/nobody"', text))
    command = ["nginx", "-p", place, "-c", "nginx.conf", "-e", place / "error.log"]
    subprocess.run(command, check=True)
    try:
        for path in ("/v1/healthz", "/v1/auth/login"):
            answer = requests.get(f"https://127.0.0.1:{port}/api{path}", verify=api.ca)
            assert problem(answer, 503, "unavailable")["request_id"]
            assert int(answer.headers["Retry-After"]) >= 1
            safe_headers(answer)
    finally:
        os.kill(int((place / "pid").read_text()), signal.SIGTERM)


# ---- transport


@pytest.mark.parametrize("version", ("TLSv1_2", "TLSv1_3"))
def test_tls_versions_in_use(api, version):
    context = ssl.create_default_context(cafile=api.ca)
    context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, version)
    with socket.create_connection(("127.0.0.1", api.stack.port)) as plain:
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as wire:
            assert wire.cipher()[0].startswith(("ECDHE-", "TLS_"))


@pytest.mark.parametrize("options", (["-tls1_1"], ["-tls1_2", "-cipher", "AES128-SHA"]))
def test_old_tls_is_refused(api, options):
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{api.stack.port}", *options],
        stdin=subprocess.DEVNULL, capture_output=True, check=False,
    )
    assert done.returncode != 0


def test_metrics_for_the_host_alone(api, stack):
    """Prometheus text at /metrics of the site, nothing of it below the mount."""
    site = api.url.rsplit("/", 1)[0]
    answer = api.http.get(site + "/metrics", timeout=client.PATIENCE_S)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert re.search(r'^merx_requests_total\{pool="fast",class="2xx"\} [1-9]', answer.text, re.M)
    assert "# TYPE merx_workers gauge" in answer.text
    for method in ("GET", "POST", "OPTIONS"):  # S9
        problem(api.send(method, "/metrics"), 404, "not_found")


def test_an_unknown_command_is_named(stack):
    done = stack.merx("sing", check=False)
    assert done.returncode == 2 and not done.stdout
    assert done.stderr.startswith("merx: there is no command sing\n\nusage: merx ")
