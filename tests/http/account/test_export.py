"""All that is held of a person, for the person: whole, of nobody else, and without what opens."""
import base64
import json
import re
import uuid

import pytest

import client
import sealed
from client import PASSWORD, faults, follow, problem, unique_key, until
from staff_helpers import hire
from factor import age, enrol, half
from life import Life, leave, ship
from personal import bare, mark, whole_address
from contract import Contract

EXPORT = "/v1/me/export"
LISTS = ("accounts", "orders", "addresses", "sessions", "mails", "audit_log")

# Why a column is not exported.
OPENS = "-: it proves or opens something, or finds what does"
MACHINE = "-: counters, locks and copies of the program's own"
LINK = "-: says whose or what row it belongs to, which its place in the export shows"
SHOP = "-: of the shop, not of a person"
SHORT = "-: of minutes, and says nothing of a person but that there was a request"
STAFF = "-: who else did something, or to whom"

# Every table and every column: a path into the export, or why not. One reason does for a table.
HELD = {
    "account": {
        "id": "accounts.profile.id", "kind": "accounts.profile.roles", "email": "accounts.profile.email",
        "status": "-: only open accounts can ask", "email_key": MACHINE,
        "verified_at": "accounts.email_verified_at", "name": "accounts.profile.name",
        "phone": "accounts.profile.phone", "locale": "accounts.profile.locale",
        "password_hash": "accounts.ways_in", "merged_into": LINK, "audit_key": OPENS, "version": MACHINE,
        "metadata": "accounts.metadata", "public_metadata": "accounts.profile.public_metadata",
        "created_at": "accounts.profile.created_at", "updated_at": "accounts.updated_at"},
    "account_role": {"account_id": LINK, "role_name": "accounts.profile.roles"},
    "session": {
        "id": "sessions.id", "account_id": LINK, "generation": OPENS,
        "created_at": "sessions.created_at", "rotated_at": "sessions.last_used_at",
        "expires_at": "sessions.expires_at", "authenticated_at": "sessions.authenticated_at",
        "second_factor": "sessions.second_factor", "revoked_at": "sessions.ended_at",
        "user_agent": "sessions.device", "address": "sessions.address"},
    "mailed_code": {
        "purpose": "accounts.codes.purpose", "holder": LINK, "handle_hash": OPENS, "code_hash": OPENS,
        "email": "accounts.codes.email", "email_key": MACHINE, "account_id": LINK,
        "name": "accounts.codes.name", "password_hash": OPENS, "attempts": "accounts.codes.attempts",
        "expires_at": "accounts.codes.expires_at", "created_at": "accounts.codes.created_at"},
    "address": {
        "id": "addresses.id", "account_id": LINK, "country": "addresses.to.country",
        "sealed": "addresses.to.line1", "created_at": "addresses.created_at", "unused_at": MACHINE},
    "account_address": {
        "id": "accounts.addresses.id", "account_id": LINK, "address_id": LINK,
        "is_default": "accounts.addresses.is_default",
        "created_at": "accounts.addresses.created_at",
        "updated_at": "addresses.created_at"},
    "cart": {
        "id": "accounts.cart.id", "account_id": LINK,
        "is_open": "-: of a closed cart the order is left, or the cart that it was added to", "currency": "accounts.cart.currency",
        "shipping_address_id": "accounts.cart.shipping_address.line1",
        "shipping_method_id": "accounts.cart.shipping_method.id", "version": MACHINE,
        "email": "accounts.cart.email", "note": "accounts.cart.note",
        "metadata": "accounts.cart.metadata", "notices": "accounts.cart.warnings.title",
        "created_at": MACHINE, "updated_at": MACHINE},
    "cart_item": {
        "cart_id": LINK, "id": "accounts.cart.items.id", "variant_id": "accounts.cart.items.variant_id",
        "quantity": "accounts.cart.items.quantity", "unit_price": "accounts.cart.items.unit_price",
        "created_at": MACHINE},
    "orders": {
        "id": "orders.id", "number": "orders.number", "account_id": LINK, "cart_id": LINK,
        "status": "orders.status", "payment_status": "orders.payment_status",
        "fulfilment_status": "orders.fulfilment_status", "currency": "orders.currency",
        "subtotal": "orders.subtotal", "discount_total": "orders.discount_total",
        "shipping_total": "orders.shipping_total", "tax_total": "orders.tax_total",
        "total": "orders.total", "email": "orders.email", "note": "orders.note",
        "shipping_address_id": "orders.addresses.shipping.line1",
        "shipping_method_id": "orders.shipping_method.id",
        "shipping_name": "orders.shipping_method.name", "placed_at": "orders.placed_at",
        "expires_at": "orders.expires_at", "metadata": "orders.metadata", "version": MACHINE,
        "mail_refused": MACHINE,
        "created_at": "orders.created_at",
        "updated_at": "orders.events.created_at"},
    "order_item": {
        "order_id": LINK, "line": MACHINE, "id": "orders.items.id",
        "variant_id": "orders.items.variant_id", "product_id": "orders.items.product_slug",
        "product_slug": "orders.items.product_slug", "sku": "orders.items.sku",
        "title": "orders.items.title", "quantity": "orders.items.quantity",
        "unit_price": "orders.items.unit_price", "line_total": "orders.items.line_total",
        "tax_ppm": SHOP, "tax": "orders.items.tax"},
    "payment": {
        "id": "orders.payments.id", "order_id": LINK, "attempt": "orders.payments.created_at",
        "provider": "orders.payments.provider", "status": "orders.payments.status",
        "amount": "orders.payments.amount", "captured": "orders.payments.captured",
        "refunded": "orders.payments.refunded", "currency": "orders.payments.amount.currency",
        "provider_ref": "-: the shop's handle at the provider",
        "failure_code": "orders.payments.failure_code",
        "created_at": "orders.payments.created_at", "updated_at": MACHINE},
    "mail": {
        "id": "mails.id", "account_id": LINK, "recipient_hash": OPENS, "template": "mails.template",
        "locale": "mails.locale", "sealed": OPENS, "state": "mails.state", "attempts": MACHINE,
        "next_at": MACHINE, "lease_owner": MACHINE, "lease_until": MACHINE, "failure": MACHINE,
        "created_at": "mails.created_at", "sent_at": "mails.done_at"},
    "audit_log": {
        "id": "audit_log.id", "actor_id": "audit_log.by", "action": "audit_log.action",
        "object_type": "audit_log.object_type", "object_id": STAFF,
        "before_json": "audit_log.before", "after_json": "audit_log.after", "person_id": LINK,
        "address": "audit_log.address", "request_id": "audit_log.request_id",
        "server_request_id": MACHINE, "state": MACHINE, "next_at": MACHINE, "created_at": "audit_log.created_at"},
    "identity": {
        "id": "accounts.identities.id", "account_id": LINK,
        "provider": "accounts.identities.provider", "issuer": "accounts.identities.issuer",
        "subject": "accounts.identities.subject", "created_at": "accounts.identities.created_at",
        "used_at": "accounts.identities.last_used_at"},
    "passkey": {
        "id": "accounts.passkeys.id", "account_id": LINK, "credential_id": OPENS, "alg": OPENS,
        "public_key": OPENS, "sign_count": OPENS, "backed_up": "accounts.passkeys.backed_up",
        "name": "accounts.passkeys.name", "created_at": "accounts.passkeys.created_at",
        "last_used_at": "accounts.passkeys.last_used_at"},
    "totp": {
        "account_id": LINK, "secret": OPENS, "last_step": "accounts.factors.totp_last_used_at",
        "confirmed_at": "accounts.factors.totp_since",
        "created_at": "accounts.factors.totp_begun_at"},
    "recovery_code": {
        "account_id": "accounts.factors.recovery_codes_left", "code_hash": OPENS,
        "used_at": "accounts.factors.recovery_code_last_used_at",
        "created_at": "accounts.factors.recovery_codes_since"},
    "mfa_challenge": SHORT,
    "id_token_used": SHORT,
    "passkey_challenge": SHORT,
    "invitation": "-: who was invited cannot sign in yet; it goes when they can",
    "idempotency": "-: answers once more, for a day, sealed with what their callers alone have",
    "job_failure": "-: what the shop's own jobs failed on, by the ids of rows that are told above",
    "stock_move": "-: the goods' ledger; whose order or act it was, orders and audit_log tell",
    "role": SHOP, "category": SHOP, "product": SHOP, "product_category": SHOP,
    "product_attribute": SHOP, "variant": SHOP, "stock": SHOP, "tax_rate": SHOP,
    "shipping_method": SHOP, "shipping_rate": SHOP, "schema_migration": SHOP, "schema_lease": SHOP,
}


