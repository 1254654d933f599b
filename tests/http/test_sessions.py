"""Refresh tokens: one use each, a short grace, families; sign-out."""
import base64
import getpass
import json
import threading

import pytest

import client
from client import faults, problem
from shop import make_product, variant_ids


def refresh(api, token, **how):
    return api.post("/v1/auth/refresh", {"refresh_token": token}, **how)


def rotated(api, token):
    answer = refresh(api, token)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(api, token):
    problem(refresh(api, token), 401, "invalid_refresh_token")


def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def session(person):
    return claims(person.token)["sid"].replace("-", "")


def admin(stack):
    """The private database as its owner."""
    env = stack.env
    return client.Db(env["MERX_DB_SOCKET"], getpass.getuser(), env["MERX_DB_NAME"])


def shift(stack, person, column, change):
    """Move a time of the person's session."""
    admin(stack).rows(
        f"UPDATE session SET {column} = {column} {change} WHERE id = UNHEX('{session(person)}')"
    )


def signed_in(person, token=None):
    return person.get("/v1/me", token=token or person.token).status_code == 200


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


def test_reuse_is_in_the_audit_log(api, customer, db):
    one = rotated(api, customer.refresh_token)
    rotated(api, one["refresh_token"])
    refused(api, customer.refresh_token)
    found = (f"FROM audit_log WHERE object_id = UNHEX('{session(customer)}')"
             " AND action <> 'auth.sign_in'")
    (row,) = db.rows(f"SELECT action, address {found}")
    assert row == {"action": "session.token_reused", "address": "127.0.0.1"}
    refused(api, customer.refresh_token)
    assert db.value(f"SELECT COUNT(*) {found}") == "1"


def test_after_the_grace_the_parent_ends_the_family(api, customer, stack):
    one = rotated(api, customer.refresh_token)
    shift(stack, customer, "rotated_at", "- INTERVAL 11 SECOND")
    refused(api, customer.refresh_token)
    refused(api, one["refresh_token"])


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


def test_a_session_dies_when_it_is_not_used(api, customer, stack):
    shift(stack, customer, "expires_at", "- INTERVAL 31 DAY")
    refused(api, customer.refresh_token)


def test_use_prolongs_a_session_up_to_its_absolute_life(api, customer, stack, db):
    left = (
        "SELECT TIMESTAMPDIFF(HOUR, UTC_TIMESTAMP(3), expires_at) FROM session"
        f" WHERE id = UNHEX('{session(customer)}')"
    )
    shift(stack, customer, "expires_at", "- INTERVAL 20 DAY")
    tokens = rotated(api, customer.refresh_token)
    assert 29 * 24 <= int(db.value(left)) <= 30 * 24
    shift(stack, customer, "created_at", "- INTERVAL 364 DAY")
    rotated(api, tokens["refresh_token"])
    assert int(db.value(left)) <= 24


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


def test_sign_out_at_another_host_bites_within_seconds(customer, stack):
    admin(stack).rows(
        "UPDATE session SET revoked_at = UTC_TIMESTAMP(3)"
        f" WHERE id = UNHEX('{session(customer)}')"
    )
    client.until(lambda: customer.get("/v1/me").status_code == 401, 10, "the end of the session")


@pytest.mark.req("SES-2")
@pytest.mark.parametrize("filled", [True, False])
@pytest.mark.parametrize("ended", [
    "UPDATE session SET revoked_at = UTC_TIMESTAMP(3) WHERE id = UNHEX('{session}')",
    "UPDATE session SET expires_at = UTC_TIMESTAMP(3) WHERE id = UNHEX('{session}')",
    "UPDATE account SET status = 1 WHERE id = (SELECT account_id FROM session WHERE id = UNHEX('{session}'))",
])
def test_money_asks_the_database_for_the_session(guest, staff, stack, db, filled, ended):
    """What ended at another host a moment ago buys nothing, whether or not this host has heard of it."""
    if filled:
        guest.fill_cart(variant_ids(make_product(staff))[0], 1)
    before = db.value("SELECT COUNT(*) FROM orders")
    admin(stack).rows(ended.format(session=session(guest)))
    problem(guest.checkout(), 401, "unauthorized")
    assert db.value("SELECT COUNT(*) FROM orders") == before
