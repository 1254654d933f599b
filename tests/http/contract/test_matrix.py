"""Generated from the OpenAPI document, that is from the route table: who may call what (every route,
every role), whose objects are seen (every path with a parameter), what may be written (every body).
A new route is covered without a line here; only one that has a path parameter needs to say, in
OBJECTS, how another's object is made."""
import functools
import json
import re
import uuid

import pytest

from client import ADDRESS, UNLIKE, follow, problem, unique_key
from staff_helpers import ROLES, hire, key
from shop import make_product, variant_ids

BUILT_IN = ("owner", "manager", "support", "warehouse")
CALLERS = ("nobody", "guest", "customer", *BUILT_IN)
# Routes for who has an address: what a guest is told there.
NOT_FOR_GUESTS = {"me.passkeys.options", "me.mfa.totp.begin"}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Operation:
    def __init__(self, document, path, method, node):
        self.document, self.path, self.method, self.node = document, path, method.upper(), node
        self.id, self.who = node["operationId"], node["x-who"]
        self.permission = node.get("x-permission")

    def body(self):
        """Schema of the request's body, or None."""
        if "requestBody" not in self.node:
            return None
        return follow(self.document, self.node["requestBody"]["content"]["application/json"]["schema"])

    def fill(self, values):
        return re.sub(r"{(\w+)}", lambda m: values[m.group(1)], self.path)

    def takes(self, path):
        return re.fullmatch(re.sub(r"{\w+}", "[^/]+", self.path), path) is not None

    def parameters(self):
        return re.findall(r"{(\w+)}", self.path)

    def send(self, by, path, body=None, **how):
        """One request with a key of its own where a route wants one."""
        if self.method != "GET" and body is None and self.body() is not None:
            body = {}
        if self.method == "POST":
            how["key"] = unique_key()
        return by.send(self.method, path, json=body, **how)


@pytest.fixture(scope="module")
def document(api):
    return api.get("/v1/openapi.json").json()


@pytest.fixture(scope="module")
def operations(document):
    return [Operation(document, path, method, node)
            for path, item in document["paths"].items() for method, node in item.items()
            if isinstance(node, dict) and "operationId" in node]


@pytest.fixture(scope="module")
def admin(stack):
    """The private database as its owner."""
    return stack.admin()


class Callers:
    """One of each kind of caller, who signs in again when a route has signed them out."""

    def __init__(self, api, staff):
        self.api = api
        self.people = {"guest": api.guest(), "customer": api.customer()}
        self.people |= {role: hire(api, staff, role) for role in BUILT_IN}

    def __getitem__(self, name):
        if name == "nobody":
            return self.api
        person = self.people[name]
        if person.get("/v1/me").status_code == 401:
            fresh = self.api.login(person.email) if person.email else self.api.guest()
            person = self.people[name] = fresh
        return person


@pytest.fixture(scope="module")
def callers(api, staff):
    return Callers(api, staff)


# ---- role by route by method


def expected(operation, caller, permits):
    """401, 403, or None: the caller gets past both."""
    if operation.who in ("public", "anyone"):
        return None
    if caller == "nobody":
        return "unauthorized"
    if operation.who == "token":
        return "forbidden" if caller == "guest" and operation.id in NOT_FOR_GUESTS else None
    return None if operation.permission in permits.get(caller, ()) else "forbidden"


# What API.md section 7 asks of who calls what: to read, to write. The table is not its own witness.
WANTED = {
    "products": ("catalog.read", "catalog.write"),
    "stock": ("catalog.read", "stock.write"),
    "customers": ("customers.read", "customers.write"),
    "staff": ("staff.manage", "staff.manage"),
    "roles": ("staff.manage", "staff.manage"),
    "audit-log": ("audit.read", None),
    "jobs": ("audit.read", "settings.write"),
    "tax-rates": ("catalog.read", "settings.write"),
    "shipping-methods": ("catalog.read", "settings.write"),
}
# All else that needs no token; /v1/auth is for who has none.
OPEN = {"/v1/healthz", "/v1/readyz", "/v1/openapi.json", "/v1/jwks.json", "/v1/categories",
        "/v1/categories/{slug}", "/v1/products", "/v1/products/{product}", "/v1/countries"}