def whole(person, limit=100):
    """All pages laid end to end, and how many there were."""
    out, cursor, pages = {name: [] for name in LISTS}, "", 0
    while cursor is not None:
        answer = person.get(f"{EXPORT}?limit={limit}{cursor and '&cursor=' + cursor}")
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert set(page) == {*LISTS, "next_cursor"}
        assert sum(len(page[name]) for name in LISTS) <= limit
        for name in LISTS:
            out[name] += page[name]
        cursor, pages = page["next_cursor"], pages + 1
    return out, pages


def ids(rows):
    return [bare(r["id"]) for r in rows]


def stored(db, table, where):
    return {r["id"] for r in db.rows(f"SELECT HEX(id) AS id FROM {table} WHERE {where}")}


def forms(secret):
    """How bytes may be written in a text."""
    text = secret.decode("latin-1") if secret.isascii() else None
    plain = base64.b64encode(secret).decode().rstrip("=")
    return {f for f in (text, secret.hex(), plain, plain.replace("+", "-").replace("/", "_"),
                        base64.b32encode(secret).decode().rstrip("=")) if f}


def leaks(text, secrets):
    low = text.lower()
    return [s for s in secrets for f in forms(s) if f.lower() in low]


@pytest.fixture
def life(api, staff, stack):
    yield Life(api, staff)
    # those of multiply(): no shop writes such, and other tests look at all orders
    stack.admin().rows("DELETE FROM orders WHERE NOT EXISTS (SELECT 1 FROM order_item i WHERE i.order_id = orders.id)")


