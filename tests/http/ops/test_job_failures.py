"""A row that a job fails on: it is put off and on record, the others go on; staff see what is dead and
try it again; what the world does costs no row a try. And that jobs work in batches."""
import os
import re
import signal
import subprocess
import uuid

import pytest

import client
import sealed
from client import problem, unique_email, until
from shop import assert_ledger, make_product, variant_ids
from staff_helpers import hire, new_role

JOBS = "/v1/admin/jobs"
TRIES_MAX = 2  # the pauses before it: one second


@pytest.fixture(scope="module")
def lone(module_stack):
    """A stack whose rows break, and are given up soon."""
    return module_stack("failures", workers=2, job_tries_max=TRIES_MAX, job_interval_ms=20, db_lock_timeout_s=1)


@pytest.fixture(scope="module")
def api(lone, recorder):
    return client.Api(lone, recorder)


@pytest.fixture(scope="module")
def staff(api):
    return api.staff()


def bare(identifier):
    return identifier.replace("-", "").upper()


def rows(stack, sql):
    return stack.admin().rows(sql)


def unpaid(api, variants):
    """Orders whose payment was declined, one of each variant, which wait."""
    orders = []
    for variant in variants:
        guest = api.guest()
        guest.fill_cart(variant)
        orders.append(guest.checkout("tok_declined").json()["order_id"])
    return orders


def become_due(stack, orders):
    """In this order, all at once."""
    cases = " ".join(f"WHEN x'{bare(o)}' THEN {i}" for i, o in enumerate(orders))
    among = ", ".join(f"x'{bare(o)}'" for o in orders)
    rows(stack, f"UPDATE orders SET expires_at = '2000-01-01' + INTERVAL (CASE id {cases} END) SECOND"
         f" WHERE id IN ({among})")


def status(stack, order):
    return stack.db().value(f"SELECT status FROM orders WHERE id = x'{bare(order)}'")


def failures(stack, subject):
    return stack.db().rows("SELECT LOWER(HEX(id)) AS id, job, state, tries, error FROM job_failure"
                           f" WHERE subject_id = x'{bare(subject)}'")


def failing(stack, subject):
    """The entry of what failed, once there is one."""
    return until(lambda: failures(stack, subject), what="a failure on record")[0]


def dead(stack, subject):
    return until(lambda: [f for f in failures(stack, subject) if f["state"] == "1"], what="death")[0]


def of(staff, subject, **query):
    """The failures that the API lists."""
    words = "".join(f"&{k}={v}" for k, v in query.items())
    return [f for f in staff.all_of(f"{JOBS}?limit=2{words}") if f["subject_id"] == subject]


def event_of(stack, order, action):
    return stack.db().value("SELECT LOWER(HEX(id)) FROM audit_log"
                            f" WHERE object_id = x'{bare(order)}' AND action = '{action}'")


def dashed(identifier):
    return str(uuid.UUID(identifier))


def paid_order(api, variant):
    """An order of a customer's, and their address."""
    person = api.customer()
    person.fill_cart(variant)
    return person.checkout().json()["id"], person.email


# ---- J1: orders


@pytest.fixture
def variants(staff):
    return variant_ids(make_product(staff, variants=6))


@pytest.mark.req("AUD-1")
def test_an_order_that_cannot_expire_does_not_stop_the_others(lone, api, staff, variants):
    """J1: units that are not reserved cannot be given back; the later orders expire all the same, and
    the one itself when staff have put that right."""
    orders = unpaid(api, variants)
    bad, variant = orders[0], bare(variants[0])
    rows(lone, f"UPDATE stock SET reserved = 0 WHERE variant_id = x'{variant}'")
    become_due(lone, orders)
    for order in orders[1:]:
        until(lambda o=order: status(lone, o) == "4", what="expiry")
    for v in variants[1:]:
        assert assert_ledger(lone.db(), v)["reserved"] == 0
    found = dead(lone, bad)
    assert found["tries"] == str(TRIES_MAX) and found["job"] == "order_expiry"
    assert re.fullmatch(r"conflict: database error \d+ in order\.release_stock", found["error"])
    assert status(lone, bad) == "0"

    (told,) = of(staff, bad)
    assert told["job"] == "order_expiry" and told["state"] == "dead" and told["tries"] == TRIES_MAX
    assert told["error"] == found["error"] and told["created_at"] < told["updated_at"] < told["next_try_at"]
    assert of(staff, bad, job="order_expiry", state="dead") == [told]
    assert not of(staff, bad, job="mail") and not of(staff, bad, state="waiting")

    rows(lone, f"UPDATE stock SET reserved = 1 WHERE variant_id = x'{variant}'")
    again = staff.post(f"{JOBS}/{told['id']}/retry")
    assert again.status_code == 200, again.text
    assert (again.json()["state"], again.json()["tries"]) == ("waiting", 0)
    until(lambda: status(lone, bad) == "4", what="expiry")
    assert not failures(lone, bad)
    assert assert_ledger(lone.db(), variants[0])["reserved"] == 0
    (entry,) = staff.get(f"/v1/admin/audit-log?object={told['id']}").json()["data"]
    assert (entry["action"], entry["actor_id"]) == ("job.retry", staff.id)
    assert entry["before"] == {"job": "order_expiry", "subject_id": bad, "state": "dead",
                               "tries": TRIES_MAX}
    assert entry["after"] == entry["before"] | {"state": "waiting", "tries": 0}
    problem(staff.post(f"{JOBS}/{told['id']}/retry"), 404, "not_found")