@pytest.mark.req("AZ-1")
def test_the_table_asks_what_the_contract_asks(operations):
    """The matrix holds every answer to the table; this holds the table to what was agreed on."""
    seen, wrong = set(), []
    for o in operations:
        if o.path.startswith("/v1/admin/"):
            what = o.path.split("/")[3]
            seen.add(what)
            want = ("staff", WANTED[what][o.method != "GET"])
        elif o.path.startswith("/v1/auth/"):
            want = (o.who if o.who in ("public", "anyone") else "token", None)
        else:
            want = ("public" if o.path in OPEN and o.method == "GET" else "token", None)
        if (o.who, o.permission) != want or (want[0] == "staff" and want[1] is None):
            wrong.append((o.method, o.path, o.who, o.permission))
    assert seen == set(WANTED) and not wrong, wrong
    closed = {o.path for o in operations if o.path.startswith("/v1/auth/") and o.who == "token"}
    assert closed == {"/v1/auth/logout", "/v1/auth/reauth"}


def code_of(answer):
    if answer.headers.get("Content-Type") != "application/problem+json" or not answer.content:
        return None
    return answer.json()["code"]


def test_who_calls_comes_before_what_is_sent(api, operations):
    """S9: nobody learns from a route of staff or customers what it takes."""
    asked = [o for o in operations if o.who in ("token", "staff")]
    wrong = [(o.method, o.path, answer.status_code) for o in asked
             for answer in [api.send(o.method, o.fill(dict.fromkeys(o.parameters(), str(uuid.uuid4()))))]
             if answer.status_code != 401]
    assert asked and not wrong, wrong


@pytest.mark.req("AZ-1")
@pytest.mark.parametrize("caller", CALLERS)
def test_every_route_for_every_role(operations, callers, staff, caller):
    """Every cell: nobody gets further than the table says, and everybody as far."""
    permits = {r: set(staff.get(f"{ROLES}/{r}").json()["permissions"]) for r in BUILT_IN}
    cells, wrong = 0, []
    for operation in operations:
        assert operation.who in ("public", "anyone", "token", "staff"), operation.id
        assert (operation.permission is not None) == (operation.who == "staff"), operation.id
        path = operation.fill({p: str(uuid.uuid4()) for p in operation.parameters()})
        want = expected(operation, caller, permits)
        answer = operation.send(callers[caller], path)
        got = code_of(answer)
        got = got if got in ("unauthorized", "forbidden") else None
        status = {"unauthorized": 401, "forbidden": 403}.get(want, answer.status_code)
        cells += 1
        if got != want or answer.status_code != status or answer.status_code >= 500:
            wrong.append(f"{operation.method} {path}: {answer.status_code} {got}, want {want}")
        if operation.method == "GET" and operation.who == "staff":
            head = callers[caller].send("HEAD", path)
            if head.status_code != answer.status_code:
                wrong.append(f"HEAD {path}: {head.status_code}, GET {answer.status_code}")
    assert cells == len(operations) > 60 and not wrong, "\n".join(wrong)


@pytest.mark.req("AZ-1", "INP-6")
@pytest.mark.parametrize("caller", ("nobody", "customer", "owner"))
def test_no_path_has_another_method(operations, document, callers, caller):
    for path in document["paths"]:
        known = {o.method for o in operations if o.takes(path)}
        plain = re.sub(r"{\w+}", str(uuid.uuid4()), path)
        for method in {*METHODS, "FOO", "LOCK", "PROPFIND"} - known:
            answer = callers[caller].send(method, plain)
            problem(answer, 405, "method_not_allowed")
            allowed = set(answer.headers["Allow"].split(", "))
            assert allowed - {"HEAD", "OPTIONS"} == known, (method, path)


def test_the_command_prints_the_same_table(stack, operations):
    rows = [line.split() for line in stack.merx("routes").stdout.splitlines()]
    told = {row[2]: (row[0], row[1], row[3], row[4:]) for row in rows}
    for o in operations:
        method, path, who, rest = told[o.id]
        assert (method, path, who) == (o.method, o.path, o.who)
        assert o.permission is None or o.permission in rest


# ---- admin functions by other spellings


def spellings(path):
    """The path in other words, none of which is a way around the permission."""
    first, rest = path.split("/admin/", 1)
    return [
        f"/{path}", f"{first}//admin/{rest}", f"{first}/x/../admin/{rest}",
        f"{first}/./admin/{rest}", f"{first}%2fadmin/{rest}", f"{first}/admin%2f{rest}",
        f"{first}/x%2f..%2fadmin/{rest}", f"{first}/%61dmin/{rest}", f"{first}/ADMIN/{rest}",
        f"{first}/admin;x=1/{rest}", f"{path}/", f"{path}//", f"{path}%00", f"{path}%20",
        f"{path}.json", f"{first}/cart/../admin/{rest}", f"{first}/auth/login/..;/../admin/{rest}",
        f"{first}\\admin\\{rest}", f"{path}?role=owner", f"{path}#x",
    ]


