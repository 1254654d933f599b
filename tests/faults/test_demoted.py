"""The database is demoted to read-only, or has no connection left: what can be served is, what cannot is 503
with Retry-After, and everything comes back by itself."""
import contextlib

import pytest
from client import Api, problem, until
from load import Session, status
from shop import assert_ledger, make_product, variant_ids


@pytest.fixture
def stack(new_stack, request):
    return new_stack(request.node.name, workers=2, slow_workers=1, catalog_cache_ms=0)


def refused(answer):
    problem(answer, 503, "unavailable")
    assert int(answer.headers["Retry-After"]) >= 1
    return True


def test_read_only(stack):
    """Reads go on; an order is either whole or not there."""
    api, owner = Api(stack), stack.admin()
    variant = variant_ids(make_product(api.staff(), stock=10))[0]
    buyer = api.guest()
    buyer.fill_cart(variant)
    name = "super_read_only" if stack.mysql else "read_only"
    owner.run(f"SET GLOBAL {name} = 1")
    try:
        for _ in range(4):
            assert refused(buyer.checkout(key="0" * 32)) and refused(api.post("/v1/auth/guest"))
            assert buyer.get("/v1/cart").status_code == 200
            assert api.get("/v1/products?limit=2").status_code == 200
        assert "errno=1290" in stack.log()
    finally:
        owner.run("SET GLOBAL read_only = 0")
    until(lambda: buyer.checkout(key="0" * 32).status_code == 201, what="the order")
    assert stack.db().value("SELECT COUNT(*) FROM orders") == "1"
    assert assert_ledger(stack.db(), variant)["reserved"] == 1
    assert status(stack)["died"] == 0


def test_no_connection_left(stack):
    """Workers that have theirs go on; the others come when there is room again, and say so."""
    api, owner = Api(stack), stack.admin()
    before = owner.value("SELECT @@GLOBAL.max_connections")
    with contextlib.ExitStack() as held:
        sessions = [held.enter_context(Session(stack)) for _ in range(4)]
        for session in sessions:
            session.run("SELECT 1")
        owner.run("SET GLOBAL max_connections = 10")
        stack.cut_connections()
        while True:
            more = Session(stack)
            if more.process.poll() is not None or not answers(more):
                break
            held.enter_context(more)
        until(lambda: api.get("/v1/readyz").status_code == 503, what="not ready")
        assert refused(api.post("/v1/auth/guest"))
        assert "errno=1040" in stack.log()
        assert api.get("/v1/healthz").status_code == 200
    until(lambda: api.get("/v1/readyz").status_code == 200, what="ready")
    owner.run(f"SET GLOBAL max_connections = {before}")
    until(lambda: api.post("/v1/auth/guest").status_code == 201, what="recovery")
    assert "database connection restored" in stack.log()


def answers(session):
    try:
        session.run("SELECT 1")
    except (AssertionError, OSError):
        return False
    return True
