"""Staff: how they come, what they may make of each other, and who always stays."""
import json
import re

import pytest

from client import PASSWORD, at_once, faults, problem, unique_email, unique_key
from staff_helpers import (
    STAFF, accept, all_permissions, audit_rows, hire, if_match, invite, key, mailed_code,
    new_role,
)
from factor import enrol

UNKNOWN = "01920000-0000-7000-8000-000000000000"


def patch(by, person, body, version=None):
    return by.patch(f"{STAFF}/{person}", body, headers=if_match(version) if version else {})


@pytest.fixture(scope="module")
def owner(api, staff):
    """An owner of this module's own."""
    return hire(api, staff, "owner")


@pytest.fixture(scope="module")
def recruiter(api, staff):
    """May manage staff and read the catalog, nothing else."""
    return hire(api, staff, new_role(staff, "staff.manage", "catalog.read"))


# ---- invitations


def test_an_invitation(api, staff, mailbox, db):
    address = unique_email()
    answer = staff.post(STAFF, {"email": address, "name": "Grace", "roles": ["support"]})
    made = answer.json()
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"].endswith(f"{STAFF}/{made['id']}")
    assert answer.headers["ETag"] == '"1"'
    assert (made["email"], made["name"], made["roles"]) == (address, "Grace", ["support"])
    assert made["status"] == "invited" and made["invited_until"] > made["created_at"]
    assert made["permissions"] == staff.get("/v1/admin/roles/support").json()["permissions"]
    mail = mailbox.wait(address)
    code = mailed_code(api, address)
    assert code not in answer.text and "support" not in mail.text
    assert accept(api, address, code).status_code == 204
    person = api.login(address)
    assert person.user["roles"] == ["support"] and person.user["email_verified"]
    assert person.get("/v1/admin/customers").status_code == 200
    now = staff.get(f"{STAFF}/{made['id']}").json()
    assert now["status"] == "active" and now["invited_until"] is None
    rows = audit_rows(db, f"object_id = UNHEX('{key(made['id'])}')")
    assert [(r["action"], r["actor"]) for r in rows] == [
        ("staff.invite", key(staff.id)), ("staff.accept", key(made["id"]))]
    assert json.loads(rows[0]["after_json"])["roles"] == ["support"]
    assert address not in str(rows)


@pytest.mark.req("REG-3")
def test_the_code_is_not_stored_and_is_long(api, staff, db):
    made = invite(staff, "support")
    code = mailed_code(api, made["email"])
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", code)
    (row,) = db.rows(f"SELECT HEX(code_hash) AS h FROM invitation WHERE account_id = UNHEX('{key(made['id'])}')")
    assert code.encode().hex().upper() not in row["h"] and len(row["h"]) == 64


@pytest.mark.req("REG-3")
def test_a_code_works_once(api, staff):
    made = invite(staff, "support")
    code = mailed_code(api, made["email"])
    answers = at_once(8, lambda i: accept(api.clone(), made["email"], code, f"{PASSWORD}-{i}"))
    assert sorted(a.status_code for a in answers if a.status_code != 503).count(204) == 1
    for a in answers:
        if a.status_code not in (204, 503):
            problem(a, 422, "code_invalid")
    problem(accept(api, made["email"], code), 422, "code_invalid")
    (winner,) = [i for i, a in enumerate(answers) if a.status_code == 204]
    api.login(made["email"], f"{PASSWORD}-{winner}")


def test_wrong_codes_and_unknown_addresses_are_alike(api, staff, customer):
    made, other = invite(staff, "support"), invite(staff, "support")
    strangers = mailed_code(api, other["email"])
    told = []
    for address, code in (
        (made["email"], "A" * 22), (made["email"], strangers), (unique_email(), strangers),
        (customer.email, strangers),
    ):
        told.append(problem(accept(api, address, code), 422, "code_invalid"))
        assert told[-1].pop("request_id")
    assert all(body == told[0] for body in told), told
    assert accept(api, other["email"], strangers).status_code == 204


def test_an_invitation_expires(api, staff, stack):
    made = invite(staff, "support")
    code = mailed_code(api, made["email"])
    change(stack, f"UPDATE invitation SET expires_at = NOW(3) - INTERVAL 1 SECOND"
                  f" WHERE account_id = UNHEX('{key(made['id'])}')")
    problem(accept(api, made["email"], code), 422, "code_invalid")


def change(stack, sql):
    """Write to the database as nobody may but the migrator."""
    stack.sql_as("merx_migrate", sql).check_returncode()