def schema_of(contract, path):
    """The schema that a path of HELD leads to."""
    node = {"$ref": "#/components/schemas/Export"}
    for name in path.split("."):
        node = follow(contract.document, node)
        node = next((n for n in node.get("anyOf", node.get("oneOf", [])) if n.get("type") != "null"), node)
        node = follow(contract.document, node)
        node = follow(contract.document, node.get("items", node))
        node = node["properties"][name]
    return node


@pytest.mark.req("PII-2")
def test_no_column_is_forgotten(api, stack):
    contract = Contract(api.get("/v1/openapi.json").json())
    columns = stack.admin().rows(
        "SELECT c.table_name AS t, c.column_name AS c FROM information_schema.columns c"
        " JOIN information_schema.tables t USING (table_schema, table_name)"
        " WHERE c.table_schema = DATABASE() AND t.table_type = 'BASE TABLE'")
    assert len(columns) > 200
    undecided = []
    for row in columns:
        said = HELD.get(row["t"], {})
        said = said if isinstance(said, str) else said.get(row["c"])
        if said is None:
            undecided.append(f"{row['t']}.{row['c']}")
        elif not said.startswith("-"):
            assert schema_of(contract, said), said
    assert not undecided, "neither exported nor left out for a reason"
    assert set(HELD) == {row["t"] for row in columns}, "tables that are gone"
    assert {(t, c) for t, said in HELD.items() if isinstance(said, dict) for c in said} <= {
        (row["t"], row["c"]) for row in columns}, "columns that are gone"


