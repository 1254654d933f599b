"""Background jobs: mail in bad weather, and rows that are swept away."""
import pytest

import client
import sealed
from client import PASSWORD, until, unique_email
from shop import assert_ledger, make_product, variant_ids


@pytest.fixture(scope="module")
def lone(module_stack):
    """A stack whose jobs and database may suffer."""
    return module_stack("jobs", workers=2)


def register(stack):
    email = unique_email()
    sent = {"email": email, "password": PASSWORD, "name": "Ada"}
    assert client.Api(stack).post("/v1/auth/register", sent).status_code == 202
    return email


def mail_row(stack, email):
    (row,) = sealed.mails(stack, email)
    return row


def put_off(stack, email):
    """Why the mail failed, once that is on record."""
    return stack.db().rows("SELECT error FROM job_failure WHERE job = 'mail' AND subject_id ="
                           f" x'{mail_row(stack, email)['id']}'")


def test_mail_waits_for_its_directory(lone):
    directory = lone.mailbox().directory
    away = directory.with_name("mail.away")
    directory.rename(away)
    try:
        email = register(lone)
        until(lambda: int(mail_row(lone, email)["attempts"]) >= 2, what="a second try")
        assert mail_row(lone, email)["state"] == "0"
    finally:
        away.rename(directory)
    assert lone.mailbox().code(email)
    until(lambda: mail_row(lone, email)["state"] == "1", what="the mail to be sent")
    assert len(lone.mailbox().all(email)) == 1


def test_a_mail_whose_sender_died_is_sent_again(lone):
    email = unique_email()
    sealed.queue_mail(lone, email, "verify_code", {"code": "31415-92653"}, attempts="1",
                      lease_owner="RANDOM_BYTES(16)",
                      lease_until="UTC_TIMESTAMP(3) + INTERVAL 2 SECOND")
    assert lone.mailbox().code(email) == "31415-92653"
    assert mail_row(lone, email)["attempts"] == "2"


def test_an_unknown_template_does_not_stop_the_others(lone):
    odd = unique_email()
    sealed.queue_mail(lone, odd, "no_such", {})
    assert lone.mailbox().code(register(lone))
    assert until(lambda: put_off(lone, odd), what="the odd one to be put off") == [
        {"error": "cannot be composed"}]
    assert mail_row(lone, odd)["state"] == "0"


@pytest.mark.req("PII-1")
def test_a_mail_that_does_not_open_does_not_stop_the_others(lone):
    row = sealed.queue_mail(lone, unique_email(), "verify_code", {"code": "1"},
                            next_at="UTC_TIMESTAMP(3) + INTERVAL 1 DAY")
    text = lone.db().value(f"SELECT HEX(sealed) FROM mail WHERE id = x'{row}'")
    for value in (f"x'{text}'", "NULL"):
        odd = unique_email()
        sealed.queue_mail(lone, odd, "verify_code", {"code": "271828"}, sealed=value)
        assert lone.mailbox().code(register(lone))
        until(lambda: int(mail_row(lone, odd)["attempts"]) >= 1, what="the odd one to be tried")
        assert mail_row(lone, odd)["state"] == "0" and not lone.mailbox().all(odd)
    assert "cannot decrypt personal data" in lone.log()


def test_a_broken_value_makes_no_header(lone):
    to = unique_email()
    number = "1\r\nBcc: e@example.com"
    sealed.queue_mail(lone, f"{to}\rBcc: e@example.com", "order_placed",
                      {"number": number, "total": "2"})
    message = lone.mailbox().wait(to)
    assert message["Bcc"] is None and "\nBcc" not in message.text


def test_two_runners_share_the_work(lone):
    """A second runner beside the first: nothing is sent twice."""
    with lone.jobs():
        emails = [register(lone) for _ in range(20)]
        for email in emails:
            lone.mailbox().wait(email)
            until(lambda: mail_row(lone, email)["state"] == "1", what="the mail to be sent")
            assert mail_row(lone, email)["attempts"] == "1"
            assert len(lone.mailbox().all(email)) == 1