def test_inviting_again_ends_the_first_code(api, staff):
    made = invite(staff, "support")
    first = mailed_code(api, made["email"])
    again = invite(staff, "warehouse", email=made["email"])
    assert again["id"] == made["id"] and again["roles"] == ["warehouse"]
    second = mailed_code(api, made["email"], 2)
    problem(accept(api, made["email"], first), 422, "code_invalid")
    assert accept(api, made["email"], second).status_code == 204
    problem(staff.post(STAFF, {"email": made["email"], "name": "x", "roles": ["support"]}),
            409, "email_taken")


@pytest.mark.parametrize("password, code", (
    ("a" * 14, "too_short"), ("p" * 1025, "too_long"), ("123456789012345", "weak_password"),
))
@pytest.mark.req("PWD-1")
def test_staff_passwords_are_longer(api, staff, password, code):
    made = invite(staff, "support")
    mailed = mailed_code(api, made["email"])
    if code == "weak_password":
        password = made["email"].split("@")[0]
    assert faults(accept(api, made["email"], mailed, password)) == [("/password", code)]
    assert accept(api, made["email"], mailed, "x" * 7 + " long enough").status_code == 204


def test_an_invited_account_cannot_sign_in(api, staff, db):
    made = invite(staff, "owner")
    problem(api.post("/v1/auth/login", {"email": made["email"], "password": PASSWORD}),
            401, "invalid_credentials")
    (row,) = db.rows(f"SELECT password_hash FROM account WHERE id = UNHEX('{key(made['id'])}')")
    assert row["password_hash"] is None


def test_addresses_that_are_taken(staff, customer):
    for address in (customer.email, customer.email.upper(), staff.email):
        problem(staff.post(STAFF, {"email": address, "name": "x", "roles": ["support"]}),
                409, "email_taken")


@pytest.mark.parametrize("change, where", (
    ({"roles": []}, [("/roles", "too_few")]),
    ({"roles": ["no-such-role"]}, [("/roles/0", "unknown_value")]),
    ({"roles": ["support", "support"]}, [("/roles/1", "repeated")]),
    ({"roles": ["support"] * 11}, [("/roles", "too_many")]),
    ({"roles": "owner"}, [("/roles", "wrong_type")]),
    ({"email": "nobody"}, [("/email", "bad_format")]),
    ({"password": PASSWORD}, [("/password", "unknown_member")]),
    ({"status": "active"}, [("/status", "unknown_member")]),
))
def test_faulty_invitations(staff, change, where):
    sent = {"email": unique_email(), "name": "Grace", "roles": ["support"]} | change
    assert faults(staff.post(STAFF, sent)) == where


def test_a_key_invites_once(api, staff, mailbox):
    sent = {"email": unique_email(), "name": "Grace", "roles": ["support"]}
    once = unique_key()
    first, second = (staff.post(STAFF, sent, key=once) for _ in range(2))
    assert first.text == second.text and second.headers["Idempotency-Replayed"] == "true"
    mailbox.wait(sent["email"])
    assert accept(api, sent["email"], mailed_code(api, sent["email"])).status_code == 204
    assert len(mailbox.all(sent["email"])) == 1


# ---- lists


def test_the_list(api, staff):
    made = [invite(staff, "support")["id"] for _ in range(3)]
    seen = [s["id"] for s in staff.all_of(f"{STAFF}?limit=2")]
    assert seen[:3] == made[::-1] and len(seen) == len(set(seen)) and staff.id in seen
    invited = staff.get(f"{STAFF}?status=invited&limit=100").json()["data"]
    assert {s["status"] for s in invited} == {"invited"} and set(made) <= {s["id"] for s in invited}
    assert faults(staff.get(f"{STAFF}?cursor=nonsense&limit=0")) == [("limit", "out_of_range")]
    assert faults(staff.get(f"{STAFF}?cursor=nonsense")) == [("cursor", "bad_format")]


@pytest.mark.req("AZ-2")
def test_customers_are_not_staff(staff, customer, guest):
    problems = [problem(staff.send(method, f"{STAFF}/{who}{tail}", json=body), 404, "not_found")
                for who in (customer.id, guest.id, UNKNOWN)
                for method, tail, body in (("GET", "", None), ("PATCH", "", {"name": "x"}),
                                           ("DELETE", "", None), ("DELETE", "/sessions", None))]
    assert len({json.dumps(p | {"request_id": ""}) for p in problems}) == 1


# ---- changes


