"""The end of an account: nothing that is kept tells of the person, and the books still add up."""
import subprocess
import threading

import pytest

import client
import sealed
from client import PASSWORD, faults, problem, unique_email, unique_key, until
from staff_helpers import hire, invite
from life import Life, leave, ship, values
from load import Session, counter, ways
from shop import assert_ledger, make_product, variant_ids
from factor import enrol, half
from personal import bare, dump, mark, readable, rows_about, whole_address

# Tables that may still name the account (guest is a view of it): its number tells nothing of the person.
KEPT = {"account", "address", "audit_log", "cart", "guest", "orders", "session", "stock_move"}


@pytest.fixture
def life(api, staff):
    return Life(api, staff)


def table_bytes(db, what):
    return subprocess.run([*db.command, "--batch", "--raw", "-e", f"SELECT * FROM {what}"],
                          check=True, capture_output=True).stdout


def books(db, accounts):
    """Columns that the books must keep, order by order."""
    ids = ", ".join(f"x'{bare(a)}'" for a in accounts)
    orders = db.rows(
        "SELECT HEX(o.id) AS id, o.number, HEX(o.account_id) AS account, o.status, o.payment_status,"
        " o.currency, o.subtotal, o.discount_total, o.shipping_total, o.tax_total, o.total,"
        " o.placed_at, o.shipping_name, a.country"
        f" FROM orders o LEFT JOIN address a ON a.id = o.shipping_address_id WHERE o.account_id IN ({ids})"
        " ORDER BY o.id")
    among = ", ".join(f"x'{o['id']}'" for o in orders)
    return orders, [table_bytes(db, f"{table} WHERE {column} IN ({among}) ORDER BY 1, 2")
                    for table, column in (("order_item", "order_id"), ("payment", "order_id"),
                                          ("stock_move", "cause_id"))]


def invariants(db, variant, orders):
    """INV-1 to INV-5 over what the person ordered."""
    assert_ledger(db, variant)
    for o in orders:
        key = o["id"]
        (sums,) = db.rows(
            "SELECT COUNT(*) AS n, SUM(i.line_total) AS total, (SELECT COUNT(*) FROM stock_move m"
            f" WHERE m.cause_id = x'{key}' AND m.kind = 2) AS moves FROM order_item i"
            f" WHERE i.order_id = x'{key}'")
        assert sums["total"] == o["subtotal"] and sums["moves"] == sums["n"] != "0"
        assert int(db.value(f"SELECT COUNT(*) FROM audit_log WHERE state = 1 AND object_id = x'{key}'")) > 0
        (pay,) = db.rows("SELECT SUM(captured) AS captured, SUM(refunded) AS refunded, MAX(amount) AS amount"
                         f" FROM payment WHERE order_id = x'{key}'")
        assert 0 <= int(pay["refunded"]) <= int(pay["captured"]) <= int(pay["amount"])
        paid = o["payment_status"] == "3"
        assert int(pay["captured"]) == (int(o["total"]) if paid else 0)


@pytest.mark.req("PII-2", "INV-20")
def test_nothing_is_left_of_the_person(api, stack, db, mailbox, life):
    accounts = [life.person.id, life.guest.id]
    enrol(stack, life.person)
    half(api, life.person)
    mailbox.wait(life.person.email)
    client.delivered(db, life.began, ["audit_log"])
    ship(stack, life.person)
    before = books(db, accounts)
    assert len(before[0]) == 4
    found = readable(dump(stack), life.words)
    assert life.name in found and life.person.email in found and life.device in found
    assert not rows_about(db, life.person.id) <= KEPT
    assert leave(life.person).status_code == 204
    assert readable(dump(stack), life.words) == []
    for account in accounts:
        assert rows_about(db, account) - KEPT == set()
    assert books(db, accounts) == before
    invariants(db, life.variant, before[0])
    left = db.value(f"SELECT COUNT(*) FROM mail WHERE recipient_hash = "
                    f"x'{sealed.Ring(stack.env['MERX_KEYS']).recipient_hash(life.person.email)}'")
    assert left == "0"


