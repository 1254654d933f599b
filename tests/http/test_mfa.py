"""A second factor: proving again to be there, enrolment, sign-in, recovery, staff who must have it."""
import getpass

import pytest

import client
from client import faults, problem

OWN = "/v1/auth/reauth"


def admin(stack):
    """The private database as its owner."""
    env = stack.env
    return client.Db(env["MERX_DB_SOCKET"], getpass.getuser(), env["MERX_DB_NAME"])


def id_of(person):
    return f"UNHEX('{person.id.replace('-', '')}')"


def authenticated_ago(stack, person):
    """Seconds since the person's newest session was signed in to."""
    return int(admin(stack).value(
        "SELECT TIMESTAMPDIFF(SECOND, authenticated_at, UTC_TIMESTAMP(3)) FROM session"
        f" WHERE account_id = {id_of(person)} ORDER BY id DESC LIMIT 1"))


def age(stack, person, seconds=7200):
    """Let the person's sign-ins be so long ago."""
    admin(stack).rows(
        f"UPDATE session SET authenticated_at = UTC_TIMESTAMP(3) - INTERVAL {seconds} SECOND"
        f" WHERE account_id = {id_of(person)}")


# ---- proving it again


def test_the_password_makes_a_session_fresh_and_a_refresh_does_not(api, stack, customer):
    assert authenticated_ago(stack, customer) < 60
    age(stack, customer)
    again = api.post("/v1/auth/refresh", {"refresh_token": customer.refresh_token})
    assert again.status_code == 200 and authenticated_ago(stack, customer) >= 7200
    answer = customer.post(OWN, {"password": customer.password})
    assert answer.status_code == 204 and not answer.content
    assert authenticated_ago(stack, customer) < 60


def test_a_wrong_password_proves_nothing(stack, customer, guest, api):
    age(stack, customer)
    problem(customer.post(OWN, {"password": "wrong-" + customer.password}), 401,
            "invalid_credentials")
    problem(guest.post(OWN, {"password": client.PASSWORD}), 401, "invalid_credentials")
    problem(api.post(OWN, {"password": client.PASSWORD}), 401, "unauthorized")
    assert faults(customer.post(OWN, {})) == [("/password", "required")]
    assert faults(customer.post(OWN, {"password": 1})) == [("/password", "wrong_type")]
    assert authenticated_ago(stack, customer) >= 7200


@pytest.mark.req("THR-3")
def test_wrong_passwords_of_the_owner_are_counted_with_his_sign_ins(api, customer):
    for _ in range(5):
        problem(customer.post(OWN, {"password": "wrong"}), 401, "invalid_credentials")
    for _ in range(5):
        sent = {"email": customer.email, "password": "wrong"}
        problem(customer.post("/v1/auth/login", sent), 401, "invalid_credentials")
    answer = customer.post(OWN, {"password": customer.password})
    problem(answer, 429, "rate_limited")
    assert int(answer.headers["Retry-After"]) >= 1
    assert api.login(customer.email).user["id"] == customer.id


def test_an_ended_session_is_not_made_fresh(customer, stack):
    age(stack, customer)
    assert customer.post("/v1/auth/logout").status_code == 204
    problem(customer.post(OWN, {"password": customer.password}), 401, "unauthorized")
    assert authenticated_ago(stack, customer) >= 7200


# ---- staff who must have one


@pytest.mark.req("MFA-6")
def test_staff_without_a_second_factor_can_only_enrol(new_stack, recorder):
    strict = client.Api(new_stack("strict", staff_mfa="required"), recorder)
    staff = strict.staff()
    assert staff.user["roles"] == ["owner"] and staff.get("/v1/me").status_code == 200
    for path in ("/v1/admin/products", "/v1/cart", "/v1/orders", "/v1/me/addresses"):
        problem(staff.get(path), 403, "mfa_enrolment_required")
    problem(staff.patch("/v1/me", {"name": "X"}), 403, "mfa_enrolment_required")
    assert strict.customer().get("/v1/cart").status_code == 200
    assert staff.post(OWN, {"password": staff.password}).status_code == 204
    assert staff.post("/v1/auth/logout").status_code == 204
