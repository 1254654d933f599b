"""Answers against the OpenAPI document."""
import copy
import re
import urllib.parse

import jsonschema

from client import follow


def closed(document):
    """The document without room for members that it does not list, which it leaves to clients: what
    is given is as listed."""
    document = copy.deepcopy(document)
    for name, schema in document["components"]["schemas"].items():
        if "properties" in schema and not name.endswith("Problem"):
            schema.setdefault("additionalProperties", False)
    return document


class Contract:
    def __init__(self, document):
        self.document = document = closed(document)
        self.operations = {}
        self.validators = {}  # by the schema's place in the document
        self.patterns = []
        for path, item in document["paths"].items():
            pattern = re.compile(re.sub(r"{\w+}", r"[^/]+", re.sub(r"[.]", r"\.", path)))
            self.patterns.append((pattern, path))
            for method, operation in item.items():
                if isinstance(operation, dict) and "operationId" in operation:
                    self.operations[method.upper(), path] = operation
        self.patterns.sort(key=lambda p: p[1].count("{"))

    def operation(self, method, path):
        """The operation that answers, or None."""
        plain = urllib.parse.urlsplit(path).path
        method = "GET" if method == "HEAD" else method
        for pattern, template in self.patterns:
            if pattern.fullmatch(plain) and (method, template) in self.operations:
                return self.operations[method, template]
        return None

    def faults(self, schema, value, whole=True):
        """`whole`: no member that is required may be missing."""
        if id(schema) not in self.validators:
            document = {"components": self.document["components"]} | schema
            self.validators[id(schema)] = jsonschema.Draft202012Validator(document)
        found = self.validators[id(schema)].iter_errors(value)
        return [f"{list(e.absolute_path)}: {e.message[:160]}" for e in found
                if whole or e.validator != "required"]

    def codes(self, operation):
        """(status, code) of each declared error."""
        for status, response in operation["responses"].items():
            for code in follow(self.document, response).get("x-codes", []):
                yield int(status), code

    def exemplified(self, operation):
        """(kind, media type object) of what has an example: the request, and the first success of JSON."""
        body = follow(self.document, operation.get("requestBody", {})).get("content", {})
        if body:
            yield "request", body["application/json"]
        for status, response in sorted(operation["responses"].items()):
            content = follow(self.document, response).get("content", {}).get("application/json", {})
            if status.startswith("2") and content.get("schema", {}) not in ({}, {"type": "object"}):
                yield status, content
                return
