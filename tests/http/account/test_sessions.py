"""Refresh tokens: one use each, a short grace, families; sign-out."""
import base64
import json
import re
import threading
import uuid

import pytest

import client
from client import at_once, faults, problem, unique_key
from sessions import refresh, refused, rotated, signed_in
from shop import make_product, variant_ids

pytestmark = pytest.mark.signed_up
BEYOND_GRACE = f"- INTERVAL {client.PATIENCE['refresh_grace_s'] + 1} SECOND"


def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def session(person):
    return claims(person.token)["sid"].replace("-", "")


def shift(stack, person, column, change):
    """Move a time of the person's session."""
    stack.admin().rows(
        f"UPDATE session SET {column} = {column} {change} WHERE id = UNHEX('{session(person)}')"
    )


# ---- refresh


def test_refresh(api, customer):
    tokens = rotated(api, customer.refresh_token)
    assert tokens["refresh_token"] != customer.refresh_token
    assert tokens["access_token"] != customer.token and tokens["user"] == customer.user
    one, two = claims(customer.token), claims(tokens["access_token"])
    assert one["sid"] == two["sid"] and one["sub"] == two["sub"] and one["jti"] != two["jti"]
    assert signed_in(customer, tokens["access_token"]) and signed_in(customer)


def test_claims(api, customer, guest, staff, stack):
    for person, scope in ((guest, "guest"), (customer, "customer"), (staff, "staff")):
        c = claims(person.token)
        assert c["scope"] == scope and c["sub"] == person.id
        assert c["iss"] == stack.env["MERX_URL"] and c["exp"] - c["iat"] <= 900
        assert c["aud"] == "merx" and c["nbf"] <= c["iat"] and c["jti"] and c["sid"]
    assert "owner" in json.dumps(claims(staff.token)["roles"])


@pytest.mark.req("RT-3")
def test_a_lost_answer_gives_the_same_successor(api, customer):
    first = rotated(api, customer.refresh_token)
    again = rotated(api, customer.refresh_token)
    assert first["refresh_token"] == again["refresh_token"]
    assert signed_in(customer, again["access_token"])
    rotated(api, first["refresh_token"])


@pytest.mark.req("RT-2")
def test_an_older_token_ends_the_family(api, customer):
    one = rotated(api, customer.refresh_token)
    two = rotated(api, one["refresh_token"])
    assert signed_in(customer, two["access_token"])
    refused(api, customer.refresh_token)
    refused(api, two["refresh_token"])
    problem(customer.get("/v1/me", token=two["access_token"]), 401, "unauthorized")
    problem(customer.get("/v1/me"), 401, "unauthorized")


@pytest.mark.req("AUD-1")
def test_reuse_is_in_the_audit_log(api, customer, db):
    one = rotated(api, customer.refresh_token)
    rotated(api, one["refresh_token"])
    refused(api, customer.refresh_token)
    found = (f"FROM audit_log WHERE object_id = UNHEX('{session(customer)}')"
             " AND action <> 'auth.sign_in'")
    (row,) = db.rows(f"SELECT action {found}")
    assert row == {"action": "session.token_reused"}
    refused(api, customer.refresh_token)
    assert db.value(f"SELECT COUNT(*) {found}") == "1"


def test_after_the_grace_the_parent_ends_the_family(api, customer, stack):
    one = rotated(api, customer.refresh_token)
    shift(stack, customer, "rotated_at", BEYOND_GRACE)
    refused(api, customer.refresh_token)
    refused(api, one["refresh_token"])