OVERRIDES = {
    "X-HTTP-Method-Override": "GET", "X-HTTP-Method": "GET", "X-Method-Override": "GET",
    "X-Original-URL": "/api/v1/healthz", "X-Rewrite-URL": "/api/v1/healthz",
    "X-Forwarded-For": "127.0.0.1", "X-Forwarded-Prefix": "/api/v1/me", "X-Role": "owner",
}


@pytest.mark.req("AZ-3", "AZ-4")
@pytest.mark.parametrize("caller", ("nobody", "customer"))
def test_staff_routes_by_other_spellings(api, operations, callers, caller):
    """Sent as bytes, so that no client tidies the path."""
    token = f"Authorization: Bearer {callers[caller].token}\r\n" if caller != "nobody" else ""
    paths = {o.fill({p: str(uuid.uuid4()) for p in o.parameters()})
             for o in operations if o.who == "staff" and o.method == "GET"}
    assert paths
    for path in paths:
        for spelling in spellings(f"/api{path}"):
            sent = f"GET {spelling} HTTP/1.1\r\nHost: 127.0.0.1\r\n{token}Connection: close\r\n\r\n"
            status = int(api.raw(sent.encode()).split()[1])
            assert status in (400, 401, 403, 404, 405), (spelling, status)


@pytest.mark.req("AZ-3")
def test_no_header_is_a_way_in(operations, callers):
    for o in operations:
        if o.who != "staff":
            continue
        path = o.fill({p: str(uuid.uuid4()) for p in o.parameters()})
        answer = o.send(callers["customer"], path, headers=OVERRIDES)
        problem(answer, 403, "forbidden")
        for method in ("POST", "GET"):
            public = callers["customer"].send(
                method, "/v1/healthz", headers={"X-HTTP-Method-Override": o.method,
                                                "X-Original-URL": f"/api{path}"})
            assert public.status_code == (200 if method == "GET" else 405)


# ---- other people's objects


class Makers:
    """For each path with a parameter: an object that the caller must not see, and who calls."""

    def __init__(self, api, staff, callers, admin):
        self.api, self.staff, self.admin = api, staff, admin
        self.owner, self.stranger = api.customer(), api.customer()
        self.callers = callers
        self.product = functools.cache(lambda: make_product(staff))

    def address(self):
        return self.stranger, self.owner.post("/v1/me/addresses", ADDRESS).json()["id"]

    def session(self):
        return self.stranger, self.owner.get("/v1/me/sessions").json()["data"][0]["id"]

    def row(self, table, columns, values):
        made = str(uuid.uuid4())
        self.admin.rows(
            f"INSERT INTO {table} (id, account_id, created_at, {columns}) VALUES"
            f" (UNHEX('{key(made)}'), UNHEX('{key(self.owner.id)}'), UTC_TIMESTAMP(3), {values})")
        return self.stranger, made

    def identity(self):
        return self.row("identity", "provider, issuer, subject, used_at",
                        f"'google', 'https://id.example.com', '{uuid.uuid4()}', UTC_TIMESTAMP(3)")

    def passkey(self):
        return self.row("passkey", "credential_id, alg, public_key, sign_count, backed_up, name",
                        f"'{uuid.uuid4()}', -7, 'x', 0, 0, 'Telephone'")

    def order(self):
        self.owner.fill_cart(variant_ids(self.product())[0])
        return self.stranger, self.owner.checkout().json()["id"]

    def line(self):
        cart = self.owner.fill_cart(variant_ids(self.product())[0])
        return self.stranger, cart["items"][0]["id"]

    def draft(self):
        """A product that is not for sale, for the public."""
        return self.stranger, make_product(self.staff, status="draft")["id"]

    def no_category(self):
        """An object that has a slug and is no category."""
        return self.stranger, self.product()["slug"]

    def no_provider(self):
        """One that this store does not know."""
        return self.api, "google"

    # Staff see all of a kind: what is another's here is an id of another kind.

    def no_product(self):
        return self.callers["owner"], variant_ids(self.product())[0]

    def no_customer(self):
        return self.callers["owner"], self.callers["support"].id

    def no_staff(self):
        return self.callers["owner"], self.owner.id

    def no_failure(self):
        return self.callers["owner"], self.owner.id

    def no_setting(self):
        return self.callers["owner"], self.owner.id

    def no_role(self):
        return self.callers["owner"], self.product()["slug"]