# Columns that may hold an account's id.
PERSON = re.compile("account|guest|actor|person|customer|principal|merged")


@pytest.mark.req("PII-2")
def test_every_table_of_a_person_has_a_holding(stack):
    """Merge at sign-in, export, erasure and re-sealing walk the table of holdings alone."""
    rows = dict(line.split(maxsplit=1) for line in stack.merx("holdings").stdout.splitlines())
    about = {row["t"] for row in stack.admin().rows(
        "SELECT c.table_name AS t, c.column_name AS c FROM information_schema.columns c"
        " JOIN information_schema.tables t USING (table_schema, table_name)"
        " WHERE c.table_schema = DATABASE() AND t.table_type = 'BASE TABLE'"
        " AND c.column_type = 'binary(16)'") if PERSON.search(row["c"])}
    assert set(rows) == about, "a table that holds an account's id and one row of mx_holdings each"
    for table, said in rows.items():
        assert ("erased" in said.split(":")[0].split()) != (":" in said), f"{table}: erased, or kept for a reason"


@pytest.mark.req("PII-2")
def test_all_of_a_busy_person(api, stack, db, staff, mailbox, life):
    person, guest = life.person, life.guest
    enrol(stack, person)
    mailbox.wait(person.email)
    until(lambda: not [m for m in sealed.mails(stack, person.email)
                       if m["lease_until"] is not None], what="mail at rest")
    assert person.post("/v1/me/email", {"email": client.unique_email(), "password": PASSWORD}).status_code == 202
    client.delivered(db, life.began, ["audit_log"])
    cart = person.get("/v1/cart").json()
    got, _ = whole(person)
    own, was = got["accounts"]

    assert own["profile"] == person.get("/v1/me").json() and own["cart"] == cart
    assert was["profile"]["id"] == guest.id and was["profile"]["email"] is None
    assert guest.get("/v1/me").status_code == 401, "it has ended"
    assert was["cart"] is None, "it came along"
    for part, path in (("addresses", "addresses"), ("passkeys", "passkeys"), ("identities", "identities")):
        there = person.get(f"/v1/me/{path}").json()["data"]
        assert own[part] == there and there, part
    assert own["ways_in"] == ["password", "passkey", "identity"] and was["ways_in"] == []
    assert own["factors"]["recovery_codes_left"] == 10 and own["factors"]["totp_since"]
    assert was["factors"] == {k: None for k in was["factors"]} | {"recovery_codes_left": 0}
    assert [c["purpose"] for c in own["codes"]] == ["email"]

    orders = person.get("/v1/orders?limit=100").json()["data"]
    assert got["orders"] == orders and len(orders) == 4
    live = {s["id"] for s in person.get("/v1/me/sessions?limit=100").json()["data"]}
    assert live <= {s["id"] for s in got["sessions"] if s["ended_at"] is None}
    assert [s["id"] for s in got["sessions"] if s["current"]] and any(s["ended_at"] for s in got["sessions"])

    mine = f"IN (x'{bare(person.id)}', x'{bare(guest.id)}')"
    for name, table, where in (
            ("addresses", "address", f"account_id {mine}"), ("sessions", "session", f"account_id {mine}"),
            ("orders", "orders", f"account_id {mine}"),
            ("audit_log", "audit_log", f"actor_id {mine} OR object_id {mine} OR person_id {mine}")):
        assert len(ids(got[name])) == len(set(ids(got[name]))), name
        assert set(ids(got[name])) == stored(db, table, where), name
    to_me = sealed.Ring(stack.env["MERX_KEYS"]).recipient_hash(person.email)
    assert set(ids(got["mails"])) == stored(
        db, "mail", f"account_id {mine} OR recipient_hash = x'{to_me}' AND account_id IS NULL")
    assert {"queued", "sent"} <= {m["state"] for m in got["mails"]}
    told = json.dumps(got, ensure_ascii=False)
    assert [w for w in life.words if w not in told] == []