def test_many_that_fail_among_many(lone, api, staff):
    """J9: a batch that fails is taken apart until what is to blame is found, wherever it is in it."""
    variants = variant_ids(make_product(staff, variants=20))
    orders = unpaid(api, variants)
    odd = {2, 3, 11, 19}
    for i in odd:
        rows(lone, f"UPDATE stock SET reserved = 0 WHERE variant_id = x'{bare(variants[i])}'")
    become_due(lone, orders)
    for i, order in enumerate(orders):
        if i not in odd:
            until(lambda o=order: status(lone, o) == "4", what="expiry")
    for i in odd:
        assert failing(lone, orders[i])["error"].startswith("conflict")
    assert {i for i, o in enumerate(orders) if status(lone, o) == "0"} == odd


def test_a_lock_of_others_costs_no_try(lone, api, variants):
    """J1: the world is to blame: the row is put off, not given up, and the others go on."""
    orders = unpaid(api, variants)
    held = bare(variants[0])
    holder = subprocess.Popen([*lone.admin().command, "-e",
                               "START TRANSACTION; SELECT 'held' FROM stock WHERE variant_id ="
                               f" x'{held}' FOR UPDATE; SELECT SLEEP(600)", "--unbuffered"],
                              stdout=subprocess.PIPE, text=True)
    try:
        assert "held" in holder.stdout.readline() + holder.stdout.readline()
        become_due(lone, orders)
        for order in orders[1:]:
            until(lambda o=order: status(lone, o) == "4", what="expiry")
        found = failing(lone, orders[0])
        assert (found["state"], found["tries"]) == ("0", "0") and found["error"].startswith("unavailable")
    finally:
        holder.kill()
        holder.communicate()
    until(lambda: status(lone, orders[0]) == "4", what="expiry")
    until(lambda: not failures(lone, orders[0]), what="an empty record")


# ---- J1: events


def test_an_event_that_cannot_be_delivered_stops_nobody(lone, api, staff, variants):
    """J1: a currency that nobody knows ends no process and holds up no mail."""
    runner = lone.pid("jobs")
    os.kill(runner, signal.SIGSTOP)
    try:
        odd, _ = paid_order_without_jobs(lone, api, variants[0])
        event = event_of(lone, odd, "order.placed")
        rows(lone, f"UPDATE orders SET currency = 'ZZZ' WHERE id = x'{bare(odd)}'")
        strange = uuid.uuid4().hex
        rows(lone, "INSERT INTO audit_log (id, action, object_type, object_id, state, next_at, created_at)"
             f" VALUES (x'{strange}', 'order.teleported', 'order', x'{bare(odd)}', 0,"
             " '2000-01-01', '2000-01-01')")
    finally:
        os.kill(runner, signal.SIGCONT)
    order, email = paid_order(api, variants[1])
    number = lone.db().value(f"SELECT number FROM orders WHERE id = x'{bare(order)}'")
    assert number in lone.mailbox().wait(email).text, "the confirmation"
    assert failing(lone, event)["error"] == "the order has an unknown currency"
    assert failing(lone, strange)["error"] == "unknown type of event"
    assert lone.pid("jobs") == runner and os.kill(runner, 0) is None
    dead(lone, event)
    rows(lone, f"UPDATE orders SET currency = 'EUR' WHERE id = x'{bare(odd)}'")
    (told,) = of(staff, dashed(event), job="events")
    assert lone.merx("jobs", "retry", told["id"]).stdout.startswith(told["id"])
    until(lambda: not failures(lone, event), what="the delivery")
    rows(lone, f"DELETE FROM audit_log WHERE id = x'{strange}'")