OBJECTS = {
    "/v1/auth/oidc/{provider}/notices": Makers.no_provider,
    "/v1/me/addresses/{id}": Makers.address,
    "/v1/me/sessions/{id}": Makers.session,
    "/v1/me/identities/{id}": Makers.identity,
    "/v1/me/passkeys/{id}": Makers.passkey,
    "/v1/categories/{slug}": Makers.no_category,
    "/v1/products/{product}": Makers.draft,
    "/v1/cart/items/{id}": Makers.line,
    "/v1/orders/{id}": Makers.order,
    "/v1/orders/{id}/cancel": Makers.order,
    "/v1/orders/{id}/pay": Makers.order,
    "/v1/admin/jobs/{id}/retry": Makers.no_failure,
    "/v1/admin/products/{id}": Makers.no_product,
    "/v1/admin/customers/{id}": Makers.no_customer,
    "/v1/admin/customers/{id}/sessions": Makers.no_customer,
    "/v1/admin/staff/{id}": Makers.no_staff,
    "/v1/admin/staff/{id}/sessions": Makers.no_staff,
    "/v1/admin/roles/{name}": Makers.no_role,
    "/v1/admin/tax-rates/{id}": Makers.no_setting,
    "/v1/admin/shipping-methods/{id}": Makers.no_setting,
}

# Members whose value a schema does not tell in full.
SAMPLES = {"country": "IE", "phone": "+49 30 1", "email": "a@example.com", "postal_code": "10115",
           "currency": "EUR", "locale": "en"}


def sample(operation, schema, name="", everything=False):
    """A value that the schema takes: what is required, or all of it."""
    schema = follow(operation.document, schema)
    if name in SAMPLES:
        return SAMPLES[name]
    if "anyOf" in schema:
        return sample(operation, schema["anyOf"][0], name, everything)
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "string")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        wanted = schema.get("properties", {})
        return {k: sample(operation, v, k, everything) for k, v in wanted.items()
                if everything or k in schema.get("required", ())}
    if kind == "array":
        return [sample(operation, schema["items"], "", everything)] * schema.get("minItems", 1)
    if kind == "string" and schema.get("format") == "uuid":
        return str(uuid.uuid4())
    if kind == "string" and schema.get("format") == "date-time":
        return "2030-01-01T00:00:00.000Z"
    return {"integer": schema.get("minimum", 1), "boolean": True,
            "string": "a" * max(1, schema.get("minLength", 1))}[kind]


def without_id(answer):
    """All of an answer but what is new with each."""
    headers = {k.lower(): v for k, v in answer.headers.items()}
    for name in UNLIKE | {"connection"}:
        headers.pop(name, None)
    text = answer.text.replace(answer.headers["X-Request-Id"], "")
    return answer.status_code, headers, text


@pytest.fixture(scope="module")
def makers(api, staff, callers, admin):
    return Makers(api, staff, callers, admin)


@pytest.mark.req("AZ-2")
def test_every_path_with_a_parameter_has_a_maker(operations):
    paths = {o.path for o in operations if o.parameters()}
    assert paths == set(OBJECTS), "say in OBJECTS how another's object is made"


@pytest.mark.req("AZ-2")
@pytest.mark.parametrize("path", OBJECTS)
def test_anothers_object_is_not_there(operations, makers, path):
    """Byte for byte the answer to an id that nobody has, and the object is as it was."""
    for operation in (o for o in operations if o.path == path):
        caller, foreign = OBJECTS[path](makers)
        (parameter,) = operation.parameters()
        body = operation.body() and sample(operation, operation.body())
        there = operation.send(caller, operation.fill({parameter: foreign}), body)
        unknown = uuid.uuid4().hex if parameter == "provider" else str(uuid.uuid4())
        nowhere = operation.send(caller, operation.fill({parameter: unknown}), body)
        problem(nowhere, 404, "not_found")
        assert without_id(there) == without_id(nowhere), operation.id
        if operation.who == "token" and operation.method in ("PUT", "PATCH", "DELETE"):
            own = operation.send(makers.owner, operation.fill({parameter: foreign}), body)
            assert own.status_code < 300, (operation.id, own.text)
            if operation.id == "me.sessions.end":
                makers.owner = makers.api.login(makers.owner.email)