@pytest.mark.req("PII-2")
def test_nothing_that_opens(api, stack, life):
    db, person = stack.admin(), life.person
    app = enrol(stack, person)
    pending = half(api, person)
    assert api.post("/v1/auth/password/forgot", {"email": person.email}).status_code == 202
    got, _ = whole(person)
    ring, key = sealed.Ring(stack.env["MERX_KEYS"]), bare(person.id)
    where = f"account_id = x'{key}'"
    seed = db.value(f"SELECT HEX(secret) FROM totp WHERE {where}")
    secrets = [ring.open("totp.secret", key, seed), base64.b32decode(app.secret), app.secret.encode(), pending.encode(),
               person.refresh_token.encode(), person.token.encode(),
               bytes.fromhex(ring.recipient_hash(person.email))]
    secrets += [c.encode() for c in app.codes] + [c.replace("-", "").encode() for c in app.codes]
    for column, rows in (
            ("password_hash", f"account WHERE id = x'{key}'"), ("audit_key", f"account WHERE id = x'{key}'"),
            ("secret", f"totp WHERE {where}"), ("code_hash", f"recovery_code WHERE {where}"),
            ("code_hash", f"mailed_code WHERE {where}"), ("credential_id", f"passkey WHERE {where}"),
            ("public_key", f"passkey WHERE {where}"), ("sealed", f"address WHERE {where}"),
            ("token_hash", f"mfa_challenge WHERE {where}"), ("phone", f"account WHERE id = x'{key}'")):
        found = [bytes.fromhex(r["v"]) for r in db.rows(f"SELECT HEX({column}) AS v FROM {rows}")]
        assert found, column
        secrets += found
    assert len(secrets) > 30 and leaks(json.dumps(got), secrets) == []
    assert leaks(json.dumps(got), [person.email.encode()]), "the look itself works"


@pytest.mark.req("PII-2")
def test_nothing_of_others(api, stack, staff, life):
    person = life.person
    other = api.elsewhere(251).sign_up(name=mark("Other"))
    address = whole_address()
    other.post("/v1/me/addresses", address)
    other.post("/v1/cart/items", {"variant_id": life.variant, "quantity": 1})
    for status in ("disabled", "active"):
        sent = {"status": status}
        assert staff.patch(f"/v1/admin/customers/{person.id}", sent).status_code == 200
    person = life.api.login(person.email)
    got, _ = whole(person)
    by_staff = [r for r in got["audit_log"] if r["by"] == "staff"]
    assert len(by_staff) == 3 and {r["address"] for r in by_staff} == {None} == {r["request_id"] for r in by_staff}
    assert by_staff[0]["after"]["status"] == "active" and by_staff[0]["before"]["status"] == "disabled"
    assert any(r["by"] == "you" and r["address"] for r in got["audit_log"])
    told = json.dumps(got)
    for word in (staff.id, staff.email, staff.user["name"], other.id, other.email, other.user["name"],
                 "127.0.0.251", *(v for k, v in address.items() if k != "country")):
        assert word not in told, word


@pytest.mark.req("PII-2")
def test_anothers_place_opens_nothing(api, life):
    other, cursor = api.customer(), ""
    for _ in range(12):
        page = life.person.get(f"{EXPORT}?limit=1{cursor and '&cursor=' + cursor}").json()
        cursor = page["next_cursor"]
        answer = other.get(f"{EXPORT}?cursor={cursor}")
        assert answer.status_code == 200
        assert [answer.json()[name] for name in LISTS] == [[]] * len(LISTS)
    # Nor the other way round.
    theirs = other.get(f"{EXPORT}?limit=1").json()["next_cursor"]
    answer = life.person.get(f"{EXPORT}?cursor={theirs}")
    assert answer.status_code == 200 and other.email not in answer.text and other.id not in answer.text