def test_a_key_gives_the_answer_again_while_its_access_token_lives(api, customer, stack):
    """The time-outs of apps are longer than the grace. Then two hold the token, and the family ends."""
    key, sent = unique_key(), {"refresh_token": customer.refresh_token}
    first, again = (api.post("/v1/auth/refresh", sent, key=key) for _ in range(2))
    assert again.content == first.content and again.headers["Idempotency-Replayed"] == "true"
    life_s = first.json()["expires_in"]

    def later(seconds):
        """So long after the first answer."""
        change = f"- INTERVAL {seconds} SECOND"
        shift(stack, customer, "rotated_at", change)
        stack.admin().run(f"UPDATE idempotency SET created_at = created_at {change} WHERE idem_key = '{key}'")

    later(life_s // 2)
    late = api.post("/v1/auth/refresh", sent, key=key)
    assert late.content == first.content and late.headers["Idempotency-Replayed"] == "true"
    assert api.get("/v1/me", token=late.json()["access_token"]).status_code == 200
    later(life_s // 2 + 1)
    problem(api.post("/v1/auth/refresh", sent, key=key), 401, "invalid_refresh_token")
    problem(api.get("/v1/me", token=first.json()["access_token"]), 401, "unauthorized")
    refused(api, first.json()["refresh_token"])


def test_one_family_does_not_touch_another(api, customer):
    other = api.login(customer.email)
    one = rotated(api, customer.refresh_token)
    rotated(api, one["refresh_token"])
    refused(api, customer.refresh_token)
    assert signed_in(other)
    rotated(api, other.refresh_token)


@pytest.mark.req("RT-4")
def test_twenty_at_once_get_one_child(api, customer, db):
    answers, barrier = [None] * 20, threading.Barrier(20)
    clients = [api.clone() for _ in range(20)]

    def use(i):
        barrier.wait()
        answers[i] = refresh(clients[i], customer.refresh_token)

    threads = [threading.Thread(target=use, args=(i,)) for i in range(20)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert {a.status_code for a in answers} == {200}, [a.text for a in answers]
    assert len({a.json()["refresh_token"] for a in answers}) == 1
    generation = f"SELECT generation FROM session WHERE id = UNHEX('{session(customer)}')"
    assert db.value(generation) == "1"


@pytest.mark.req("RT-4", "INV-15")
def test_a_family_has_one_leaf_under_races(api, customer, db):
    """Each round, many use the newest token at once: all that succeed get the one successor."""
    token, clients = customer.refresh_token, [api.clone() for _ in range(6)]
    for _ in range(10):
        calls = [lambda c=c, t=token: refresh(c, t) for c in clients]
        answers = at_once(len(calls), lambda i: calls[i]())
        successors = {a.json()["refresh_token"] for a in answers if a.status_code == 200}
        assert len(successors) == 1, [a.status_code for a in answers]
        (token,) = successors
    generation = f"SELECT generation FROM session WHERE id = UNHEX('{session(customer)}')"
    assert db.value(generation) == "10"


@pytest.mark.req("RT-2", "INV-15")
def test_nothing_of_a_family_works_once_reuse_was_seen(api, customer):
    """Reuse of an old token races with the use of the newest one: whoever wins, the family ends."""
    one = rotated(api, customer.refresh_token)
    two = rotated(api, one["refresh_token"])
    calls = [lambda c=api.clone(): refresh(c, two["refresh_token"]) for _ in range(4)]
    calls += [lambda c=api.clone(): refresh(c, customer.refresh_token) for _ in range(4)]
    answers = at_once(len(calls), lambda i: calls[i]())
    assert {a.status_code for a in answers[4:]} == {401}
    got = [a.json() for a in answers[:4] if a.status_code == 200]
    for tokens in [one, two, *got]:
        refused(api, tokens["refresh_token"])
        problem(customer.get("/v1/me", token=tokens["access_token"]), 401, "unauthorized")


@pytest.mark.req("RT-5")
def test_a_session_dies_when_it_is_not_used(api, customer, stack):
    shift(stack, customer, "expires_at", "- INTERVAL 31 DAY")
    refused(api, customer.refresh_token)


@pytest.mark.req("RT-5")
def test_use_prolongs_a_session_up_to_its_absolute_life(api, customer, stack, db):
    left = (
        "SELECT TIMESTAMPDIFF(HOUR, UTC_TIMESTAMP(3), expires_at) FROM session"
        f" WHERE id = UNHEX('{session(customer)}')"
    )
    shift(stack, customer, "expires_at", "- INTERVAL 20 DAY")
    tokens = rotated(api, customer.refresh_token)
    assert 29 * 24 <= int(db.value(left)) <= 30 * 24
    shift(stack, customer, "created_at", "- INTERVAL 364 DAY")
    tokens = rotated(api, tokens["refresh_token"])
    assert int(db.value(left)) <= 24
    shift(stack, customer, "created_at", "- INTERVAL 2 DAY")
    shift(stack, customer, "expires_at", "- INTERVAL 2 DAY")
    refused(api, tokens["refresh_token"])


@pytest.mark.req("RT-6")
def test_a_closed_account_refreshes_nothing_and_its_session_ends(api, customer, stack, db):
    stack.admin().rows(
        f"UPDATE account SET status = 1 WHERE id = UNHEX('{customer.id.replace('-', '')}')")
    refused(api, customer.refresh_token)
    ended = f"SELECT revoked_at IS NOT NULL FROM session WHERE id = UNHEX('{session(customer)}')"
    assert db.value(ended) == "1"
    refused(api, customer.refresh_token)
    problem(customer.get("/v1/cart"), 401, "unauthorized")


@pytest.mark.parametrize("change", ("first", "last", "middle", "prefix", "cut", "more"))
def test_a_changed_token_is_worth_nothing(api, customer, change):
    t = customer.refresh_token
    swap = {"A": "B"}
    forged = {
        "first": t[:5] + swap.get(t[5], "A") + t[6:],
        "middle": t[:27] + swap.get(t[27], "A") + t[28:],
        "last": t[:-2] + swap.get(t[-2], "A") + t[-1],
        "prefix": t.replace("mr1_", "mr2_"),
        "cut": t[:-1],
        "more": t + "A",
    }[change]
    refused(api, forged)
    rotated(api, t)


@pytest.mark.parametrize("token", ("x", "mr1_", "mr1_" + "A" * 75, "mr1_!!!!", "é", " "))
def test_garbage_is_no_token(api, token):
    refused(api, token)


def test_types_and_lengths(api):
    assert faults(refresh(api, "x" * 513)) == [("/refresh_token", "too_long")]
    assert faults(refresh(api, 7)) == [("/refresh_token", "wrong_type")]
    assert faults(api.post("/v1/auth/refresh", {})) == [("/refresh_token", "required")]


def test_an_access_token_does_not_refresh(api, customer):
    problem(refresh(api, customer.token[:512]), 401, "invalid_refresh_token")


def test_a_refresh_token_gives_no_access(customer):
    problem(customer.get("/v1/me", token=customer.refresh_token), 401, "unauthorized")


@pytest.mark.req("RT-1")
def test_nothing_stored_refreshes(api, customer, db):
    token = customer.refresh_token.removeprefix("mr1_")
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    assert len(raw) == 56 and raw[:16].hex() == session(customer)
    where = f"WHERE id = UNHEX('{session(customer)}')"
    columns = [r["Field"] for r in db.rows("SHOW COLUMNS FROM session")]
    assert "generation" in columns
    for column in columns:
        stored = db.value(f"SELECT HEX({column}) FROM session {where}") or ""
        assert raw[24:].hex().upper() not in stored and token.encode().hex().upper() not in stored


def test_what_is_stored_of_a_session(api, db):
    agent = "Käse/1 " + "ä" * 300
    sent = {"User-Agent": agent.encode()}
    person = client.Person(api, api.post("/v1/auth/guest", headers=sent))
    (row,) = db.rows(
        f"SELECT user_agent, address, revoked_at FROM session WHERE id = UNHEX('{session(person)}')"
    )
    assert row["user_agent"].startswith("Käse/1 ä") and len(row["user_agent"].encode()) <= 200
    assert row["address"] == "127.0.0.1" and row["revoked_at"] is None


def test_odd_user_agents_sign_in(api):
    for agent in (b"\xff\xfe", b"\xc3", b"x" * 4000):
        assert api.post("/v1/auth/guest", headers={"User-Agent": agent}).status_code == 201


# ---- sign-out


@pytest.mark.req("SES-2", "JWT-13")
def test_logout_ends_access_and_refresh_at_once(api, customer):
    assert customer.post("/v1/auth/logout").status_code == 204
    for _ in range(10):
        problem(customer.get("/v1/me"), 401, "unauthorized")
    refused(api, customer.refresh_token)


def test_logout_ends_this_session_only(api, customer):
    other = api.login(customer.email)
    assert other.post("/v1/auth/logout").status_code == 204
    assert signed_in(customer)
    rotated(api, customer.refresh_token)


@pytest.mark.req("SES-2")
def test_logout_everywhere(api, customer, guest):
    devices = [api.login(customer.email) for _ in range(3)]
    assert customer.post("/v1/auth/logout?all=true").status_code == 204
    for person in [customer, *devices]:
        problem(person.get("/v1/me"), 401, "unauthorized")
        refused(api, person.refresh_token)
    assert signed_in(guest)
    assert signed_in(api.login(customer.email))


def test_all_is_true_or_false(customer):
    assert faults(customer.post("/v1/auth/logout?all=maybe")) == [("all", "wrong_type")]
    assert customer.post("/v1/auth/logout?all=false").status_code == 204


def test_logout_needs_a_token(api):
    problem(api.post("/v1/auth/logout"), 401, "unauthorized")


def test_all_tokens_of_a_session_end_together(api, customer):
    tokens = rotated(api, customer.refresh_token)
    assert customer.post("/v1/auth/logout", token=tokens["access_token"]).status_code == 204
    problem(customer.get("/v1/me"), 401, "unauthorized")


@pytest.mark.req("SES-2")
@pytest.mark.parametrize("path", ("/v1/auth/logout", "/v1/auth/logout?all=true"))
def test_signing_out_again_is_no_error(api, customer, path):
    other = api.login(customer.email)
    for _ in range(3):
        answer = customer.post(path)
        assert answer.status_code == 204 and not answer.content
    assert signed_in(other) == ("all" not in path)
    problem(customer.get("/v1/me"), 401, "unauthorized")


@pytest.mark.req("SES-2")
def test_signing_out_at_once(api, customer):
    clients = [customer.clone() for _ in range(10)]
    answers = at_once(10, lambda i: clients[i].post("/v1/auth/logout?all=true"))
    assert {a.status_code for a in answers} == {204}


@pytest.mark.req("SES-2")
def test_an_ended_session_ends_no_other(api, customer):
    """The token is good for having signed out, not for signing out others: 204 would not be true."""
    other = api.login(customer.email)
    assert customer.post("/v1/auth/logout").status_code == 204
    problem(customer.post("/v1/auth/logout?all=true"), 401, "unauthorized")
    assert signed_in(other)
    assert other.post("/v1/auth/logout").status_code == 204
    assert customer.post("/v1/auth/logout?all=true").status_code == 204


def test_a_later_session_does_not_undo_a_sign_out(api, customer):
    assert customer.post("/v1/auth/logout?all=true").status_code == 204
    later = api.login(customer.email)
    assert customer.post("/v1/auth/logout?all=true").status_code == 204
    assert signed_in(later)


@pytest.mark.req("SES-2")
def test_forged_and_expired_tokens_do_not_sign_out(api, customer, new_stack, recorder):
    head, payload, signature = customer.token.split(".")
    forged = payload[:-4] + ("AAAA" if payload[-4:] != "AAAA" else "BBBB")
    assert customer.post("/v1/auth/logout").status_code == 204
    other = ("B" if signature[0] == "A" else "A") + signature[1:]
    for token in (f"{head}.{forged}.{signature}", f"{head}.{payload}.{other}", "x.y.z",
                  customer.refresh_token):
        problem(api.post("/v1/auth/logout", token=token), 401, "unauthorized")
        problem(api.post("/v1/auth/logout?all=true", token=token), 401, "unauthorized")


@pytest.mark.req("SES-2")
def test_only_signing_out_takes_the_token_of_an_ended_session(api, customer):
    """And signing in that of a guest, whose session may have ended by it."""
    assert customer.post("/v1/auth/logout").status_code == 204
    sent = {"email": customer.email, "password": client.PASSWORD}
    for path, body in (("/v1/auth/login", sent), ("/v1/auth/guest", None),
                       ("/v1/auth/reauth", {"password": client.PASSWORD})):
        problem(customer.post(path, body), 401, "unauthorized")


def ends_elsewhere(stack, person):
    """Another host ends the person's session."""
    stack.admin().rows(
        "UPDATE session SET revoked_at = UTC_TIMESTAMP(3)"
        f" WHERE id = UNHEX('{session(person)}')"
    )


@pytest.mark.req("JWT-13")
def test_sign_out_at_another_host_bites_within_seconds(customer, stack):
    ends_elsewhere(stack, customer)
    client.until(lambda: customer.get("/v1/me").status_code == 401, what="the end of the session")


@pytest.mark.req("SES-2")
@pytest.mark.parametrize("filled", [True, False])
@pytest.mark.parametrize("ended", [
    "UPDATE session SET revoked_at = UTC_TIMESTAMP(3) WHERE id = UNHEX('{session}')",
    "UPDATE session SET expires_at = UTC_TIMESTAMP(3) WHERE id = UNHEX('{session}')",
    "UPDATE account SET status = 1 WHERE id = (SELECT account_id FROM session WHERE id = UNHEX('{session}'))",
])
def test_money_asks_the_database_for_the_session(guest, staff, stack, db, filled, ended):
    """A session that ended at another host a moment ago buys nothing, whether or not this host has heard of it."""
    if filled:
        guest.fill_cart(variant_ids(make_product(staff))[0], 1)
    before = db.value("SELECT COUNT(*) FROM orders")
    stack.admin().rows(ended.format(session=session(guest)))
    problem(guest.checkout(), 401, "unauthorized")
    assert db.value("SELECT COUNT(*) FROM orders") == before


@pytest.mark.req("JWT-13")
def test_sign_out_at_another_host_bites_while_all_workers_are_busy(api, customer, stack):
    done, twins = threading.Event(), [api.clone() for _ in range(8)]

    def load(twin):
        while not done.is_set():
            twin.get("/v1/products?q=a&facets=true&sort=relevance")

    threads = [threading.Thread(target=load, args=(t,)) for t in twins]
    for t in threads:
        t.start()
    try:
        ends_elsewhere(stack, customer)
        client.until(lambda: customer.get("/v1/me").status_code == 401, what="the end")
    finally:
        done.set()
        for t in threads:
            t.join()


@pytest.mark.req("JWT-13")
def test_many_sign_outs_at_another_host(api, guest, stack):
    """More than one page of the poll: none is lost."""
    first = api.guest()
    stack.admin().rows(
        "INSERT INTO session (id, account_id, created_at, rotated_at, expires_at, authenticated_at,"
        " revoked_at) SELECT UNHEX(REPLACE(UUID(), '-', '')), REPEAT('x', 16), UTC_TIMESTAMP(3),"
        " UTC_TIMESTAMP(3), UTC_TIMESTAMP(3), UTC_TIMESTAMP(3), UTC_TIMESTAMP(3)"
        f" FROM {client.numbers(5000)}")
    ends_elsewhere(stack, guest)
    ends_elsewhere(stack, first)
    for person in (guest, first):
        client.until(lambda p=person: p.get("/v1/me").status_code == 401, what="the end")


@pytest.mark.req("INV-14", "SES-2")
def test_no_request_that_starts_after_a_sign_out_succeeds(api, customer):
    """Devices call all the time while one of them signs everybody out."""
    devices = [customer] + [api.login(customer.email) for _ in range(3)]
    ended, done, seen = threading.Event(), threading.Event(), []

    def call(device):
        while not done.is_set():
            begun_late = ended.is_set()
            seen.append((begun_late, device.get("/v1/me").status_code))

    threads = [threading.Thread(target=call, args=(d.clone(),)) for d in devices * 2]
    for t in threads:
        t.start()
    client.until(lambda: len(seen) >= 40, what="calls")
    assert customer.clone().post("/v1/auth/logout?all=true").status_code == 204
    ended.set()
    client.until(lambda: sum(late for late, _ in seen) >= 40, what="later calls")
    done.set()
    for t in threads:
        t.join()
    assert {status for late, status in seen if late} == {401}
    assert 200 in {status for late, status in seen if not late}


@pytest.mark.req("INV-14", "INV-15")
def test_refresh_races_with_signing_out(api, customer):
    for _ in range(10):
        person = api.login(customer.email)
        calls = [lambda c=api.clone(): refresh(c, person.refresh_token) for _ in range(3)]
        calls.append(lambda p=person.clone(): p.post("/v1/auth/logout"))
        *answers, out = at_once(len(calls), lambda i: calls[i]())
        assert out.status_code == 204
        for got in (a.json() for a in answers if a.status_code == 200):
            refused(api, got["refresh_token"])
            assert not signed_in(person, got["access_token"])


@pytest.mark.req("SES-4")
def test_sign_in_is_no_oauth_password_grant(api):
    assert not re.search(r"grant_type|oauth|tokenUrl", api.get("/v1/openapi.json").text, re.I)


@pytest.mark.req("JWT-13")
def test_a_role_that_is_taken_away_bites_at_the_next_request(new_stack, recorder):
    stack = new_stack("roles", workers=2)
    staff = client.Api(stack, recorder).staff()
    account = f"UNHEX('{staff.id.replace('-', '')}')"
    assert staff.get("/v1/admin/products").status_code == 200
    stack.admin().rows(f"DELETE FROM account_role WHERE account_id = {account}")
    problem(staff.get("/v1/admin/products"), 403, "forbidden")
    stack.admin().rows(f"INSERT INTO account_role VALUES ({account}, 'manager')")
    assert staff.get("/v1/admin/products").status_code == 200
    stack.admin().rows(f"UPDATE account SET status = 1 WHERE id = {account}")
    problem(staff.get("/v1/admin/products"), 401, "unauthorized")


# ---- the list of devices


def listed(person, query=""):
    answer = person.get(f"/v1/me/sessions{query}")
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    return answer.json()


@pytest.mark.req("SES-1")
def test_devices(api, customer):
    sent = {"email": customer.email, "password": client.PASSWORD}
    phone = client.Person(api, api.elsewhere(7).post(
        "/v1/auth/login", sent, headers={"User-Agent": "Phone/1 <b>ü</b>".encode()}))
    page = listed(customer)
    assert page["next_cursor"] is None
    new, old = page["data"]
    assert set(new) == {"id", "device", "address", "created_at", "last_used_at", "current"}
    assert new["id"] == claims(phone.token)["sid"] and old["id"] == claims(customer.token)["sid"]
    assert new["device"] == "Phone/1 <b>ü</b>" and old["device"].startswith("python-requests")
    assert new["address"] == "127.0.0.7" and old["address"] == "127.0.0.1"
    assert (new["current"], old["current"]) == (False, True)
    assert [s["current"] for s in listed(phone)["data"]] == [True, False]
    assert new["created_at"] == new["last_used_at"]
    rotated(api, phone.refresh_token)
    again = listed(customer)["data"][0]
    assert again["created_at"] == new["created_at"] < again["last_used_at"]


def test_a_device_without_a_name(api):
    person = client.Person(api, api.post("/v1/auth/guest", headers={"User-Agent": ""}))
    (only,) = listed(person)["data"]
    assert only["device"] is None and only["current"]


def test_ended_and_expired_sessions_are_not_listed(api, customer, stack):
    ended, expired = api.login(customer.email), api.login(customer.email)
    ended.post("/v1/auth/logout")
    shift(stack, expired, "expires_at", "- INTERVAL 31 DAY")
    assert [s["id"] for s in listed(customer)["data"]] == [claims(customer.token)["sid"]]


def test_pages_of_devices(api, customer):
    people = [customer] + [api.login(customer.email) for _ in range(4)]
    want, got, query = [claims(p.token)["sid"] for p in reversed(people)], [], "?limit=2"
    while query:
        page = listed(customer, query)
        assert len(page["data"]) <= 2
        got += [s["id"] for s in page["data"]]
        query = page["next_cursor"] and f"?limit=2&cursor={page['next_cursor']}"
    assert got == want
    assert faults(customer.get("/v1/me/sessions?limit=0")) == [("limit", "out_of_range")]
    assert faults(customer.get("/v1/me/sessions?cursor=x")) == [("cursor", "bad_format")]


@pytest.mark.req("SES-1")
def test_ending_a_device(api, customer):
    other, third = api.login(customer.email), api.login(customer.email)
    path = f"/v1/me/sessions/{claims(other.token)['sid']}"
    assert customer.delete(path).status_code == 204
    problem(other.get("/v1/me"), 401, "unauthorized")
    refused(api, other.refresh_token)
    assert signed_in(customer) and signed_in(third)
    problem(customer.delete(path), 404, "not_found")
    own = f"/v1/me/sessions/{claims(customer.token)['sid']}"
    assert customer.delete(own).status_code == 204
    assert not signed_in(customer) and signed_in(third)


@pytest.mark.req("SES-1", "AZ-2")
def test_anothers_session_is_none(api, customer, guest):
    paths = (claims(guest.token)["sid"], str(uuid.uuid4()), "7", "x" * 36)
    told = {"X-Request-Id": "same"}
    answers = [customer.delete(f"/v1/me/sessions/{p}", headers=told) for p in paths]
    for a in answers:
        problem(a, 404, "not_found")
    assert len({a.content for a in answers}) == 1 and len({str(a.headers["Content-Length"])
                                                           for a in answers}) == 1
    assert signed_in(guest)


@pytest.mark.req("SES-1", "MFA-5")
def test_an_old_sign_in_ends_no_device(api, customer, stack):
    other = api.login(customer.email)
    shift(stack, customer, "authenticated_at", "- INTERVAL 2 DAY")
    path = f"/v1/me/sessions/{claims(other.token)['sid']}"
    problem(customer.delete(path), 403, "reauth_required")
    assert signed_in(other)
    assert customer.post("/v1/auth/reauth", {"password": client.PASSWORD}).status_code == 204
    assert customer.delete(path).status_code == 204


def test_devices_need_a_token(api):
    problem(api.get("/v1/me/sessions"), 401, "unauthorized")
    problem(api.delete(f"/v1/me/sessions/{uuid.uuid4()}"), 401, "unauthorized")