def paid_order_without_jobs(stack, api, variant):
    """An order placed while no mail goes: by the demo customer, who has a password."""
    person = api.demo_customer()
    person.fill_cart(variant)
    done = person.checkout()
    assert done.status_code == 201, done.text
    return done.json()["id"], person.email


def test_what_nobody_wants_is_stored_as_delivered(lone, api, variants):
    """J9: nothing follows from order.paid: no job has to tick it off."""
    runner = lone.pid("jobs")
    os.kill(runner, signal.SIGSTOP)
    try:
        order, _ = paid_order_without_jobs(lone, api, variants[2])
        states = {r["action"]: r["state"] for r in rows(
            lone, f"SELECT action, state FROM audit_log WHERE object_id = x'{bare(order)}'")}
    finally:
        os.kill(runner, signal.SIGCONT)
    assert states == {"order.placed": "0", "order.paid": "1"}


# ---- J1: mail


def test_a_mail_whose_key_is_lost_waits_for_it(lone, api, staff):
    """J1: it is dead before long, with all that is in it; with the key back it goes out when staff say
    so, and meanwhile the others do."""
    odd = unique_email()
    row = sealed.queue_mail(lone, odd, "order_placed", {"number": "271828", "total": "1"},
                            next_at="UTC_TIMESTAMP(3) + INTERVAL 1 HOUR")
    good = lone.db().value(f"SELECT HEX(sealed) FROM mail WHERE id = x'{row}'")
    lost = f"{good[:2]}{'EE' * 8}{good[18:]}"
    rows(lone, f"UPDATE mail SET sealed = x'{lost}', next_at = UTC_TIMESTAMP(3) WHERE id = x'{row}'")
    assert dead(lone, row)["error"] == "cannot be opened"
    other = unique_email()
    sealed.queue_mail(lone, other, "order_placed", {"number": "314159", "total": "1"})
    assert "314159" in lone.mailbox().wait(other).text
    rows(lone, f"UPDATE mail SET sealed = x'{good}' WHERE id = x'{row}'")
    listed = lone.merx("jobs", "list", "mail").stdout.splitlines()
    assert [line.split()[2] for line in listed if dashed(row) in line] == [dashed(row)]
    assert "dead" in "".join(line for line in listed if dashed(row) in line)
    assert dashed(row) in lone.merx("jobs", "retry", "mail").stdout
    assert "271828" in lone.mailbox().wait(odd).text
    until(lambda: not failures(lone, row), what="an empty record")


# ---- what staff and operators see


def metrics(api, name):
    site = api.url.rsplit("/", 1)[0]
    text = api.http.get(site + "/metrics", timeout=client.PATIENCE_S).text
    return {m[1]: int(m[2]) for m in re.finditer(rf'^{name}{{job_name="(\w+)"}} (\d+)(?:\.\d+)?$', text, re.M)}