@pytest.mark.req("JWT-13")
def test_roles_change_within_one_request(api, staff, db):
    person = hire(api, staff, "warehouse")
    before = staff.get(f"{STAFF}/{person.id}").json()
    problem(person.get("/v1/admin/customers"), 403, "forbidden")
    changed = patch(staff, person.id, {"roles": ["support"], "name": "New"}, before["version"])
    assert changed.status_code == 200, changed.text
    assert changed.json()["roles"] == ["support"] and changed.json()["name"] == "New"
    assert changed.headers["ETag"] == f'"{before["version"] + 1}"'
    assert person.get("/v1/admin/customers").status_code == 200
    problem(person.post("/v1/admin/stock/adjustments", {}), 403, "forbidden")
    row = audit_rows(db, f"object_id = UNHEX('{key(person.id)}') AND action = 'staff.update'")[-1]
    assert json.loads(row["before_json"])["roles"] == ["warehouse"]
    assert json.loads(row["after_json"])["roles"] == ["support"]


def test_a_stale_version(api, staff):
    person = invite(staff, "support")
    stale = patch(staff, person["id"], {"name": "x"}, 7)
    problem(stale, 412, "version_conflict")
    problem(staff.delete(f"{STAFF}/{person['id']}", headers=if_match(7)), 412, "version_conflict")
    assert staff.get(f"{STAFF}/{person['id']}").json() == person


@pytest.mark.req("JWT-13", "RT-6", "ENU-1")
def test_disabling_bites_at_once(api, staff, db):
    person = hire(api, staff, "support")
    assert person.get("/v1/admin/products").status_code == 200
    assert patch(staff, person.id, {"status": "disabled"}).json()["status"] == "disabled"
    problem(person.get("/v1/admin/products"), 401, "unauthorized")
    problem(person.get("/v1/me"), 401, "unauthorized")
    problem(api.post("/v1/auth/refresh", {"refresh_token": person.refresh_token}), 401,
            "invalid_refresh_token")
    wrong, right = (
        problem(api.post("/v1/auth/login", {"email": person.email, "password": p}), 401,
                "invalid_credentials") for p in ("not the password", PASSWORD))
    assert wrong | {"request_id": ""} == right | {"request_id": ""}
    assert patch(staff, person.id, {"status": "active"}).json()["status"] == "active"
    problem(person.get("/v1/me"), 401, "unauthorized")
    assert api.login(person.email).get("/v1/admin/products").status_code == 200


def test_closing_is_for_good(api, staff, db):
    person = hire(api, staff, "support")
    assert staff.delete(f"{STAFF}/{person.id}").status_code == 204
    problem(person.get("/v1/admin/products"), 401, "unauthorized")
    problem(api.post("/v1/auth/login", {"email": person.email, "password": PASSWORD}), 401,
            "invalid_credentials")
    now = staff.get(f"{STAFF}/{person.id}").json()
    assert (now["status"], now["roles"], now["permissions"]) == ("closed", [], [])
    problem(patch(staff, person.id, {"status": "active"}), 409, "invalid_transition")
    problem(patch(staff, person.id, {"roles": ["owner"]}), 409, "invalid_transition")
    assert staff.delete(f"{STAFF}/{person.id}").status_code == 204
    rows = audit_rows(db, f"object_id = UNHEX('{key(person.id)}') AND action = 'staff.close'")
    assert len(rows) == 1
    again = invite(staff, "support", email=person.email)
    assert again["id"] != person.id


def test_an_invitation_is_taken_back(api, staff):
    made = invite(staff, "support")
    code = mailed_code(api, made["email"])
    problem(patch(staff, made["id"], {"status": "active"}), 409, "invalid_transition")
    problem(patch(staff, made["id"], {"status": "disabled"}), 409, "invalid_transition")
    assert staff.delete(f"{STAFF}/{made['id']}").status_code == 204
    problem(accept(api, made["email"], code), 422, "code_invalid")


@pytest.mark.req("SES-3")
def test_sessions_of_staff_can_be_ended(api, staff, db):
    person = hire(api, staff, "support")
    second = api.login(person.email)
    assert staff.delete(f"{STAFF}/{person.id}/sessions").status_code == 204
    for p in (person, second):
        problem(p.get("/v1/admin/products"), 401, "unauthorized")
        problem(p.get("/v1/me"), 401, "unauthorized")
    (row,) = audit_rows(db, f"object_id = UNHEX('{key(person.id)}')"
                            " AND action = 'account.end_sessions'")
    assert row["actor"] == key(staff.id)
    api.login(person.email)


# ---- who may


