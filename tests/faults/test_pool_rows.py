"""Pools are rows: each has its socket and its workers, a route goes to the pool of its row, a pool without workers
is served by others, and a site may add pools of its own."""
import json
import re
import threading

import fcgi_client
import pytest
from client import Api, unique_key, until
from load import PAY, Load, NginxErrors, be_guest, cart_lock, expect, settled, status, ways, workers
from shop import make_product, variant_ids
from wire import Wire


@pytest.fixture
def make(new_stack, request):
    """A stack of one's own."""

    def one(**settings):
        return new_stack(request.node.name, **({"workers": 2, "slow_workers": 1} | settings))

    return one


def pools(stack):
    return status(stack)["pools"]


def socket_of(stack, pool):
    return stack.env["MERX_SOCKET"].replace("merx.sock", f"merx-{pool}.sock")


def test_staff_and_buyers_start_workers_when_they_come(make):
    stack = make(scale_down_s=1)
    before = pools(stack)
    assert [(before[p]["policy"], before[p]["want"]) for p in ("fast", "slow", "pay", "staff")] == [
        ("static", 2), ("static", 1), ("on_demand", 0), ("on_demand", 0)]
    errors = NginxErrors(stack)
    assert Api(stack).staff().get("/v1/admin/products").status_code == 200
    (worker,) = workers(stack, "staff")
    assert worker["requests"] == 1 and pools(stack)["staff"]["source"] == "load"
    assert Api(stack).guest().post("/v1/checkout", {}, key=unique_key()).status_code == 422
    assert [w["requests"] for w in workers(stack, "pay")] == [1]
    until(lambda: not workers(stack, "staff") and not workers(stack, "pay"), what="nobody asks any more")
    assert settled(stack) and not errors.new()
    assert Api(stack).staff().get("/v1/admin/products").status_code == 200


def test_pools_without_workers_are_served_by_others(make):
    stack = make(pay_workers=0, staff_workers=0)
    said = pools(stack)
    assert (said["pay"]["served_by"], said["staff"]["served_by"]) == ("slow", "fast")
    assert Api(stack).staff().get("/v1/admin/products").status_code == 200
    before = workers(stack, "slow")[0]["requests"]
    assert Api(stack).guest().post("/v1/checkout", {}, key=unique_key()).status_code == 422
    assert workers(stack, "slow")[0]["requests"] == before + 1
    for pool in ("pay", "staff"):
        assert fcgi_client.get(socket_of(stack, pool)).status == 200
        refused = stack.merx("scale", pool, "2", check=False)
        assert refused.returncode == 1 and f"the {said[pool]['served_by']} pool serves it" in refused.stderr
    assert {w["pool"] for w in status(stack)["workers"]} == {"fast", "slow"}


def test_a_pool_gets_workers_of_its_own_at_a_reload(new_stack, tmp_path):
    conf = tmp_path / "merx.conf"
    conf.write_text("workers = 2\nslow_workers = 1\npay_workers = 0\nstaff_workers = 0\n")
    stack = new_stack("own", conf=conf)
    with Load([(Wire(stack).guest(), refused_checkout) for _ in range(4)]) as load:
        load.more(20)
        assert not workers(stack, "pay")
        conf.write_text("workers = 2\nslow_workers = 1\npay_workers = 2\nstaff_workers = 0\n")
        stack.merx("reload")
        load.more(20)
        assert all(w["requests"] for w in workers(stack, "pay")) and len(workers(stack, "pay")) == 2
        slow = workers(stack, "slow")[0]["requests"]
        load.more(20)
        assert workers(stack, "slow")[0]["requests"] == slow
        conf.write_text("workers = 2\nslow_workers = 1\npay_workers = 0\nstaff_workers = 0\n")
        stack.merx("reload")
        load.more(20)
        assert not workers(stack, "pay")
    assert not load.failed, load.failed[:3]


def refused_checkout(wire):
    expect(wire.send("POST", "/v1/checkout", {}, Idempotency_Key=unique_key()), 422)