# ---- what may be written


PUSHY = ("role", "Role", "roles", "is_admin", "user_id", "account_id", "id", "status", "version",
         "price", "total", "email_verified", "permissions", "__proto__", "constructor", "")


def intrusions(operation, schema, at=""):
    """(body, pointer) for members that the schema does not know, one at a time, at every level."""
    schema = follow(operation.document, schema)
    known = schema.get("properties", {})
    for name in PUSHY:
        if name not in known:
            yield {name: "x"}, f"{at}/{name}"
    for name in known:
        if name.upper() != name:
            yield {name.upper(): "x"}, f"{at}/{name.upper()}"
    for name, node in known.items():
        node = follow(operation.document, node.get("anyOf", [node])[0])
        if node.get("type") == "object" and "properties" in node:
            for body, pointer in intrusions(operation, node, f"{at}/{name}"):
                yield {name: body}, pointer
        elif node.get("type") == "array":
            items = follow(operation.document, node["items"])
            if "properties" in items:
                for body, pointer in intrusions(operation, items, f"{at}/{name}/0"):
                    yield {name: [body]}, pointer


@pytest.mark.req("AZ-5", "INP-2")
def test_no_body_takes_an_unknown_member(operations, callers):
    caller = {"staff": callers["owner"], "token": callers["customer"], "anyone": callers["nobody"],
              "public": callers["nobody"]}
    sent = 0
    for operation in operations:
        if operation.body() is None:
            continue
        path = operation.fill({p: str(uuid.uuid4()) for p in operation.parameters()})
        for body, pointer in intrusions(operation, operation.body()):
            answer = operation.send(caller[operation.who], path, body)
            found = problem(answer, 422, "validation_failed")["errors"]
            assert {"unknown_member"} == {f["code"] for f in found if f.get("pointer") == pointer}, (
                operation.id, body, found)
            sent += 1
    assert sent > 500


@pytest.mark.req("AZ-5", "INP-2")
def test_no_body_takes_a_name_twice(operations, callers):
    caller = {"staff": callers["owner"], "token": callers["customer"], "anyone": callers["nobody"],
              "public": callers["nobody"]}
    for operation in operations:
        if operation.body() is None:
            continue
        path = operation.fill({p: str(uuid.uuid4()) for p in operation.parameters()})
        name = next(iter(operation.body()["properties"]))
        data = f'{{"{name}":null,"{name}":null}}'
        problem(caller[operation.who].send(operation.method, path, data=data, key=unique_key()),
                400, "malformed_json")


@pytest.mark.req("AZ-5", "INP-5")
def test_no_route_takes_an_unknown_or_repeated_parameter(operations, callers):
    caller = {"staff": callers["owner"], "token": callers["customer"], "anyone": callers["nobody"],
              "public": callers["nobody"]}
    for operation in operations:
        path = operation.fill({p: str(uuid.uuid4()) for p in operation.parameters()})
        for query, codes in (("zz=1", {"unknown_parameter"}), ("limit=1&limit=1", {"repeated",
                                                                               "unknown_parameter"})):
            answer = operation.send(caller[operation.who], f"{path}?{query}")
            if operation.parameters() and answer.status_code == 404:
                continue
            found = problem(answer, 422, "validation_failed")["errors"]
            assert codes & {f["code"] for f in found if "parameter" in f}, (operation.id, found)


@pytest.mark.req("RST-4", "INP-2")
def test_every_member_has_its_type(operations, callers):
    """Another type in any member of any body is told there, whatever else is wrong."""
    caller = {"staff": callers["owner"], "token": callers["customer"], "anyone": callers["nobody"],
              "public": callers["nobody"]}
    values = {"string": [0, True, [], {}], "integer": ["2", 1.5, True, [], {}, 2**63, -2**63],
              "boolean": [0, "true", [], {}], "array": [0, "x", {}, True],
              "object": [0, "x", [], True]}
    for operation in operations:
        if operation.body() is None:
            continue
        path = operation.fill({p: str(uuid.uuid4()) for p in operation.parameters()})
        for name, node in operation.body()["properties"].items():
            node = follow(operation.document, node.get("anyOf", [node])[0])
            kind = node.get("type")
            kind = kind[0] if isinstance(kind, list) else kind
            if kind is None:
                continue
            for value in values[kind]:
                answer = operation.send(caller[operation.who], path, {name: value})
                found = problem(answer, 422, "validation_failed")["errors"]
                assert [f for f in found if f.get("pointer", "").startswith(f"/{name}")], (
                    operation.id, name, value, found)