@pytest.mark.req("PII-2")
def test_signing_in_ends_at_once(api, stack, life):
    person, guest = life.person, life.guest
    ship(stack, person)
    other = api.login(person.email)
    assert leave(person).status_code == 204
    for gone in (person, other, guest):
        problem(gone.get("/v1/me"), 401, "unauthorized")
        problem(gone.get("/v1/orders"), 401, "unauthorized")
        problem(api.post("/v1/auth/refresh", {"refresh_token": gone.refresh_token}), 401,
                "invalid_refresh_token")
        problem(leave(gone), 401, "unauthorized")
    sent = {"email": person.email, "password": PASSWORD}
    problem(api.post("/v1/auth/login", sent), 401, "invalid_credentials")


@pytest.mark.req("PII-2")
def test_the_address_is_free_again(api, customer, mailbox):
    assert leave(customer).status_code == 204
    sent = {"email": customer.email, "password": PASSWORD, "name": "Somebody else"}
    assert api.post("/v1/auth/register", sent).status_code == 202
    code = mailbox.code(customer.email)
    again = client.Person(api, api.verify(customer.email, code),
                          customer.email, PASSWORD)
    assert again.id != customer.id
    assert again.get("/v1/orders").json()["data"] == [] == again.get("/v1/me/addresses").json()["data"]
    assert again.get("/v1/me").json()["name"] == "Somebody else"


@pytest.mark.req("PII-2")
def test_it_takes_the_password(customer, stack):
    assert faults(leave(customer, None)) == [("/password", "required")]
    assert faults(customer.delete("/v1/me", {})) == [("/password", "required")]
    problem(leave(customer, "not the password"), 401, "invalid_credentials")
    assert faults(customer.delete("/v1/me", {"password": 0})) == [("/password", "wrong_type")]
    assert faults(customer.delete("/v1/me", {"password": PASSWORD, "id": "x"})) == [
        ("/id", "unknown_member")]
    assert customer.get("/v1/me").json()["email"] == customer.email
    assert leave(customer).status_code == 204


@pytest.mark.req("PII-2")
def test_a_guest_has_nothing_to_show(guest, stack):
    address = whole_address()
    guest.put("/v1/cart/shipping-address", address)
    assert guest.delete("/v1/me").status_code == 204
    problem(guest.get("/v1/me"), 401, "unauthorized")
    text = stack.admin().value(
        f"SELECT GROUP_CONCAT(country, IFNULL(sealed, '')) FROM address WHERE account_id = x'{bare(guest.id)}'")
    assert text == "DE"


@pytest.mark.req("PII-2")
def test_without_a_password_a_fresh_sign_in(customer, stack):
    """An account that came by a provider or a passkey."""
    db = stack.admin()
    db.rows(f"UPDATE account SET password_hash = NULL WHERE id = x'{bare(customer.id)}'")
    db.rows("UPDATE session SET authenticated_at = UTC_TIMESTAMP(3) - INTERVAL 2 HOUR"
            f" WHERE account_id = x'{bare(customer.id)}'")
    problem(customer.delete("/v1/me"), 403, "reauth_required")
    problem(leave(customer), 403, "reauth_required")
    assert customer.get("/v1/me").status_code == 200
    db.rows(f"UPDATE session SET authenticated_at = UTC_TIMESTAMP(3) WHERE account_id = x'{bare(customer.id)}'")
    assert customer.delete("/v1/me").status_code == 204
    problem(customer.get("/v1/me"), 401, "unauthorized")


@pytest.mark.req("PII-2")
def test_more_guests_than_a_page(api, customer, stack, db):
    """However often somebody was a guest before signing in: nothing is left of any of them."""
    guest = api.guest()
    api.login(customer.email, token=guest.token)
    key, n = bare(guest.id), 1000
    for table, column in (("account", "id"), ("session", "account_id")):
        names = [r["Field"] for r in stack.admin().rows(f"SHOW COLUMNS FROM {table}")]
        new = {"id": f"UNHEX(LEFT(SHA2(CONCAT('{key}', seq), 256), 32))", "revoked_at": "NULL",
               column: f"UNHEX(LEFT(SHA2(CONCAT('{key}', seq), 256), 32))"}
        values = ", ".join(new.get(name, f"t.{name}") for name in names)
        stack.admin().run(f"INSERT INTO {table} ({', '.join(names)}) SELECT {values} FROM {table} t"
                          f" JOIN {client.numbers(n)} WHERE t.{column} = x'{key}'")
    mine = f"account a WHERE (a.id = x'{bare(customer.id)}' OR a.merged_into = x'{bare(customer.id)}')"
    assert db.value(f"SELECT COUNT(*) AS n FROM {mine} AND a.status = 0") == str(n + 2)
    assert leave(customer).status_code == 204
    assert db.value(f"SELECT COUNT(*) AS n FROM {mine} AND a.status = 0") == "0"
    assert db.value("SELECT COUNT(*) AS n FROM session s WHERE (s.revoked_at IS NULL OR s.user_agent <> '')"
                    f" AND s.account_id IN (SELECT a.id FROM {mine})") == "0"