@pytest.mark.req("AZ-7")
@pytest.mark.parametrize("body", (
    {"roles": ["owner"]}, {"roles": ["support"]}, {"status": "disabled"}, {"name": "Me"}))
def test_nobody_changes_themselves(owner, body):
    before = owner.get(f"{STAFF}/{owner.id}").json()
    problem(patch(owner, owner.id, body), 403, "forbidden")
    problem(owner.delete(f"{STAFF}/{owner.id}"), 403, "forbidden")
    assert owner.get(f"{STAFF}/{owner.id}").json() == before


@pytest.mark.req("AZ-7")
@pytest.mark.parametrize("role", ("owner", "manager", "support", "warehouse"))
def test_nobody_gives_what_they_do_not_hold(api, staff, recruiter, role):
    problem(recruiter.post(STAFF, {"email": unique_email(), "name": "x", "roles": [role]}),
            403, "forbidden")
    mine = invite(recruiter, new_role(recruiter, "catalog.read"))
    before = staff.get(f"{STAFF}/{mine['id']}").json()
    problem(patch(recruiter, mine["id"], {"roles": mine["roles"] + [role]}), 403, "forbidden")
    problem(recruiter.post(STAFF, {"email": mine["email"], "name": "x", "roles": [role]}),
            403, "forbidden")
    assert staff.get(f"{STAFF}/{mine['id']}").json() == before


@pytest.mark.req("AZ-7")
def test_nobody_manages_those_above(api, staff, recruiter, mailbox):
    above = [hire(api, staff, "support").id, invite(staff, "owner")["id"]]
    for who in above:
        before = staff.get(f"{STAFF}/{who}").json()
        for answer in (
            patch(recruiter, who, {"roles": recruiter.user["roles"]}),
            patch(recruiter, who, {"status": "disabled"}), patch(recruiter, who, {"name": "x"}),
            recruiter.delete(f"{STAFF}/{who}"), recruiter.delete(f"{STAFF}/{who}/sessions"),
            recruiter.post(STAFF, {"email": before["email"], "name": "x",
                                   "roles": recruiter.user["roles"]}),
        ):
            assert answer.status_code in (403, 409), answer.text
        assert staff.get(f"{STAFF}/{who}").json() == before


def test_a_recruiter_manages_equals(api, recruiter):
    role = new_role(recruiter, "catalog.read")
    person = hire(api, recruiter, role)
    assert patch(recruiter, person.id, {"status": "disabled"}).status_code == 200
    assert patch(recruiter, person.id, {"status": "active"}).status_code == 200
    assert recruiter.delete(f"{STAFF}/{person.id}").status_code == 204


# ---- the last owner: a store of its own, since the others' has many


@pytest.fixture
def lone(new_stack, recorder):
    from client import Api
    return Api(new_stack("lone", workers=4), recorder)


@pytest.mark.req("AZ-7", "PWD-7")
def test_the_last_owner_stays(lone):
    first = lone.staff()
    deputy = hire(lone, first, new_role(first, *all_permissions(first)))
    for answer in (
        patch(deputy, first.id, {"roles": ["manager"]}),
        patch(deputy, first.id, {"status": "disabled"}), deputy.delete(f"{STAFF}/{first.id}"),
    ):
        problem(answer, 409, "last_owner")
    assert "last owner" in lone.stack.merx("staff", "disable", first.email, check=False).stderr.lower()
    waiting = invite(first, "owner")
    problem(patch(deputy, first.id, {"status": "disabled"}), 409, "last_owner")
    off = hire(lone, first, "owner")
    assert patch(first, off.id, {"status": "disabled"}).status_code == 200
    problem(patch(deputy, first.id, {"status": "disabled"}), 409, "last_owner")
    code = mailed_code(lone, waiting["email"])
    assert accept(lone, waiting["email"], code).status_code == 204
    assert patch(deputy, first.id, {"status": "disabled"}).status_code == 200
    second = lone.login(waiting["email"])
    # Two owners turn on each other at once: whichever way, one remains.
    assert patch(second, off.id, {"status": "active"}).status_code == 200
    for round_ in range(12):
        owners = [lone.login(a) for a in (waiting["email"], off.email)]
        body = [{"roles": ["manager"]}, {"status": "disabled"}][round_ % 2]
        answers = at_once(2, lambda i: patch(owners[i].clone(), owners[1 - i].id, body))
        assert sorted(a.status_code for a in answers) in ([200, 401], [200, 403], [200, 409]), [
            a.text for a in answers]
        db = lone.stack.db()
        assert db.value(
            "SELECT COUNT(*) FROM account a JOIN account_role r ON r.account_id = a.id"
            " WHERE a.kind = 2 AND a.status = 0 AND r.role_name = 'owner'") == "1"
        for i, a in enumerate(answers):
            if a.status_code == 200:
                undo = {"roles": ["owner"]} if round_ % 2 == 0 else {"status": "active"}
                assert patch(owners[i], owners[1 - i].id, undo).status_code == 200


