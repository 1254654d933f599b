"""Prepared statements are few: each connection keeps a number of them, and a server that has no room
for more is no reason to refuse a request. J7."""
import os
import signal

import pytest
from client import Api, problem
from shop import make_product, variant_ids


@pytest.fixture
def small(new_stack, request):
    """A stack with one worker of each pool, whose jobs stand still."""
    stack = new_stack(request.node.name, workers=1, slow_workers=1, pay_workers=0, staff_workers=0,
                      db_prepared_statements=4, catalog_cache_ms=0)
    api = Api(stack)
    variant = variant_ids(make_product(api.staff(), stock=50))[0]
    os.kill(stack.pid("jobs"), signal.SIGSTOP)
    yield stack, api, variant
    os.kill(stack.pid("jobs"), signal.SIGCONT)


def prepared(stack):
    return int(stack.db().rows("SHOW GLOBAL STATUS LIKE 'Prepared_stmt_count'")[0]["Value"])


def live(api, variant):
    """A purchase and what staff see of it: far more than 4 statements on each connection."""
    guest, staff = api.guest(), api.staff()
    guest.fill_cart(variant)
    paid = guest.checkout()
    assert paid.status_code == 201, paid.text
    for person, path in (
            (guest, "/v1/orders"), (guest, f"/v1/orders/{paid.json()['id']}"), (guest, "/v1/me"),
            (staff, "/v1/admin/staff"), (staff, "/v1/admin/products"), (staff, "/v1/admin/stock"),
            (staff, "/v1/admin/customers"), (staff, "/v1/admin/roles"), (staff, "/v1/products"),
            (staff, "/v1/categories"), (staff, "/v1/products?q=tent")):
        answer = person.get(path)
        assert answer.status_code == 200, f"{path}: {answer.text}"


def test_a_connection_keeps_as_many_as_the_setting_says(small):
    stack, api, variant = small
    for _ in range(2):
        live(api, variant)
        assert prepared(stack) <= 3 * 2 * 4  # two workers and the jobs, two connections each


def test_a_server_without_room_for_more_is_no_reason_to_refuse(small):
    stack, api, variant = small
    room = prepared(stack)
    stack.admin().run(f"SET GLOBAL max_prepared_stmt_count = {room}")
    for _ in range(2):
        live(api, variant)
    assert prepared(stack) <= room
    assert "errno=1461" not in stack.log()


def test_a_server_without_any_room(small):
    """A statement that cannot be prepared at all is 503, and all is well when there is room again."""
    stack, api, _ = small
    stack.admin().run("SET GLOBAL max_prepared_stmt_count = 0")
    problem(api.get("/v1/products?limit=3"), 503, "unavailable")
    stack.admin().run("SET GLOBAL max_prepared_stmt_count = 16382")
    assert api.get("/v1/products?limit=3").status_code == 200


@pytest.mark.parametrize("kept, warned", [(100, False), (1000, True)])
def test_check_compares_with_the_server(stack, kept, warned):
    done = stack.merx("check", db_prepared_statements=kept)
    assert ("max_prepared_stmt_count = 16382" in done.stderr) == warned, done.stderr