# ---- what the document promises


def schemas_in(operation, node, seen):
    """Every object schema that can be reached."""
    if isinstance(node, list):
        for part in node:
            yield from schemas_in(operation, part, seen)
    elif isinstance(node, dict):
        if "$ref" in node:
            if node["$ref"] in seen:
                return
            seen.add(node["$ref"])
            yield from schemas_in(operation, follow(operation.document, node), seen)
            return
        kind = node.get("type")
        if kind == "object" or (isinstance(kind, list) and "object" in kind):
            yield node
        for name, part in node.items():
            if name not in ("examples", "x-codes"):
                yield from schemas_in(operation, part, seen)


@pytest.mark.req("AZ-6")
def test_every_answer_lists_its_members(operations):
    """Answers may grow, so their schemas are not closed, but they list what is there now;
    test_zz_contract.py holds every answer of the run to these lists."""
    wrong = []
    for operation in operations:
        for status, answer in operation.node["responses"].items():
            for media, content in answer.get("content", {}).items():
                if media != "application/json" or "$ref" not in json.dumps(content):
                    continue
                for schema in schemas_in(operation, content["schema"], set()):
                    extra = schema.get("additionalProperties")
                    if extra is False or (extra is None and not schema.get("properties")):
                        wrong.append((operation.id, status, schema))
    assert not wrong, wrong[:3]


@pytest.mark.req("AZ-6")
def test_every_request_is_closed(operations):
    for operation in operations:
        content = operation.node.get("requestBody", {}).get("content", {})
        for media in content.values():
            schema = follow(operation.document, media["schema"])
            assert schema["additionalProperties"] is False, operation.id


@pytest.mark.req("AZ-6")
def test_no_answer_has_a_secret_of_the_server(operations):
    """Names that no answer may have."""
    never = re.compile(r"hash|salt|secret_key|password|lease|sealed|private", re.I)
    for operation in operations:
        for answer in operation.node["responses"].values():
            for schema in schemas_in(operation, answer.get("content", {}), set()):
                assert not [n for n in schema.get("properties", {}) if never.search(n)], operation.id


def bounds(operation, schema, at):
    """Pointers of what a caller may make as large as they like."""
    schema = follow(operation.document, schema.get("anyOf", [schema])[0])
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        for name, node in schema.get("properties", {}).items():
            yield from bounds(operation, node, f"{at}/{name}")
        if isinstance(schema.get("additionalProperties"), dict) and "maxProperties" not in schema:
            yield at
    elif kind == "array":
        if "maxItems" not in schema:
            yield at
        yield from bounds(operation, schema["items"], f"{at}/0")
    elif kind == "string":
        if not {"maxLength", "enum"} & set(schema) and schema.get("format") not in (
                "uuid", "date-time"):
            yield at
    elif kind == "integer" and not {"minimum", "maximum"} <= set(schema):
        yield at


@pytest.mark.req("INP-1")
def test_all_input_is_bounded_in_the_document(operations):
    loose = []
    for operation in operations:
        if operation.body():
            loose += [(operation.id, p) for p in bounds(operation, operation.body(), "")]
        for parameter in operation.node["parameters"]:
            loose += [(operation.id, parameter["name"], p)
                      for p in bounds(operation, parameter["schema"], "")]
    assert not loose, loose


@pytest.mark.req("INP-1")
def test_every_list_has_pages_of_at_most_100(operations, callers):
    caller = {"staff": callers["owner"], "token": callers["customer"], "anyone": callers["nobody"],
              "public": callers["nobody"]}
    lists = [o for o in operations if "limit" in {p["name"] for p in o.node["parameters"]}]
    assert len(lists) >= 6
    for operation in lists:
        for limit in ("0", "101", "1000000", "-1", "1.5", "x", "9" * 30, "+5", ""):
            answer = operation.send(caller[operation.who], f"{operation.path}?limit={limit}")
            assert ["limit"] == [f["parameter"] for f in
                                 problem(answer, 422, "validation_failed")["errors"]], operation.id