# ---- the command


@pytest.mark.req("PWD-7")
def test_the_first_owner_comes_by_a_command(lone, stack):
    address = unique_email()
    done = lone.stack.merx("staff", "invite", address, "First Owner", "owner")
    code = re.search(r'"code":"([\w-]{22})"', done.stdout).group(1)
    assert not lone.stack.mailbox().all(address)
    assert f"{address} " in lone.stack.merx("staff", "list").stdout
    problem(lone.post("/v1/auth/login", {"email": address, "password": code}), 401,
            "invalid_credentials")
    assert accept(lone, address, code).status_code == 204
    first = lone.login(address)
    assert first.get(STAFF).status_code == 200
    rows = audit_rows(lone.stack.db(), f"object_id = UNHEX('{key(first.id)}')")
    assert [(r["action"], r["actor"]) for r in rows] == [
        ("staff.invite", None), ("staff.accept", key(first.id))]
    assert lone.stack.merx("staff", "invite", address, "x", "owner", check=False).returncode == 1
    assert "disabled" in lone.stack.merx("staff", "disable", address).stdout
    done = lone.stack.merx("staff", "disable", "nobody@example.com", check=False)
    assert done.returncode == 1 and "Nobody of the staff has the address nobody@example.com." in done.stderr
    problem(first.get(STAFF), 401, "unauthorized")
    assert "active" in lone.stack.merx("staff", "enable", address).stdout
    lone.login(address)


@pytest.mark.parametrize("args, status", (
    ((), 2), (("invite",), 2), (("invite", "a@example.com", "A"), 2), (("drop", "x"), 2),
    (("invite", "no address", "A", "owner"), 2), (("invite", "a@example.com", "A", "nobody"), 1),
    (("disable", "nobody@example.com"), 1),
))
def test_the_command_used_wrongly(stack, args, status):
    done = stack.merx("staff", *args, check=False)
    assert done.returncode == status and done.stderr and not done.stdout


@pytest.mark.req("PWD-7")
def test_nobody_can_sign_in_to_a_fresh_database(stack):
    """Migrations alone: roles, and no account at all."""
    name, root = "merx_fresh", stack.admin()
    root.run(f"CREATE DATABASE {name}; GRANT ALL ON {name}.* TO 'merx_migrate'@'localhost'")
    try:
        stack.merx("migrate", db_name=name, db_user="merx_migrate",
                   db_password_file=stack.run / "merx_migrate.password")
        assert root.value(f"SELECT COUNT(*) FROM {name}.account") == "0"
        assert root.value(f"SELECT COUNT(*) FROM {name}.role") == "4"
    finally:
        root.run(f"DROP DATABASE {name}")


@pytest.mark.req("MFA-6", "OID-3")
def test_nothing_signs_in_for_who_has_left(api, stack, staff, db):
    """The ways in end with the account: their owner may use them elsewhere in the shop again."""
    person = hire(api, staff, "support")
    enrol(stack, person)
    stack.admin().rows(
        "INSERT INTO identity (id, account_id, provider, issuer, subject, created_at, used_at) VALUES"
        f" (RANDOM_BYTES(16), x'{key(person.id)}', 'some', 'https://id.example', '{person.id}',"
        " UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))")
    stack.admin().rows(
        "INSERT INTO passkey (id, account_id, credential_id, alg, public_key, sign_count, backed_up,"
        f" name, created_at) VALUES (RANDOM_BYTES(16), x'{key(person.id)}', '{person.id}', -7, 'x', 0, 0,"
        " 'Telephone', UTC_TIMESTAMP(3))")
    assert api.post("/v1/auth/password/forgot", {"email": person.email}).status_code == 202
    assert staff.delete(f"{STAFF}/{person.id}").status_code == 204
    left = {table: db.value(f"SELECT COUNT(*) FROM {table} WHERE account_id = x'{key(person.id)}'")
            for table in ("identity", "passkey", "totp", "recovery_code", "mailed_code",
                          "mfa_challenge", "invitation", "account_role")}
    assert set(left.values()) == {"0"}, left