@pytest.mark.req("PII-2")
def test_others_stay_as_they_are(api, stack, life):
    ship(stack, life.person)
    other, address = api.customer(), whole_address()
    made = other.post("/v1/me/addresses", address).json()
    assert leave(life.person).status_code == 204
    assert other.get("/v1/me/addresses").json()["data"] == [made]
    assert other.get("/v1/me").json()["email"] == other.email


@pytest.mark.req("INV-20")
def test_what_is_under_way_does_not_stay_behind(api, stack, staff):
    """Whatever the person sends while the account ends comes before it or is refused."""
    product, where = make_product(staff, stock=1000), ways(api)
    for _ in range(4):
        person, words, errors = api.customer(), [], []
        person.fill_cart(variant_ids(product)[0])
        done, begun = threading.Event(), threading.Barrier(5)

        def send(act):
            mine = person.clone()
            begun.wait()
            while not done.is_set():
                answer = act(mine)
                if answer.status_code not in (200, 201, 401, 409, 402):
                    errors.append(answer.text)

        def an_address(mine):
            address = whole_address()
            words.extend(values(address))
            return mine.put("/v1/cart/shipping-address", address)

        def an_entry(mine):
            address = whole_address()
            words.extend(values(address))
            return mine.post("/v1/me/addresses", address)

        def a_phone(mine):
            words.append(mark("Name"))
            return mine.patch("/v1/me", {"name": words[-1]})

        def an_order(mine):
            words.append(mark("Note"))
            mine.post("/v1/cart/items", {"variant_id": variant_ids(product)[0], "quantity": 1})
            return mine.checkout(note=words[-1], **where)

        threads = [threading.Thread(target=send, args=(act,))
                   for act in (an_address, an_entry, a_phone, an_order)]
        for t in threads:
            t.start()
        begun.wait()
        until(lambda: len(words) > 60, what="some of each")
        assert leave(person.clone(), cancel_orders=True).status_code == 204
        done.set()
        for t in threads:
            t.join()
        assert not errors, errors[:3]
        assert readable(dump(stack), words) == []
        key = bare(person.id)
        assert stack.db().value(f"SELECT COUNT(*) FROM address WHERE account_id = x'{key}'"
                                " AND sealed IS NOT NULL") == "0"
        assert stack.db().value(f"SELECT COUNT(*) FROM account_address WHERE account_id = x'{key}'") == "0"


def open_orders(answer):
    return problem(answer, 409, "open_orders")["params"]["orders"]


@pytest.mark.req("PII-2")
def test_a20_not_while_goods_are_on_their_way(api, customer, staff, stack, db):
    """Orders that are not shipped are named, and nothing of the person is gone yet."""
    (variant,) = variant_ids(make_product(staff, stock=9))
    orders = []
    for token in ("tok_ok", "tok_declined"):
        customer.fill_cart(variant, 2)
        answer = customer.checkout(token).json()
        orders.append(customer.get(f"/v1/orders/{answer.get('order_id') or answer['id']}").json())
    named = [{k: o[k] for k in ("id", "number", "status")} for o in orders]
    assert open_orders(leave(customer)) == named
    assert open_orders(leave(customer, cancel_orders=False)) == named
    problem(leave(customer, "not the password", cancel_orders=True), 401, "invalid_credentials")
    assert customer.get("/v1/me").json()["email"] == customer.email
    assert customer.get(f"/v1/orders/{orders[0]['id']}").json() == orders[0]
    assert assert_ledger(db, variant)["reserved"] == 4
    ship(stack, customer)
    assert leave(customer).status_code == 204