def multiply(db, account, n=130):
    """Sessions that ended at once, audit rows and orders."""
    key = bare(account)
    db.rows("INSERT INTO session (id, account_id, created_at, rotated_at, expires_at, authenticated_at, revoked_at)"
            f" SELECT RANDOM_BYTES(16), x'{key}', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3), UTC_TIMESTAMP(3),"
            f" UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) - INTERVAL (seq DIV 50) SECOND FROM {client.numbers(n)}")
    db.rows("INSERT INTO audit_log (id, actor_id, action, object_type, object_id, created_at, next_at)"
            f" SELECT RANDOM_BYTES(16), IF(seq MOD 3, x'{key}', NULL), 'test.row', 'account',"
            f" IF(seq MOD 3 = 1, NULL, x'{key}'), UTC_TIMESTAMP(3), UTC_TIMESTAMP(3)"
            f" FROM {client.numbers(n)}")
    db.rows("INSERT INTO orders (id, number, account_id, cart_id, status, payment_status, currency, subtotal,"
            " discount_total, shipping_total, tax_total, total, created_at, updated_at)"
            f" SELECT RANDOM_BYTES(16), CONCAT('T', HEX(RANDOM_BYTES(7))), x'{key}', RANDOM_BYTES(16), 3, 0, 'EUR', seq,"
            f" 0, 0, 0, seq, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) FROM {client.numbers(n)}")


@pytest.mark.req("PII-2")
def test_page_by_page(api, stack, db, life):
    person, guests = life.person, [life.guest]
    for _ in range(7):
        guests.append(api.guest())
        life.api.login(person.email, token=guests[-1].token)
    multiply(stack.admin(), person.id)
    multiply(stack.admin(), guests[3].id, 25)
    all_at_once, pages = whole(person)
    assert pages > 5
    for limit in (7, 40):
        again, more = whole(person, limit)
        assert again == all_at_once and more > pages
    assert {a["profile"]["id"] for a in all_at_once["accounts"]} == {person.id, *(g.id for g in guests)}
    assert all_at_once["accounts"][0]["profile"]["id"] == person.id
    mine = "IN (" + ", ".join(f"x'{bare(p.id)}'" for p in (person, *guests)) + ")"
    for name, table, where in (
            ("orders", "orders", f"account_id {mine}"), ("sessions", "session", f"account_id {mine}"),
            ("audit_log", "audit_log", f"actor_id {mine} OR object_id {mine}")):
        assert sorted(ids(all_at_once[name])) == sorted(stored(db, table, where)), name
    assert len(all_at_once["orders"]) == 4 + 130 + 25


@pytest.mark.req("PII-2")
def test_each_page_is_read_by_an_index(stack, life):
    """An export reads the rows that are asked for, however many there are."""
    db = stack.admin()
    for _ in range(3):
        multiply(db, life.person.id, 1000)
    db.rows("ANALYZE TABLE audit_log, orders, session, mail, address, account")
    text = (client.ROOT / "sql/queries/account/export.sql").read_text()
    part = re.search(r"-- row: export_session\n(?:--.*\n)*([^-]*)", text).group(1)
    key = f"x'{bare(life.person.id)}'"
    values = {"account": key, "person": key, "before": "x'" + "ff" * 16 + "'", "limit": "100",
              "ended": "'9999-12-31'", "recipient": "REPEAT('x', 32)", "recipient_old": "REPEAT('x', 32)",
              "from": "x'00'", "id": key}
    seen = 0
    for name, body in re.findall(r"-- name: (\S+)\n(?:--.*\n)*([^;]*);", text):
        sql = body.replace("{{export_session}}", part)
        sql = re.sub(r":(\w+)", lambda m: values[m.group(1)], sql)
        for step in db.plan(sql):
            seen += 1
            assert step["type"] not in ("ALL", "index") or step["table"].startswith("<"), (name, step)
            short = name in ("export.codes",)
            assert "filesort" not in (step["Extra"] or "") or short or step["table"].startswith("<"), (name, step)
    assert seen > 15


