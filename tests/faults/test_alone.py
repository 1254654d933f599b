"""The promise of a rule holds in any transaction, not only in one that a route began."""
import json
import os
import subprocess

import pytest
from authenticator import unb64
from client import ROOT, program
from shop import assert_ledger, make_product, variant_ids


@pytest.fixture(scope="module")
def checkout_alone():
    built = program().parent / "tests" / "faults" / "checkout_alone"
    subprocess.run(["make", built.relative_to(ROOT)], cwd=ROOT, env=os.environ, check=True)
    return built


def test_checkout_takes_the_stock_without_a_route(stack, api, staff, db, checkout_alone):
    """J3. A run that was rolled back leaves nothing to do at the end of the next one."""
    guest = api.guest()
    variant = variant_ids(make_product(staff, stock=5))[0]
    guest.fill_cart(variant, 2)
    claims = json.loads(unb64(guest.token.split(".")[1]))
    done = subprocess.run([checkout_alone, claims["sub"], claims["sid"]], text=True, check=True,
                          env=stack.environment(sandbox_provider="on"), stdout=subprocess.PIPE)
    assert done.stdout == "0 2\n"
    assert assert_ledger(db, variant) == {"on_hand": 5, "reserved": 2, "moved_on_hand": 5,
                                          "moved_reserved": 2}
    assert len(guest.get("/v1/orders").json()["data"]) == 1
    assert guest.get("/v1/cart").json()["items"] == []