def test_what_is_due_and_dead_is_counted(lone, api):
    """J9: lag is a metric, and the dead are told of by check."""
    rows(lone, "DELETE FROM job_failure")
    assert set(metrics(api, "merx_job_due")) == {"events", "guest_purge", "mail", "order_expiry", "product_reindex"}
    row = sealed.queue_mail(lone, unique_email(), "no_such", {})
    dead(lone, row)
    until(lambda: metrics(api, "merx_job_dead")["mail"] == 1, what="one that is dead")
    assert metrics(api, "merx_job_failed")["mail"] == 0 == metrics(api, "merx_job_dead")["events"]
    warned = lone.merx("check")
    assert warned.stdout.startswith("merx can start; see the warnings (") and "mail" in warned.stderr and "merx jobs list mail" in warned.stderr
    runner = lone.pid("jobs")
    os.kill(runner, signal.SIGSTOP)
    try:
        # Tries of a moment ago are a sign of a runner, too: of mail that other tests left, and of the dead one.
        rows(lone, f"DELETE FROM mail WHERE state = 0 AND id <> x'{row}'")
        rows(lone, "UPDATE job_failure SET updated_at = updated_at - INTERVAL 1 HOUR")
        sealed.queue_mail(lone, unique_email(), "order_placed", {"number": "1", "total": "1"},
                          created_at="UTC_TIMESTAMP(3) - INTERVAL 600 SECOND")
        assert metrics(api, "merx_job_due")["mail"] == 1
        assert 600 <= metrics(api, "merx_job_lag_seconds")["mail"] < 1200
        late = "warning: mail has 1 rows to work on, the first for 1[0-9] min; "
        assert re.search(late + "no job runner seems to run: start merx jobs", lone.merx("check").stderr)
        rows(lone, "INSERT INTO job_failure (id, job, subject_id, state, tries, error, next_at,"
                   " created_at, updated_at) VALUES (REPEAT('r', 16), 'events', REPEAT('s', 16), 0, 1, 'x',"
                   " UTC_TIMESTAMP(3) + INTERVAL 1 HOUR, UTC_TIMESTAMP(3) - INTERVAL 601 SECOND, UTC_TIMESTAMP(3))")
        warned = lone.merx("check").stderr
        assert re.search(late + "a job runner seems to run, see its log", warned), warned
        assert "warning: events has failed on 1 rows, on the first for 10 min; merx jobs list events shows why" in warned
    finally:
        os.kill(runner, signal.SIGCONT)
    until(lambda: metrics(api, "merx_job_due")["mail"] == 0, what="the mail to go")
    assert metrics(api, "merx_job_lag_seconds")["mail"] == 0
    rows(lone, f"DELETE FROM mail WHERE id = x'{row}'")
    rows(lone, "DELETE FROM job_failure")


def test_the_list_in_pages(lone, staff):
    made = [str(uuid.uuid4()) for _ in range(5)]
    for i, subject in enumerate(made):
        rows(lone, "INSERT INTO job_failure (id, job, subject_id, state, tries, error, next_at,"
             f" created_at, updated_at) VALUES (x'{i:02}{uuid.uuid4().hex[2:]}', 'mail',"
             f" x'{bare(subject)}', {i % 2}, 3, 'why', '2100-01-01', '2020-01-01', '2020-01-01')")
    try:
        seen = [f["subject_id"] for f in staff.all_of(f"{JOBS}?limit=2") if f["subject_id"] in made]
        assert seen == made[::-1]
        some = [f["subject_id"] for f in staff.all_of(f"{JOBS}?limit=1&state=dead&job=mail")]
        assert some == [made[3], made[1]]
        assert client.faults(staff.get(f"{JOBS}?job=none&state=x&limit=0")) == [
            ("job", "unknown_value"), ("limit", "out_of_range"), ("state", "unknown_value")]
        assert client.faults(staff.get(f"{JOBS}?cursor=y")) == [("cursor", "bad_format")]
    finally:
        rows(lone, "DELETE FROM job_failure WHERE error = 'why'")


def test_seeing_and_retrying_are_two_permissions(lone, api, staff):
    reader = hire(api, staff, new_role(staff, "audit.read"))
    assert reader.get(JOBS).status_code == 200
    problem(reader.post(f"{JOBS}/{uuid.uuid4()}/retry"), 403, "forbidden")
    writer = hire(api, staff, new_role(staff, "settings.write"))
    problem(writer.get(JOBS), 403, "forbidden")
    problem(writer.post(f"{JOBS}/{uuid.uuid4()}/retry"), 404, "not_found")


@pytest.mark.parametrize("words", (["list", "none"], ["retry"], ["retry", "none"], ["list", "a", "b"],
                                   ["sing"], ["list", str(uuid.uuid4())]))
def test_other_words_are_refused(lone, words):
    done = lone.merx("jobs", *words, check=False)
    assert done.returncode == 2 and "usage: merx jobs" in done.stderr and not done.stdout


def test_a_record_of_what_is_done_otherwise_goes(lone):
    """Its row is no longer found by the job: an hour after its time it is forgotten."""
    keep, drop = uuid.uuid4().hex, uuid.uuid4().hex
    for subject, ago in ((keep, 50), (drop, 70)):
        rows(lone, "INSERT INTO job_failure (id, job, subject_id, state, tries, error, next_at,"
             f" created_at, updated_at) SELECT x'{subject}', 'mail', x'{subject}', 0, 1, '', t, t, t"
             f" FROM (SELECT UTC_TIMESTAMP(3) - INTERVAL {ago} MINUTE AS t) AS ago")
    until(lambda: not failures(lone, drop), what="the sweep")
    assert failures(lone, keep)
    rows(lone, f"DELETE FROM job_failure WHERE subject_id = x'{keep}'")
