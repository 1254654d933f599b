"""Attacks that once went through: shared keys of strangers, oversized carts, stripped replays."""
from client import Api, problem, unique_key
from shop import variant_ids

LINES_MAX = 100


def add_lines(person, variants):
    for v in variants:
        added = person.post("/v1/cart/items", {"variant_id": v, "quantity": 1})
        assert added.status_code == 201, added.text


def test_two_strangers_with_one_key_are_two_guests(api, stack):
    """IDM-1: the same key from another caller executes separately."""
    key = unique_key()
    first = api.send("POST", "/v1/auth/guest", key=key, headers={"User-Agent": "phone a"})
    second = Api(stack).send("POST", "/v1/auth/guest", key=key, headers={"User-Agent": "phone b"})
    tokens = [a.json().get("refresh_token") for a in (first, second)]
    assert tokens[0] != tokens[1] or tokens[1] is None


def test_merging_carts_keeps_the_line_limit(api, staff):
    """A cart grown at sign-in must not pass what adding refuses; its checkout must not kill a
    worker."""
    variants = [
        v
        for _ in range(2)
        for v in variant_ids(product_of(staff, 100))
    ]
    customer = api.customer()
    for part in (variants[:80], variants[80:160]):
        guest = api.guest()
        add_lines(guest, part)
        customer = api.login(customer.email, token=guest.token)
    assert len(customer.get("/v1/cart").json()["items"]) <= LINES_MAX


def product_of(staff, n):
    """A product with n variants."""
    sizes, tag = [str(i) for i in range(n)], unique_key()[:12]
    body = {
        "title": f"Sizes {tag}",
        "status": "active",
        "options": [{"name": "size", "values": sizes}],
        "variants": [
            {
                "sku": f"M-{tag}-{size}",
                "options": {"size": size},
                "price": {"amount": 100, "currency": "EUR"},
                "stock": 9,
            }
            for size in sizes
        ],
    }
    made = staff.post("/v1/admin/products", body)
    assert made.status_code == 201, made.text
    return made.json()


def test_a_replay_has_the_headers_of_the_answer(staff):
    """API section 1: the stored response again."""
    body = {
        "title": "Replayed",
        "status": "draft",
        "variants": [{"sku": unique_key(), "price": {"amount": 1, "currency": "EUR"}}],
    }
    key = unique_key()
    made, again = (staff.post("/v1/admin/products", body, key=key) for _ in range(2))
    assert again.headers["Idempotency-Replayed"] == "true"
    for name in ("Location", "ETag"):
        assert again.headers.get(name) == made.headers.get(name), name


def test_the_mount_itself_is_a_problem_document(api):
    """ERR-1: no answer of nginx's own below the mount, not even its redirect."""
    problem(api.get(""), 404, "not_found")