@pytest.mark.req("PII-2")
def test_a20_orders_are_cancelled_on_request(api, customer, staff, db):
    """Stock and money go back, with the guest's orders of before."""
    (variant,) = variant_ids(make_product(staff, stock=9))
    guest = api.guest()
    guest.fill_cart(variant)
    before = guest.checkout().json()
    person = api.login(customer.email, token=guest.token)
    person.fill_cart(variant, 2)
    paid = person.checkout().json()
    person.fill_cart(variant)
    declined = person.checkout("tok_declined").json()["order_id"]
    assert assert_ledger(db, variant)["reserved"] == 4
    assert len(open_orders(leave(person))) == 3
    assert leave(person, cancel_orders=True).status_code == 204
    assert assert_ledger(db, variant)["reserved"] == 0
    among = ", ".join(f"x'{bare(o)}'" for o in (before["id"], paid["id"], declined))
    states = db.rows(f"SELECT status, payment_status AS money FROM orders WHERE id IN ({among}) ORDER BY id")
    assert states == [{"status": "3", "money": "5"}, {"status": "3", "money": "5"},
                      {"status": "3", "money": "6"}]
    assert db.value(f"SELECT SUM(captured) = SUM(refunded) FROM payment WHERE order_id IN ({among})") == "1"


def copy_order(stack, order, n):
    """n more orders like that one."""
    key, some = bare(order), f"{client.numbers(n)}"
    new = f"UNHEX(LEFT(SHA2(CONCAT('{key}', seq), 256), 32))"
    for table, columns, where in (
            ("orders", {"id": new, "number": f"LEFT(HEX({new}), 16)", "cart_id": new}, "id"),
            ("order_item", {"order_id": new}, "order_id"),
            ("payment", {"id": new, "order_id": new}, "order_id"),
            ("stock_move", {"cause_id": new}, "cause_id")):
        names = [r["Field"] for r in stack.admin().rows(f"SHOW COLUMNS FROM {table}")]
        values = ", ".join(columns.get(name, f"t.{name}") for name in names)
        stack.admin().run(f"INSERT INTO {table} ({', '.join(names)}) SELECT {values}"
                          f" FROM {table} t JOIN {some} WHERE t.{where} = x'{key}'")
    stack.admin().run("UPDATE stock SET reserved = (SELECT SUM(m.reserved) FROM stock_move m"
                      " WHERE m.variant_id = stock.variant_id) WHERE variant_id IN"
                      f" (SELECT variant_id FROM order_item WHERE order_id = x'{key}')")


@pytest.mark.req("PII-2")
def test_a20_more_orders_than_a_page(customer, staff, stack, db):
    """All of them are cancelled, or none."""
    product = make_product(staff, stock=2000, variants=2)
    for variant in variant_ids(product):
        customer.fill_cart(variant)
    copy_order(stack, customer.checkout().json()["id"], 1000)
    mine = f"FROM orders WHERE account_id = x'{bare(customer.id)}'"
    last = db.value(f"SELECT HEX(MAX(id)) AS id {mine}")
    stack.admin().run(f"UPDATE orders SET fulfilment_status = 1 WHERE id = x'{last}'")
    assert [bare(o["id"]).upper() for o in open_orders(leave(customer, cancel_orders=True))][-1:] == [last]
    assert db.value(f"SELECT COUNT(*) AS n {mine} AND status = 1") == "1001"
    stack.admin().run(f"UPDATE orders SET fulfilment_status = 0 WHERE id = x'{last}'")
    assert leave(customer, cancel_orders=True).status_code == 204
    assert db.rows(f"SELECT status, payment_status AS money, COUNT(*) AS n {mine} GROUP BY 1, 2") == [
        {"status": "3", "money": "5", "n": "1001"}]
    assert db.value("SELECT COUNT(*) AS n FROM audit_log l JOIN orders o ON o.id = l.object_id"
                    f" WHERE o.account_id = x'{bare(customer.id)}' AND l.action = 'order.cancelled'") == "1001"
    for variant in variant_ids(product):
        assert assert_ledger(db, variant)["reserved"] == 0


@pytest.mark.req("PII-2")
def test_a20_what_is_shipped_in_part_stays(customer, staff, stack):
    """It is too late to cancel; the order is named with `cancel_orders`, too."""
    customer.fill_cart(*variant_ids(make_product(staff)))
    order = customer.checkout().json()
    stack.admin().rows(f"UPDATE orders SET fulfilment_status = 1 WHERE id = x'{bare(order['id'])}'")
    assert [o["id"] for o in open_orders(leave(customer, cancel_orders=True))] == [order["id"]]