@pytest.mark.req("AUD-1")
def test_an_unpaid_order_expires(lone):
    """Its stock is free again, and its history and the audit log tell so: nobody did it."""
    api = client.Api(lone)
    staff, guest = api.staff(), api.guest()
    variant = variant_ids(make_product(staff))[0]
    guest.fill_cart(variant)
    order = guest.checkout("tok_declined").json()["order_id"]
    key = order.replace("-", "")
    lone.admin().rows(f"UPDATE orders SET expires_at = created_at WHERE id = x'{key}'")
    until(lambda: guest.get(f"/v1/orders/{order}").json()["status"] == "expired", what="expiry")
    shown = guest.get(f"/v1/orders/{order}").json()
    assert [e["type"] for e in shown["events"]] == ["payment.failed", "order.expired"]
    assert assert_ledger(lone.db(), variant)["reserved"] == 0
    (entry,) = staff.get(f"/v1/admin/audit-log?object={order}&action=order.expired").json()["data"]
    assert (entry["actor_id"], entry["object_type"]) == (None, "order")
    assert (entry["address"], entry["request_id"]) == ("", "")
    assert entry["before"] == {"status": "pending_payment", "payment_status": "failed"}
    assert entry["after"] == {"status": "expired", "payment_status": "failed"}
    undelivered = f"SELECT COUNT(*) FROM audit_log WHERE object_id = x'{key}' AND state = 0"
    until(lambda: lone.db().value(undelivered) == "0", what="the delivery of its events")


def test_old_rows_are_swept(lone):
    account = "UNHEX(REPEAT('1', 32))"
    lone.admin().rows(
        "INSERT INTO idempotency (principal, idem_key, request_hash, status, body, created_at)"
        f" VALUES ({account}, 'old', REPEAT('x', 32), 200, '', UTC_TIMESTAMP(3) - INTERVAL 49 HOUR),"
        f" ({account}, 'young', REPEAT('x', 32), 200, '', UTC_TIMESTAMP(3) - INTERVAL 47 HOUR)"
    )
    email = register(lone)
    lone.admin().rows(
        "UPDATE mailed_code SET expires_at = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND"
        f" WHERE email_key = '{email}'"
    )
    session = "INSERT INTO session (id, account_id, created_at, rotated_at, expires_at, authenticated_at)"
    for mark, days in (("a", 31), ("b", 29)):
        lone.admin().rows(
            f"{session} SELECT REPEAT('{mark}', 16), {account}, t, t, t, t"
            f" FROM (SELECT UTC_TIMESTAMP(3) - INTERVAL {days} DAY AS t) AS ago")
    for state, mark, days in ((0, "q", 91), (1, "s", 91), (1, "t", 89), (2, "r", 91), (2, "p", 89)):
        lone.admin().rows(
            "INSERT INTO mail (id, recipient_hash, template, locale, state, next_at, lease_until, created_at)"
            f" SELECT REPEAT('{mark}', 16), REPEAT('{mark}', 32), 'swept', 'en', {state}, t, t + INTERVAL 1 YEAR, t"
            f" FROM (SELECT UTC_TIMESTAMP(3) - INTERVAL {days} DAY AS t) AS ago")

    def swept(what, sql, left):
        def rows():
            return [next(iter(r.values())) for r in lone.db().rows(sql)]

        until(lambda: rows() == left, what=what)

    with lone.jobs():  # each sweep takes place once a minute, and in the first turn
        swept("answers", f"SELECT idem_key FROM idempotency WHERE principal = {account}", ["young"])
        swept("codes", f"SELECT 1 FROM mailed_code WHERE email_key = '{email}'", [])
        swept("sessions", f"SELECT id FROM session WHERE account_id = {account}", ["b" * 16])
        swept("mail", "SELECT LEFT(id, 1) FROM mail WHERE template = 'swept' ORDER BY id", ["p", "q", "t"])
    lone.admin().rows("DELETE FROM mail WHERE template = 'swept'")


def test_jobs_outlive_the_database(lone):
    """Its connections are cut again and again; the runner is the same process afterwards."""
    runner = lone.pid("jobs")
    for _ in range(3):
        lone.cut_connections()
    email = register(lone)
    assert lone.mailbox().code(email) and lone.pid("jobs") == runner
