"""Every answer of the whole run against the OpenAPI document, and the document against the run:
what no test called, or a declared error that no test produced, fails here. Runs last, or by itself
over what other runs kept (--contract-of)."""
import collections
import json
import pathlib
import re
import urllib.parse

import pytest

from client import follow
from contract import Contract

# Answers that nginx may give in front of any route.
BY_NGINX = {
    400: "bad_request",
    413: "payload_too_large",
    414: "uri_too_long",
    431: "headers_too_large",
    503: "unavailable",
}


PROBLEM = {"$ref": "#/components/schemas/Problem"}


@pytest.fixture(scope="module")
def contract(api):
    return Contract(api.get("/v1/openapi.json").json())


@pytest.fixture(scope="module")
def exchanges(pytestconfig, recorder):
    directory = pytestconfig.getoption("contract_of")
    if not directory:
        return recorder.exchanges
    return [json.loads(line) for name in sorted(pathlib.Path(directory).glob("*.jsonl"))
            for line in name.read_text(encoding="utf-8").splitlines()]


def told(exchange):
    body = exchange["body"][:160]
    return f"{exchange['method']} {exchange['path']} -> {exchange['status']} {body}"


def query_of(exchange):
    return urllib.parse.parse_qs(urllib.parse.urlsplit(exchange["path"]).query)


def code_of(exchange):
    """The problem's code, or None when it is no problem document or has no body."""
    if exchange["headers"].get("content-type") != "application/problem+json":
        return None
    return json.loads(exchange["body"])["code"] if exchange["body"] else None


def check_body(contract, response, exchange):
    """Faults of one answer against one declared response."""
    media = exchange["headers"].get("content-type", "").split(";")[0]
    content = response.get("content", {})
    if exchange["method"] == "HEAD" or exchange["status"] == 304 or not content:
        return ["a body that is not declared"] if exchange["body"] else []
    if media not in content:
        return [f"media type {media!r} is not declared"]
    code = code_of(exchange)
    found = contract.faults(content[media]["schema"], json.loads(exchange["body"]),
                            whole=code or "fields" not in query_of(exchange))
    if code and code not in response.get("x-codes", []):
        found.append(f"code {code} is not declared")
    return found


def check_undeclared(contract, operation, exchange):
    """Faults of an answer that its operation does not name, or of one without an operation."""
    status, code = exchange["status"], code_of(exchange)
    if exchange["method"] == "OPTIONS" and status in (200, 204):
        return []
    expected = BY_NGINX.get(status)
    if operation is None:
        expected = {404: "not_found", 405: "method_not_allowed"}.get(status, expected)
    if exchange["method"] == "HEAD":
        return [] if expected else ["status is not declared"]
    if code is None or code != expected:
        return ["status is not declared"]
    return contract.faults(PROBLEM, json.loads(exchange["body"]))


def check_answer(contract, exchange):
    operation = contract.operation(exchange["method"], exchange["path"])
    declared = operation["responses"].get(str(exchange["status"])) if operation else None
    if declared is None:
        return check_undeclared(contract, operation, exchange)
    return check_body(contract, follow(contract.document, declared), exchange)


@pytest.mark.req("AZ-6")
def test_every_answer_is_as_declared(contract, exchanges):
    wrong = []
    for exchange in exchanges:
        for fault in check_answer(contract, exchange):
            wrong.append(f"{told(exchange)}: {fault}")
    assert exchanges and not wrong, "\n".join(wrong[:20])


def taken(value):
    """A body as it is taken: without blanks at the ends of text and without empty text."""
    if isinstance(value, dict):
        return {k: taken(v) for k, v in value.items() if v != ""}
    if isinstance(value, list):
        return [taken(v) for v in value]
    return value.strip() if isinstance(value, str) else value


def test_every_accepted_body_is_as_declared(contract, exchanges):
    wrong = []
    for exchange in exchanges:
        operation = contract.operation(exchange["method"], exchange["path"])
        if not operation or exchange["status"] >= 300 or not exchange["sent"]:
            continue
        body = follow(contract.document, operation["requestBody"])["content"]["application/json"]
        sent = json.loads(exchange["sent"])
        if not contract.faults(body["schema"], sent):
            continue
        for fault in contract.faults(body["schema"], taken(sent)):
            wrong.append(f"{told(exchange)}: accepted {exchange['sent'][:160]}: {fault}")
    assert not wrong, "\n".join(wrong[:20])


def test_every_operation_has_its_examples(contract):
    """Of its request and of its first success; each fits its schema and tells of no machine."""
    wrong = []
    for operation in contract.operations.values():
        for kind, content in contract.exemplified(operation):
            place = f"{operation['operationId']} {kind}"
            if "example" not in content:
                wrong.append(f"{place}: make examples")
                continue
            wrong += [f"{place}: {fault}" for fault in contract.faults(content["schema"], content["example"])]
            if re.search(r"127\.0\.0\.1|localhost:|python|/tmp/", json.dumps(content["example"])):
                wrong.append(f"{place}: of a test's machine")
    assert not wrong, "\n".join(wrong)


def test_every_route_succeeded_once(contract, exchanges):
    hit = collections.Counter()
    for exchange in exchanges:
        operation = contract.operation(exchange["method"], exchange["path"])
        if operation and exchange["status"] < 300:
            hit[operation["operationId"]] += 1
    missing = {o["operationId"] for o in contract.operations.values()} - set(hit)
    assert not missing, sorted(missing)


def test_every_declared_error_was_produced(contract, exchanges, request):
    """The world's faults (503) are the fault tests' to produce, when they are part of the run."""
    produced = {code_of(e) for e in exchanges}
    faults_too = request.config.getoption("contract_of") or any(
        item.path.parent.name == "faults" for item in request.session.items)
    declared = {
        code
        for operation in contract.operations.values()
        for status, code in contract.codes(operation)
        if status != 503 or faults_too
    }
    assert declared and not declared - produced, sorted(declared - produced)
