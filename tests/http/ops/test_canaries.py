"""LOG-1: what is sent in any field, query or header of any route is in no log, and what is issued
neither. The path, which holds only ids and slugs, is in the access log."""
import pathlib
import re
import uuid

import pytest

import client


class Sower:
    """Makes requests from the OpenAPI document with a canary in whatever takes text."""

    def __init__(self, document):
        self.document = document
        self.sown = set()

    def mark(self, kind):
        made = f"canary{kind}{uuid.uuid4().hex}"
        self.sown.add(made)
        return made

    def text(self, schema):
        mark = self.mark("text")
        return f"{mark}@{mark}.test" if schema.get("format") == "email" else mark

    def value(self, schema):
        while "$ref" in schema:
            node = self.document
            for step in schema["$ref"].removeprefix("#/").split("/"):
                node = node[step]
            schema = node
        for several in ("oneOf", "anyOf", "allOf"):
            if several in schema:
                return self.value(schema[several][0])
        if "enum" in schema:
            return schema["enum"][0]
        kind = schema.get("type", "string")
        kind = kind[0] if isinstance(kind, list) else kind
        if kind == "object":
            members = schema.get("properties", {})
            more = schema.get("additionalProperties")
            made = {name: self.value(member) for name, member in members.items()}
            if isinstance(more, dict):
                made[self.text({})] = self.value(more)
            return made
        if kind == "array":
            return [self.value(schema["items"])]
        if kind in ("integer", "number"):
            return schema.get("minimum", 1)
        return True if kind == "boolean" else self.text(schema)

    def headers(self):
        names = ("Cookie", "Idempotency-Key", "User-Agent", "X-Forwarded-For", "Referer", "Origin",
                 "If-Match", "If-None-Match", "X-Api-Key", "Proxy", "X-Request-Id-Of-Mine")
        return {name: self.mark("header") for name in names}

    def requests(self):
        """(method, path, headers, body) of each operation of the document."""
        for path, item in self.document["paths"].items():
            for method, operation in item.items():
                if "operationId" not in operation:
                    continue
                names = [self.mark("query") for _ in range(3)]
                query = "?{}={}&access_token={}".format(*names)
                where = re.sub(r"{\w+}", lambda _: uuid.uuid4().hex, path)
                content = operation.get("requestBody", {}).get("content", {})
                schema = content.get("application/json", {}).get("schema")
                body = self.value(schema) if schema else None
                yield method.upper(), where, self.headers(), body
                yield method.upper(), where + query, self.headers(), body


def logs(stack):
    """Everything that any process of the stack wrote."""
    kinds = ("*.log", "*.err", "*log*", "*.out")
    paths = {p for kind in kinds for p in pathlib.Path(stack.run).rglob(kind) if p.is_file()}
    paths = {p for p in paths if not p.name.startswith(("ib_", "aria_log", "ddl", "tc."))}
    return {p: p.read_text(errors="replace") for p in paths
            if "mysql" not in p.relative_to(stack.run).parts}  # tables of the server


def leaks(stack, secrets):
    return sorted({f"{path.name}: {secret[:24]}" for path, text in logs(stack).items()
                   for secret in secrets if secret in text})


@pytest.mark.req("LOG-1")
def test_what_is_sent_is_in_no_log(api, staff, customer):
    stack = api.stack
    sower = Sower(api.get("/v1/openapi.json").json())
    quiet = client.Api(stack)
    for method, path, headers, body in sower.requests():
        bearer = ".".join(sower.mark("token") for _ in range(3))
        for token in (None, bearer, staff.token, customer.token):
            if path.partition("?")[0].endswith("/logout") and token in (staff.token, customer.token):
                continue
            quiet.send(method, path, token=token, headers=headers, json=body)
    assert len(sower.sown) > 1000
    assert any("request" in text for text in logs(stack).values())
    assert not leaks(stack, sower.sown)


@pytest.mark.req("LOG-1")
def test_what_is_issued_is_in_no_log(api, mailbox):
    mark = uuid.uuid4().hex
    person = api.sign_up(name=f"name {mark}", password=f"secret {uuid.uuid4().hex}")
    phone = "+49301234567890"
    assert person.patch("/v1/me", {"phone": phone}).status_code == 200
    line1 = f"street {mark}"
    assert person.post("/v1/me/addresses", client.ADDRESS | {"line1": line1}).status_code == 201
    again = api.post("/v1/auth/refresh", {"refresh_token": person.refresh_token}).json()
    secrets = {person.user["name"], person.password, person.email, phone, line1, person.token,
               person.refresh_token, again["access_token"], again["refresh_token"],
               person.token.rpartition(".")[2]}
    assert mailbox.all(person.email)
    assert not leaks(api.stack, secrets)