@pytest.mark.req("PII-2", "AZ-6")
def test_what_it_takes(api, stack, customer, guest):
    problem(api.get(EXPORT), 401, "unauthorized")
    answer = customer.get(EXPORT)
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    assert "RateLimit-Remaining" in answer.headers
    assert customer.send("HEAD", EXPORT).status_code == 200
    for query, where in (("limit=0", ("limit", "out_of_range")), ("limit=101", ("limit", "out_of_range")),
                         ("cursor=AAAA", ("cursor", "bad_format")), ("page=2", ("page", "unknown_parameter"))):
        assert faults(customer.get(f"{EXPORT}?{query}")) == [where], query
    age(stack, customer)
    problem(customer.get(EXPORT), 403, "reauth_required")
    assert customer.post("/v1/auth/reauth", {"password": PASSWORD}).status_code == 204
    assert customer.get(EXPORT).status_code == 200


def cursor_tag(route):
    """FNV-1a of the route's id and the number of the order."""
    tag = 2166136261
    for byte in (*route.encode(), 0):
        tag = (tag ^ byte) * 16777619 % 2**32
    return tag.to_bytes(4, "big")


@pytest.mark.req("PII-2")
@pytest.mark.parametrize("number,text", ((-1, None), (0, b""), (0, b"x" * 36), (2**63 - 1, "id"),
                                         (2**63 - 64, "id"), (-2**63, "id"), (6, "none"), (4, "id")))
def test_a_place_that_was_made_up(customer, number, text):
    text = {"id": customer.id.encode(), "none": str(uuid.UUID(int=0)).encode()}.get(text, text)
    raw = bytes((2, text is not None)) + cursor_tag("me.export") + number.to_bytes(8, "big", signed=True)
    raw += b"\xff" * 16 + (text or b"")
    answer = customer.get(f"{EXPORT}?cursor={base64.urlsafe_b64encode(raw).decode().rstrip('=')}")
    if number >= 0 and number % 64 < 7 and text and re.fullmatch(rb"[0-9a-f-]{36}", text):
        assert answer.status_code == 200, answer.text
    else:
        assert faults(answer) == [("cursor", "bad_format")]


@pytest.mark.req("PII-2")
def test_a_guest_has_nothing_to_prove(stack, guest):
    """There is nothing but the token, however old: else a guest could never ask."""
    address = whole_address()
    assert guest.post("/v1/me/addresses", address, key=unique_key()).status_code == 201
    age(stack, guest)
    got, _ = whole(guest)
    assert [a["profile"] for a in got["accounts"]] == [guest.get("/v1/me").json()]
    assert got["addresses"][0]["to"] == address
    assert [s["current"] for s in got["sessions"]] == [True]


@pytest.mark.req("PII-2")
def test_of_staff(api, staff):
    clerk, hired = hire(api, staff, "support"), api.customer()
    done = clerk.patch(f"/v1/admin/customers/{hired.id}", {"status": "disabled"})
    assert done.status_code == 200, done.text
    got, _ = whole(clerk)
    (own,) = got["accounts"]
    assert own["profile"]["roles"] == ["support"] and own["profile"]["email"] == clerk.email
    told, act = json.dumps(got), got["audit_log"][0]
    assert {r["by"] for r in got["audit_log"]} >= {"you", "staff"}
    assert act["by"] == "you" and act["before"] is None is act["after"] and act["address"]
    for word in (staff.id, staff.email, hired.id, hired.email):
        assert word not in told, word


@pytest.mark.req("PII-2")
def test_after_the_end_nothing(api, stack, life):
    person, guest = life.person, life.guest
    cursor = person.get(f"{EXPORT}?limit=1").json()["next_cursor"]
    ship(stack, person)
    assert leave(person).status_code == 204
    for gone in (person, guest):
        problem(gone.get(EXPORT), 401, "unauthorized")
        problem(gone.get(f"{EXPORT}?cursor={cursor}"), 401, "unauthorized")