def test_checkouts_that_wait_delay_neither_sign_in_nor_the_shop(make):
    """All workers of the pay pool wait for locks, and more requests than they are."""
    stack = make(slow_workers=2, pay_workers=2)
    variant = variant_ids(make_product(Api(stack).staff(), stock=1000))[0]
    buyers, others = [Wire(stack).guest() for _ in range(6)], [Wire(stack).guest() for _ in range(4)]
    for w in buyers:
        expect(w.send("POST", "/v1/cart/items", {"variant_id": variant, "quantity": 1}), 201)
    body = PAY | ways(Api(stack))
    lock, answers = cart_lock(stack, buyers), []
    threads = [threading.Thread(target=lambda w=w: answers.append(
        w.send("POST", "/v1/checkout", body, Idempotency_Key=unique_key()))) for w in buyers]
    try:
        for t in threads:
            t.start()
        until(lambda: pools(stack)["pay"]["queue"] > 0, what="checkouts queue up")
        api = Api(stack)
        assert api.login(stack.env["MERX_CUSTOMER_EMAIL"], stack.env["MERX_CUSTOMER_PASSWORD"])
        for w in others:
            for path in ("/v1/me", "/v1/products?limit=3"):
                expect(w.send("GET", path), 200)
        assert not answers and all(w["state"] == "busy" for w in workers(stack, "pay"))
    finally:
        lock.__exit__()
        for t in threads:
            t.join()
    assert {code for code, _ in answers} == {201}, answers


def test_a_pool_that_a_site_adds(make, tmp_path):
    """An upstream of its own in nginx, and `set $merx_fast` behind merx.conf."""
    path = tmp_path / "o.sock"
    stack = make(more_pools=f"outlet fast 1..2 {path}")
    assert pools(stack)["outlet"] | {"want": 1, "policy": "dynamic", "served_by": "outlet"} == pools(stack)["outlet"]
    assert fcgi_client.get(str(path)).status == 200
    assert [w["requests"] for w in workers(stack, "outlet")] == [1]
    site = (stack.run / "nginx" / "site.conf").read_text()
    (stack.run / "nginx" / "site.conf").write_text(
        site.replace("include merx/merx-metrics.conf;", "include merx/merx-metrics.conf;\n    set $merx_fast outlet;")
        + f"\nupstream outlet {{\n    server unix:{path};\n    keepalive 4;\n    keepalive_time 1s;\n}}\n")
    stack.change_nginx("merx-pass.conf", {})
    before, others = workers(stack, "outlet")[0]["requests"], sum(w["requests"] for w in workers(stack))
    api = Api(stack)
    for _ in range(5):
        assert api.get("/v1/products?limit=1").status_code == 200
    assert api.staff().get("/v1/admin/products").status_code == 200
    assert sum(w["requests"] for w in workers(stack, "outlet")) >= before + 5
    assert sum(w["requests"] for w in workers(stack)) == others
    said = json.loads(stack.merx("scale", "outlet", "2", "--json").stdout)["pools"]["outlet"]
    assert (said["want"], said["ready"], said["source"]) == (2, 2, "command")


def test_the_map_of_nginx_follows_the_routes(stack, api):
    """Every operation of the document, with the pool that it names."""
    rows = re.findall(r'^"~(.*)" merx_(\w+);$', stack.merx("nginx", "pools").stdout, re.M)
    for path, methods in api.get("/v1/openapi.json").json()["paths"].items():
        for method, operation in methods.items():
            if "x-pool" not in operation or not path.startswith("/v1"):
                continue
            line = f"{method.upper()} {re.sub('{[^}]*}', 'x', path)}"
            found = next((pool for pattern, pool in rows if re.search(pattern, line)), "fast")
            assert found == operation["x-pool"], line
    assert {pool for _, pool in rows} == {"slow", "pay", "staff"}


def test_files_of_nginx_from_before_go_on(make):
    """A site that knows two upstreams and the list of slow routes alone."""
    stack = make()
    http = (stack.run / "nginx" / "merx" / "merx-http.conf").read_text()
    old = re.sub(r"upstream merx_(pay|staff) .*?\n\}\n", "", http, flags=re.S).replace(
        "merx-pool-routes.conf", "merx-slow-routes.conf").replace("default $merx_fast;", "default merx_fast;")
    (stack.run / "nginx" / "merx" / "merx-http.conf").write_text(old)
    stack.change_nginx("merx-pass.conf", {})
    api = Api(stack)
    assert api.staff().get("/v1/admin/products").status_code == 200
    assert api.guest().post("/v1/checkout", {}, key=unique_key()).status_code == 422
    expect(Wire(stack).guest().send("GET", "/v1/me"), 200)
    be_guest(Wire(stack))
    assert {w["pool"] for w in status(stack)["workers"]} == {"fast", "slow"}