@pytest.mark.req("INV-20")
def test_a20_no_order_comes_behind_the_end(api, staff, db):
    """Purchases past the cart, while the account ends."""
    product = make_product(staff, stock=1000)
    (variant,) = variant_ids(product)
    for _ in range(4):
        person = api.customer()
        method = person.fill_cart(variant)["shipping_method"]["id"]
        entry = person.post("/v1/me/addresses", whole_address()).json()["id"]
        sent = {"address_id": entry, "shipping_method_id": method, "note": mark("Note"),
                "items": [{"variant_id": variant, "quantity": 1}]}
        people = [person.clone() for _ in range(5)]
        answers = client.at_once(5, lambda i: leave(people[i], cancel_orders=True) if i == 0
                                 else people[i].checkout(**sent))
        assert answers[0].status_code == 204, answers[0].text
        assert {a.status_code for a in answers[1:]} <= {201, 401, 422}
        where = f"account_id = x'{bare(person.id)}'"
        assert db.value(f"SELECT COUNT(*) FROM orders WHERE {where} AND (note IS NOT NULL OR status < 2)") == "0"


def test_twice_at_once(api):
    person = api.customer()
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(leave(person.clone()).status_code))
               for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(answers)[0] == 204 and answers.count(204) == 1
    assert set(answers) <= {204, 401, 503}


@pytest.mark.req("INV-20")
def test_erased_on_another_host(api, stack, staff):
    """Until this host knows, the token is good; all the same nothing of the person is written."""
    product, person, words = make_product(staff, stock=10), api.customer(), [mark("Note")]
    person.fill_cart(variant_ids(product)[0])
    stack.admin().rows(f"UPDATE account SET status = 1 WHERE id = x'{bare(person.id)}'")
    address = whole_address()
    words += values(address)
    for answer in (person.put("/v1/cart/shipping-address", address),
                   person.post("/v1/me/addresses", address),
                   person.patch("/v1/me", {"name": words[0]}),
                   person.checkout(note=words[0]),
                   leave(person)):
        problem(answer, 401, "unauthorized")
    assert readable(dump(stack), words) == []
    assert stack.db().value(f"SELECT COUNT(*) FROM address WHERE account_id = x'{bare(person.id)}'") == "1"


@pytest.mark.req("PII-2", "AUD-1")
def test_the_audit_log_forgets_where_from(api, staff, customer):
    """Rows stay as they are: the address can no longer be read."""
    there = api.elsewhere(99)
    problem(there.post("/v1/auth/login", {"email": customer.email, "password": "x" * 12}), 401,
            "invalid_credentials")
    person = there.login(customer.email)
    person.fill_cart(variant_ids(make_product(staff))[0])
    order = person.checkout().json()["id"]
    assert person.post(f"/v1/orders/{order}/cancel").status_code == 200

    def rows():
        found = {r["id"]: r for by in ("object", "actor") for r in
                 staff.get(f"/v1/admin/audit-log?limit=100&{by}={customer.id}").json()["data"]}
        return [found[key] for key in sorted(found)]

    before = rows()
    assert {(r["action"], r["address"]) for r in before} >= {
        (action, "127.0.0.99") for action in (
            "auth.refused", "auth.sign_in", "order.placed", "order.paid", "order.cancelled",
            "order.refunded")}
    assert leave(person).status_code == 204
    after = rows()
    assert after[-1]["action"] == "account.erase" and after[-1]["actor_id"] == customer.id
    assert after[:-1] == [r | {"address": None, "actor_email": None} for r in before]
    assert {r["address"] for r in after} == {None}


@pytest.mark.req("PII-2", "AUD-1")
def test_the_program_can_not_change_the_audit_log(stack):
    for sql in ("UPDATE audit_log SET address = NULL", "DELETE FROM audit_log",
                "UPDATE audit_log SET after_json = NULL"):
        done = stack.sql_as("merx", sql)
        assert "denied" in done.stderr, done.stderr


@pytest.mark.req("PII-2")
def test_staff_leave(api, stack, staff, db):
    clerk, waiting = hire(api, staff, "support"), invite(staff, "support")
    assert leave(clerk).status_code == 204
    assert rows_about(db, clerk.id) <= KEPT
    assert readable(dump(stack), [clerk.email]) == []
    assert db.value(f"SELECT name FROM account WHERE id = x'{bare(clerk.id)}'") == ""
    problem(clerk.get("/v1/admin/stock"), 401, "unauthorized")
    assert waiting["id"] in {s["id"] for s in staff.get("/v1/admin/staff?limit=100").json()["data"]}


@pytest.mark.req("PII-2", "AZ-7")
def test_one_owner_stays(new_stack, recorder):
    api = client.Api(new_stack("owners", workers=2, slow_workers=2), recorder)
    first = api.staff()
    first.password = api.stack.env["MERX_STAFF_PASSWORD"]
    problem(leave(first, first.password), 409, "last_owner")
    assert first.get("/v1/admin/staff").status_code == 200
    second, answers = hire(api, first, "owner"), []
    threads = [threading.Thread(target=lambda p=p: answers.append(leave(p.clone(), p.password)))
               for p in (first, second)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(a.status_code for a in answers) == [204, 409], [a.text for a in answers]


@pytest.mark.req("PII-2")
def test_no_stored_answer_outlives_the_person(api, customer, stack, db):
    """Signing in under an Idempotency-Key, signed in as nobody or as a guest: the answer, which tells
    who the person is, is not given again once they are gone."""
    assert customer.patch("/v1/me", {"phone": "+49 30 4711"}).status_code == 200
    sent, again = {"email": customer.email, "password": PASSWORD}, []
    for token in (None, api.guest().token):
        key = unique_key()
        again.append((key, token))
        assert api.post("/v1/auth/login", sent, key=key, token=token).status_code == 200
        assert api.post("/v1/auth/login", sent, key=key,
                        token=token).headers["Idempotency-Replayed"] == "true"
    sent_refresh, key = {"refresh_token": customer.refresh_token}, unique_key()
    assert api.post("/v1/auth/refresh", sent_refresh, key=key).status_code == 200
    assert leave(customer).status_code == 204
    for key_of_login, token in again:
        gone = api.post("/v1/auth/login", sent, key=key_of_login, token=token)
        problem(gone, 401, "invalid_credentials")
    problem(api.post("/v1/auth/refresh", sent_refresh, key=key), 401, "invalid_refresh_token")
    assert "idempotency" not in rows_about(db, customer.id)


@pytest.mark.req("PII-2", "INV-20")
@pytest.mark.req("PII-2")
def test_no_mail_is_queued_beside_the_end(api, customer, stack, db):
    """A request for a code while the account ends comes before or after: no mail slips in."""
    queued = ("SELECT COUNT(*) FROM mail WHERE template = 'reset_code' AND"
              f" account_id = x'{bare(customer.id)}'")
    ending = Session(stack)
    ending.run(f"BEGIN; UPDATE account SET status = 1, email = NULL, email_key = NULL"
               f" WHERE id = x'{bare(customer.id)}'")
    asked = []
    client_of_its_own = api.clone()
    asking = threading.Thread(target=lambda: asked.append(
        client_of_its_own.post("/v1/auth/password/forgot", {"email": customer.email}).status_code))
    asking.start()
    until(lambda: counter(stack, "lock_row_lock_current_waits") or asked, what="the question to wait")
    assert asked == []
    ending.run("COMMIT")
    asking.join(client.PATIENCE_S)
    assert asked == [202] and db.value(queued) == "0"


def test_no_mail_waits_for_a_mailbox_that_the_person_once_had(new_stack, recorder):
    """While the mail server is down the address changes, twice asked for; then the account ends."""
    nobody = f"smtp://127.0.0.1:{client.free_port()}"
    stack = new_stack("waiting", workers=2, smtp_url=nobody, smtp_plain="on")
    person = client.Api(stack, recorder).demo_customer()
    boxes = [person.email, unique_email(), unique_email()]
    for box in boxes[1:]:
        assert person.post("/v1/me/email", {"email": box, "password": person.password}).status_code == 202
    ring = sealed.Ring(stack.env["MERX_KEYS"])
    (row,) = sealed.mails(stack, boxes[2])
    text = ring.open("mail.sealed", row["id"], row["sealed"]).decode()
    answer = {"code": client.CODE.search(text).group(),
              "handle": person.api.handles("/v1/me/email", person.token)[-1]}
    assert person.post("/v1/me/email/verify", answer).json()["email"] == boxes[2]
    assert all(sealed.mails(stack, box) for box in boxes)
    assert leave(person, person.password).status_code == 204
    assert [sealed.mails(stack, box) for box in boxes] == [[], [], []]
