"""Signing in with OpenID providers: which ID tokens count, whose account it is, the provider's keys."""
import concurrent.futures
import hashlib
import hmac
import json
import secrets
import threading
import time

import pytest

import client
from authenticator import Authenticator
from client import faults, problem
from factor import enrol, second
from provider import CLIENT, Provider, Server, b64, digest, make_certificate, new_key, reply
from load import workers
from shop import make_product, variant_ids

RETRY_S = 10  # lib/io/jwks.h
HASTY = {"fetch_timeout_ms": "1800"}  # of providers whose server hangs
PATH = "/v1/auth/oidc"
OTHER_CLIENT = "shop-app"


class World:
    """The providers of this file, and a stack that knows them."""

    def __init__(self, place, module_stack, recorder):
        self.place = place
        self.cert, key = make_certificate(place)
        stranger, _ = make_certificate(place, "stranger")
        self.server = Server(self.cert, key)
        both = f"{CLIENT} {OTHER_CLIENT}"
        self.by_name = {
            p.name: p for p in (
                Provider(self.server, "one", client=both),
                Provider(self.server, "two"),
                Provider(self.server, "ignoring", email="ignored"),
                Provider(self.server, "google"),
                Provider(self.server, "flood"),
                Provider(self.server, "cold", **HASTY),
                Provider(self.server, "busy"),
                Provider(self.server, "stale", cache="max-age=1", refetch_s="1", **HASTY),
                Provider(self.server, "turning", cache="no-store", refetch_s="1"),
                Provider(self.server, "fresh", cache="max-age=600", refetch_s="1"),
                Provider(self.server, "bad", refetch_s="1", **HASTY),
                Provider(self.server, "mixed"),
            )
        }
        self.google = self.by_name["google"]
        self.google.issuer = "https://accounts.google.com"
        self.google.members["issuer"] = None
        sections = [p.section(self.cert) for p in self.by_name.values()]
        self.stranger = Provider(self.server, "stranger")
        sections.append(self.stranger.section(stranger))
        self.file = place / "oidc.conf"
        self.file.write_text("# providers of a test\n\n" + "\n".join(sections))
        self.stack = module_stack("oidc-run", workers=2, slow_workers=4, oidc_providers=self.file)
        self.api = client.Api(self.stack, recorder)

    def admin(self):
        return self.stack.admin()


@pytest.fixture(scope="module")
def world(place, module_stack, recorder):
    directory = place / "oidc"
    directory.mkdir()
    made = World(directory, module_stack, recorder)
    yield made
    made.server.stop()


@pytest.fixture(scope="module")
def shop(world):
    """Calls that store."""
    return world.api


@pytest.fixture(scope="module")
def one(world):
    return world.by_name["one"]


@pytest.fixture(scope="module")
def two(world):
    return world.by_name["two"]


def sign_in(shop, proof, **how):
    """Again, if the provider, which has two seconds, was too slow for a busy machine."""
    answer = client.until(lambda: (lambda a: a.status_code != 503 and [a])(shop.post(PATH, proof, **how)))[0]
    return client.Person(shop, answer, answer.json().get("user", {}).get("email"))


def refused(shop, proof):
    return problem(shop.post(PATH, proof), 401, "invalid_credentials")


# ---- tokens


@pytest.mark.req("OID-1")
@pytest.mark.parametrize("key", [0, 1], ids=["RS256", "ES256"])
def test_a_good_token_signs_in(shop, one, key):
    proof = one.proof(key=one.keys[key], name="Grace Hopper", email="grace@example.org")
    person = sign_in(shop, proof)
    assert person.user["name"] == "Grace Hopper" and person.user["roles"] == []
    assert person.get("/v1/me").status_code == 200


@pytest.mark.req("OID-1")
def test_the_same_subject_is_the_same_account(shop, one):
    first = sign_in(shop, one.proof(sub="stable-1"))
    again = sign_in(shop, one.proof(sub="stable-1", key=one.keys[1]))
    assert again.id == first.id and again.token != first.token
    assert sign_in(shop, one.proof(sub="stable-2")).id != first.id


@pytest.mark.req("OID-1")
def test_times_have_some_leeway(shop, one):
    now = int(time.time())
    sign_in(shop, one.proof(exp=now - 20, iat=now - 600))
    sign_in(shop, one.proof(iat=now + 20))


@pytest.mark.req("OID-1")
@pytest.mark.parametrize("claims", [
    {"iss": "https://evil.example"}, {"iss": ...}, {"iss": ["x"]}, {"iss": 1},
    {"aud": "another-app"}, {"aud": ...}, {"aud": []}, {"aud": 1}, {"aud": {}}, {"aud": [1]},
    {"aud": [CLIENT, "another-app"], "azp": CLIENT}, {"aud": [CLIENT, OTHER_CLIENT]},
    {"aud": [CLIENT, OTHER_CLIENT], "azp": "another-app"}, {"azp": "another-app"}, {"azp": 1},
    {"aud": CLIENT.upper()}, {"aud": CLIENT + " "}, {"aud": f"{CLIENT} {OTHER_CLIENT}"},
    {"exp": ...}, {"exp": "9999999999"}, {"exp": 9999999999}, {"exp": 1.5}, {"exp": 0},
    {"exp": [1]}, {"iat": ...}, {"iat": "1"}, {"iat": 0},
    {"sub": ...}, {"sub": ""}, {"sub": 1}, {"sub": "x" * 256}, {"sub": "a\nb"}, {"sub": None},
    {"nonce": ...}, {"nonce": ""}, {"nonce": 1}, {"nonce": "another-nonce"}, {"nonce": ["x"]},
], ids=str)
def test_claims_that_do_not_count(shop, one, claims):
    refused(shop, one.proof(**claims))


@pytest.mark.req("OID-1")
def test_issuers_are_exact(shop, one):
    for issuer in (one.issuer + "/", one.issuer.upper(), one.issuer[:-1], one.issuer + "\u0000"):
        refused(shop, one.proof(iss=issuer))


@pytest.mark.req("OID-1")
def test_times_that_do_not_count(shop, one):
    now = int(time.time())
    for claims in ({"exp": now - 60, "iat": now - 600}, {"iat": now + 120},
                   {"nbf": now + 120}, {"nbf": "0"}, {"iat": now, "exp": now}):
        refused(shop, one.proof(**claims))


@pytest.mark.req("OID-1")
def test_several_audiences_of_ours_count(shop, one):
    sign_in(shop, one.proof(aud=[CLIENT, OTHER_CLIENT], azp=OTHER_CLIENT))
    sign_in(shop, one.proof(aud=OTHER_CLIENT))
    sign_in(shop, one.proof(aud=[CLIENT]))


@pytest.mark.req("OID-1")
def test_a_token_of_another_provider_is_not_this_ones(shop, one, two):
    proof = two.proof()
    refused(shop, proof | {"provider": "one"})
    refused(shop, one.proof(key=two.keys[0]))
    stolen = new_key("RSA", kid=one.keys[0]["kid"])
    refused(shop, one.proof(key=stolen))
    sign_in(shop, proof)


@pytest.mark.req("OID-1")
def test_the_algorithm_is_the_keys_own(shop, one):
    nonce = secrets.token_hex(16)
    claims = one.claims(nonce)
    rsa, ec = one.keys
    body = f"{b64({'alg': 'HS256', 'kid': rsa['kid'], 'typ': 'JWT'})}.{b64(claims)}"
    secrets_of_public_keys = [
        rsa.export_to_pem(), rsa.export_to_pem().rstrip(), rsa.export_public().encode(),
        rsa["n"].encode(), b"",
    ]
    tokens = [f"{body}.{b64(hmac.new(k, body.encode(), hashlib.sha256).digest())}"
              for k in secrets_of_public_keys]
    for alg in ("none", "None", "nOnE", "", "HS256"):
        head = b64({"alg": alg, "kid": rsa["kid"]})
        tokens += [f"{head}.{b64(claims)}.", f"{head}.{b64(claims)}",
                   f"{head}.{b64(claims)}.{one.sign(claims).split('.')[2]}"]
    for alg in ("RS384", "PS256", "rs256"):
        head, _, signature = one.sign(claims, header={"alg": "RS384"}).split(".")
        tokens.append(f"{b64({'alg': alg, 'kid': rsa['kid']})}.{b64(claims)}.{signature}")
    # signed with the one, named as the other
    tokens.append(one.sign(claims, key=ec, header={"kid": rsa["kid"]}))
    tokens.append(one.sign(claims, key=rsa, header={"kid": ec["kid"]}))
    for token in tokens:
        refused(shop, {"provider": "one", "id_token": token, "nonce": nonce})
    sign_in(shop, {"provider": "one", "id_token": one.sign(claims), "nonce": nonce})


@pytest.mark.req("OID-1", "JWT-4")
def test_headers_that_do_not_count(shop, one, world):
    attacker = new_key("RSA")
    before = dict(world.server.hits)
    for header in ({"kid": ...}, {"kid": 1}, {"kid": "unknown"}, {"crit": ["exp"]},
                   {"jku": world.server.url + "/evil"}, {"x5u": world.server.url + "/evil"},
                   {"jwk": attacker.export_public(as_dict=True)}, {"x5c": ["MIIB"]},
                   {"zip": "DEF"}, {"cty": "JWT"}, {"typ": "at+jwt"}, {"typ": "logout+jwt"}):
        refused(shop, one.proof(header=header))
    assert world.server.hits.get("/evil") is None
    assert sum(world.server.hits.values()) - sum(before.values()) <= 1


@pytest.mark.req("OID-1")
def test_forms_that_do_not_count(shop, one):
    proof = one.proof()
    head, claims, signature = proof["id_token"].split(".")
    doubled = json.dumps(one.claims(proof["nonce"]))[:-1] + ', "sub": "admin"}'
    other = signature[:-1] + ("A" if signature[-1] != "A" else "B")
    for token in (f"{head}.{claims}", f"{head}.{claims}.{signature}.", f"{head}..{signature}",
                  f".{claims}.{signature}", f"{head}.{claims}.{signature}=",
                  f"{head}.{claims}.{other}", f"{head}.{b64(doubled.encode())}.{signature}",
                  "..", "a.b.c", "x"):
        refused(shop, proof | {"id_token": token})
    refused(shop, proof | {"id_token": one.sign({"x": "y" * 5000})})
    assert faults(shop.post(PATH, proof | {"id_token": "x" * 8193})) == [("/id_token", "too_long")]
    sign_in(shop, proof)


def test_what_is_sent_is_checked(shop, one):
    proof = one.proof()
    assert faults(shop.post(PATH, {})) == [
        ("/id_token", "required"), ("/nonce", "required"), ("/provider", "required")]
    assert faults(shop.post(PATH, proof | {"provider": "nobody"})) == [
        ("/provider", "unknown_value")]
    assert faults(shop.post(PATH, proof | {"nonce": "short"})) == [("/nonce", "too_short")]
    for value in (0, True, None, [], {}):
        assert faults(shop.post(PATH, proof | {"id_token": value, "nonce": value})) == [
            ("/id_token", "wrong_type"), ("/nonce", "wrong_type")]


def test_without_providers_nobody_can(api, one):
    assert faults(api.post(PATH, one.proof())) == [("/provider", "unknown_value")]


def test_google_needs_no_description(shop, world):
    google = world.google
    person = sign_in(shop, google.proof(sub="g-1", iss="accounts.google.com"))
    assert sign_in(shop, google.proof(sub="g-1")).id == person.id
    issuers = [i["issuer"] for i in person.get("/v1/me/identities").json()["data"]]
    assert issuers == ["https://accounts.google.com"]
    refused(shop, google.proof(iss="https://accounts.google.com/"))


# ---- nonce


@pytest.mark.req("OID-2")
def test_a_nonce_counts_as_its_digest_too(shop, one):
    nonce = secrets.token_urlsafe(16)
    token = one.sign(one.claims(digest(nonce)))
    sign_in(shop, {"provider": "one", "id_token": token, "nonce": nonce})


@pytest.mark.req("OID-2")
def test_only_the_nonce_itself_or_its_digest_counts(shop, one):
    nonce = secrets.token_urlsafe(16)
    for claim in (digest(nonce).upper(), digest(digest(nonce)), nonce + "x", nonce[:-1],
                  hashlib.sha1(nonce.encode()).hexdigest()):
        token = one.sign(one.claims(claim))
        refused(shop, {"provider": "one", "id_token": token, "nonce": nonce})


@pytest.mark.req("OID-2")
def test_a_token_counts_once(shop, one):
    proof = one.proof(sub="once")
    sign_in(shop, proof)
    refused(shop, proof)
    refused(shop, one.proof(sub="once", given=proof["nonce"]))
    refused(shop, one.proof(sub="once", given=proof["nonce"], key=one.keys[1]))
    sign_in(shop, one.proof(sub="once"))


@pytest.mark.req("OID-2")
def test_a_digest_and_its_nonce_are_one_token(shop, one):
    nonce = secrets.token_urlsafe(16)
    proof = {"provider": "one", "id_token": one.sign(one.claims(digest(nonce))), "nonce": nonce}
    sign_in(shop, proof)
    refused(shop, proof | {"nonce": digest(nonce)})


@pytest.mark.req("OID-2")
def test_of_uses_at_once_one_counts(shop, one):
    proof = one.proof()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: shop.clone().post(PATH, proof).status_code, range(16)))
    assert sorted(answers) == [200] + [401] * 15


def test_a_lost_answer_can_be_asked_for_again(shop, one):
    proof, key = one.proof(), client.unique_key()
    first, second = (shop.post(PATH, proof, key=key) for _ in range(2))
    assert first.status_code == second.status_code == 200
    assert second.headers["Idempotency-Replayed"] == "true" and first.content == second.content


@pytest.mark.req("OID-2")
def test_used_tokens_are_forgotten_when_they_have_expired(shop, one, world):
    admin = world.admin()
    sign_in(shop, one.proof())
    kept = int(admin.value("SELECT COUNT(*) FROM id_token_used WHERE expires_at > UTC_TIMESTAMP(3)"))
    assert kept > 0
    admin.rows("INSERT INTO id_token_used (token_hash, expires_at)"
               " VALUES (REPEAT('x', 32), '2020-01-01')")
    with world.stack.jobs():
        client.until(lambda: admin.value(
            "SELECT COUNT(*) FROM id_token_used WHERE expires_at < UTC_TIMESTAMP(3)") == "0")


# ---- whose account


def verified(address, **more):
    return {"email": address, "email_verified": True} | more


@pytest.mark.req("OID-3")
def test_a_verified_address_becomes_the_accounts(shop, one):
    address = client.unique_email()
    person = sign_in(shop, one.proof(**verified(address.upper())))
    assert person.user["email"] == address.upper() and person.user["email_verified"]
    problem(shop.post("/v1/auth/login", {"email": address, "password": client.PASSWORD}), 401,
            "invalid_credentials")


@pytest.mark.req("OID-3")
@pytest.mark.parametrize("flag", [True, "true"], ids=repr)
def test_a_verified_address_leads_to_who_proved_it(shop, one, world, flag):
    customer = shop.customer()
    proof = one.proof(email=customer.email, email_verified=flag)
    person = sign_in(shop, proof)
    assert person.id == customer.id and person.user["email"] == customer.email
    mail = world.stack.mailbox().wait(customer.email, 1)
    assert "one" in mail.text and "sign" in str(mail["subject"])
    # the password is still good, and so is the other session
    assert shop.login(customer.email).id == customer.id
    assert customer.get("/v1/me").status_code == 200


@pytest.mark.req("OID-3")
@pytest.mark.parametrize("flag", [False, "false", "True", 1, None, ..., [True]], ids=repr)
def test_an_address_that_is_not_verified_leads_nowhere(shop, one, flag):
    customer = shop.customer()
    person = sign_in(shop, one.proof(email=customer.email, email_verified=flag))
    assert person.id != customer.id
    assert person.user["email"] is None and not person.user["email_verified"]


@pytest.mark.req("OID-3")
def test_the_same_subject_elsewhere_is_somebody_else(shop, one, two):
    here = sign_in(shop, one.proof(sub="twin"))
    there = sign_in(shop, two.proof(sub="twin"))
    assert here.id != there.id
    again = sign_in(shop, two.proof(sub="twin", email=client.unique_email()))
    assert again.id == there.id


@pytest.mark.req("OID-3")
def test_a_provider_whose_addresses_count_for_nothing(shop, world):
    ignoring = world.by_name["ignoring"]
    customer = shop.customer()
    person = sign_in(shop, ignoring.proof(**verified(customer.email)))
    assert person.id != customer.id and person.user["email"] is None


@pytest.mark.req("OID-3")
def test_an_address_that_is_none_is_left_out(shop, one):
    for address in ("a@x.test, b@x.test", "a@x.test\r\nBcc: e@x.test", "<a@x.test>", "a b@x.test",
                    "a@b@x.test", "a", "@x.test", "a@", "m\u0131ke@x.test", "a@localhost", 7, ""):
        person = sign_in(shop, one.proof(**verified(address)))
        assert person.user["email"] is None


def test_a_name_that_cannot_be_shown_is_left_out(shop, one):
    for name in ("x" * 201, "a\u202eb", "a\nb", " ", 7):
        assert sign_in(shop, one.proof(name=name)).user["name"] == ""
    assert sign_in(shop, one.proof(name="\u00e9" * 200)).user["name"] == "\u00e9" * 200


@pytest.mark.req("OID-3")
def test_an_account_keeps_its_address_whatever_the_provider_says_later(shop, one):
    address = client.unique_email()
    person = sign_in(shop, one.proof(sub="mover", **verified(address)))
    again = sign_in(shop, one.proof(sub="mover", **verified(client.unique_email())))
    assert again.id == person.id and again.user["email"] == address


@pytest.mark.req("OID-3")
def test_staff_are_not_found_by_address(shop, one, world):
    address = world.stack.env["MERX_STAFF_EMAIL"]
    refused(shop, one.proof(sub="not-staff", **verified(address)))
    staff = shop.staff()
    added = staff.post("/v1/me/identities", one.proof(sub="staff", **verified(address)))
    assert added.status_code == 201, added.text
    assert sign_in(shop, one.proof(sub="staff")).user["roles"] == staff.user["roles"]


@pytest.mark.req("OID-3")
def test_first_sign_ins_at_once_make_one_account(shop, one):
    address = client.unique_email()
    proofs = [one.proof(sub="rush", **verified(address)) for _ in range(12)]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        people = list(pool.map(lambda p: sign_in(shop.clone(), p).id, proofs))
    assert len(set(people)) == 1


@pytest.mark.req("OID-3")
def test_two_providers_at_once_lead_to_one_account(shop, one, two):
    address = client.unique_email()
    proofs = [p.proof(sub=f"both-{i % 2}", **verified(address))
              for i, p in enumerate([one, two] * 4)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        people = list(pool.map(lambda p: sign_in(shop.clone(), p).id, proofs))
    assert len(set(people)) == 1


def test_a_closed_account_stays_closed(shop, one, world):
    address = client.unique_email()
    person = sign_in(shop, one.proof(sub="closed", **verified(address)))
    world.admin().rows(f"UPDATE account SET status = 1 WHERE id = UNHEX('{person.id.replace('-', '')}')")
    refused(shop, one.proof(sub="closed"))
    refused(shop, one.proof(sub="closed-2", **verified(address)))


@pytest.mark.req("REG-4")
def test_who_claimed_an_address_loses_it_to_who_proves_it(place, recorder, new_stack, world, one):
    stack = new_stack("oidc-open", verify_email="off", oidc_providers=world.file)
    open_shop = client.Api(stack, recorder)
    address = client.unique_email()
    sent = {"email": address, "password": client.PASSWORD, "name": "Mallory"}
    squatter = client.Person(open_shop, open_shop.post("/v1/auth/register", sent))
    assert not squatter.user["email_verified"]
    owner = sign_in(open_shop, one.proof(sub="owner", **verified(address)))
    assert owner.id != squatter.id and owner.user["email"] == address
    problem(open_shop.post("/v1/auth/login", {"email": address, "password": client.PASSWORD}), 401,
            "invalid_credentials")
    problem(squatter.get("/v1/me"), 401, "unauthorized")
    problem(open_shop.post("/v1/auth/refresh", {"refresh_token": squatter.refresh_token}), 401,
            "invalid_refresh_token")
    assert sign_in(open_shop, one.proof(sub="owner")).id == owner.id


@pytest.mark.req("REG-4")
def test_a_sign_up_that_waits_for_its_code_gives_no_second_account(shop, one, world):
    address = client.unique_email()
    sent = {"email": address, "password": client.PASSWORD, "name": "Mallory"}
    assert shop.post("/v1/auth/register", sent).status_code == 202
    code = world.stack.mailbox().code(address)
    owner = sign_in(shop, one.proof(**verified(address)))
    problem(shop.verify(address, code), 422, "code_invalid")
    problem(shop.post("/v1/auth/login", {"email": address, "password": client.PASSWORD}), 401,
            "invalid_credentials")
    assert owner.get("/v1/me").status_code == 200


# ---- guests


@pytest.fixture(scope="module")
def variant(shop):
    return variant_ids(make_product(shop.staff()))[0]


def add_line(person, variant):
    added = person.post("/v1/cart/items", {"variant_id": variant, "quantity": 2})
    assert added.status_code == 201, added.text


def lines(person):
    return [(i["variant_id"], i["quantity"]) for i in person.get("/v1/cart").json()["items"]]


def test_a_guests_cart_is_merged_into_a_known_account(shop, one, variant):
    known = sign_in(shop, one.proof(sub="shopper"))
    guest = shop.guest()
    add_line(guest, variant)
    person = sign_in(shop, one.proof(sub="shopper"), token=guest.token)
    assert person.id == known.id and lines(person) == [(variant, 2)]


def test_a_guest_who_is_new_keeps_the_account(shop, one, variant):
    guest = shop.guest()
    add_line(guest, variant)
    assert guest.post("/v1/me/addresses", client.ADDRESS).status_code == 201
    person = sign_in(shop, one.proof(**verified(client.unique_email())), token=guest.token)
    assert person.id == guest.id and lines(person) == [(variant, 2)]
    assert len(person.get("/v1/me/addresses").json()["data"]) == 1
    problem(guest.get("/v1/me"), 401, "unauthorized")


# ---- the caller's own


def test_identities_are_listed_added_and_removed(shop, one, two, world):
    customer = shop.customer()
    assert customer.get("/v1/me/identities").json() == {"data": [], "next_cursor": None}
    proof = one.proof(sub="mine")
    added = customer.post("/v1/me/identities", proof)
    assert added.status_code == 201, added.text
    assert added.json()["provider"] == "one" and added.json()["subject"] == "mine"
    refused_again = customer.post("/v1/me/identities", proof)
    problem(refused_again, 401, "invalid_credentials")
    problem(customer.post("/v1/me/identities", one.proof(sub="mine")), 409, "conflict")
    assert customer.post("/v1/me/identities", two.proof(sub="mine")).status_code == 201
    listed = customer.get("/v1/me/identities").json()["data"]
    assert [i["provider"] for i in listed] == ["two", "one"]
    assert listed[1] == added.json()
    assert sign_in(shop, one.proof(sub="mine")).id == customer.id
    for identity in listed:
        gone = customer.delete(f"/v1/me/identities/{identity['id']}")
        assert gone.status_code == 204 and not gone.content
        problem(customer.delete(f"/v1/me/identities/{identity['id']}"), 404, "not_found")
    world.stack.mailbox().wait(customer.email, 4)
    assert sign_in(shop, one.proof(sub="mine")).id != customer.id


def test_the_last_way_to_sign_in_stays(shop, one, two):
    person = sign_in(shop, one.proof(sub="only"))
    first = person.get("/v1/me/identities").json()["data"][0]["id"]
    problem(person.delete(f"/v1/me/identities/{first}"), 409, "conflict")
    assert person.post("/v1/me/identities", two.proof(sub="only")).status_code == 201
    assert person.delete(f"/v1/me/identities/{first}").status_code == 204
    second = person.get("/v1/me/identities").json()["data"][0]["id"]
    problem(person.delete(f"/v1/me/identities/{second}"), 409, "conflict")


def test_a_passkey_is_a_way_in_too(shop, one, world):
    device = Authenticator(f"https://localhost:{world.stack.port}")
    person = sign_in(shop, one.proof(sub="key-holder"))
    identity = person.get("/v1/me/identities").json()["data"][0]["id"]
    options = person.post("/v1/me/passkeys/options").json()
    made = {"name": "Telephone", "credential": device.make(options)}
    passkey = person.post("/v1/me/passkeys", made).json()["id"]
    assert person.delete(f"/v1/me/identities/{identity}").status_code == 204
    problem(person.delete(f"/v1/me/passkeys/{passkey}"), 409, "conflict")
    assert person.post("/v1/me/identities", one.proof(sub="key-holder")).status_code == 201
    assert person.delete(f"/v1/me/passkeys/{passkey}").status_code == 204


def test_removals_at_once_leave_a_way_in(shop, one, two):
    person = sign_in(shop, one.proof(sub="racer"))
    assert person.post("/v1/me/identities", two.proof(sub="racer")).status_code == 201
    both = [i["id"] for i in person.get("/v1/me/identities").json()["data"]]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        codes = list(pool.map(
            lambda i: person.clone().delete(f"/v1/me/identities/{i}").status_code, both))
    assert sorted(codes) == [204, 409]


@pytest.mark.req("AZ-2")
def test_identities_of_others_are_not_there(shop, one):
    person, other = sign_in(shop, one.proof()), sign_in(shop, one.proof())
    theirs = other.get("/v1/me/identities").json()["data"][0]["id"]
    problem(person.delete(f"/v1/me/identities/{theirs}"), 404, "not_found")
    assert len(other.get("/v1/me/identities").json()["data"]) == 1


def test_a_guest_adds_nothing(shop, one):
    problem(shop.guest().post("/v1/me/identities", one.proof()), 403, "forbidden")
    problem(shop.post("/v1/me/identities", one.proof()), 401, "unauthorized")


@pytest.mark.req("MFA-5")
@pytest.mark.req("MFA-6")
def test_a_second_factor_is_still_asked_for(shop, one, world):
    person = sign_in(shop, one.proof(sub="careful"))
    app = enrol(world.stack, person)
    demand = shop.post(PATH, one.proof(sub="careful")).json()
    assert demand["mfa_required"] is True and demand["methods"] == ["totp", "recovery_code"]
    done = second(shop, demand["mfa_token"], app.code())
    assert done.status_code == 200 and done.json()["user"]["id"] == person.id


def test_changes_need_a_fresh_sign_in(shop, one, world):
    person = sign_in(shop, one.proof())
    world.admin().rows("UPDATE session SET authenticated_at = '2020-01-01'"
                       f" WHERE account_id = UNHEX('{person.id.replace('-', '')}')")
    problem(person.post("/v1/me/identities", one.proof()), 403, "reauth_required")
    theirs = person.get("/v1/me/identities").json()["data"][0]["id"]
    problem(person.delete(f"/v1/me/identities/{theirs}"), 403, "reauth_required")


# ---- keys


@pytest.mark.req("OID-4")
def test_a_thousand_unknown_keys_cost_one_fetch(shop, world):
    flood = world.by_name["flood"]
    key = flood.keys[1]

    def one_of(n):
        """How many were told that there are no keys, since a fetch took too long on a busy machine."""
        mine, said = shop.clone(), []
        for _ in range(n):
            kid = secrets.token_hex(8)
            said.append(mine.post(PATH, flood.proof(key=key, header={"kid": kid})).status_code)
        assert set(said) <= {401, 503}
        return said.count(503)

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        failed = sum(pool.map(one_of, [250] * 4))
    assert failed < 500 and flood.fetches <= 1 + failed
    before = flood.fetches
    sign_in(shop, flood.proof())
    assert flood.fetches == before


def fetched_again(shop, provider):
    """Sign in until the provider was asked for its keys once more."""
    before = provider.fetches
    client.until(lambda: sign_in(shop, provider.proof()) and provider.fetches > before)
    assert provider.fetches == before + 1


@pytest.mark.req("OID-4")
def test_known_keys_are_fetched_once(shop, world):
    """They are good for longer than the keys of another provider, which are fetched again meanwhile."""
    fresh, stale = world.by_name["fresh"], world.by_name["stale"]
    sign_in(shop, fresh.proof())
    for _ in range(2):
        fetched_again(shop, stale)
        sign_in(shop, fresh.proof())
    assert fresh.fetches == 1


@pytest.mark.req("OID-4")
def test_without_keys_nobody_signs_in_and_others_do(shop, one, world):
    cold, began = world.by_name["cold"], time.monotonic()
    cold.hang()
    answers = []

    def ask():
        answers.append(shop.clone().post(PATH, cold.proof()))

    asking = [threading.Thread(target=ask) for _ in range(3)]
    for thread in asking:
        thread.start()
    sign_in(shop.clone(), one.proof())
    for thread in asking:
        thread.join()
    for answer in answers:
        assert int(problem(answer, 503, "unavailable") and answer.headers["Retry-After"]) > 0
    problem(shop.post(PATH, cold.proof()), 503, "unavailable")
    assert 1 <= cold.fetches <= 1 + (time.monotonic() - began) // RETRY_S


@pytest.mark.req("OID-4")
def test_those_who_come_at_once_wait_for_the_one_who_fetches(shop, world):
    busy = world.by_name["busy"]
    serve = world.server.answers[busy.path]

    def slowly(handler):
        client.until(lambda: len(workers(world.stack, "slow", state="busy")) == 4, what="all ask")
        serve(handler)

    busy.answer(slowly)
    clients, proofs = [shop.clone() for _ in range(4)], [busy.proof() for _ in range(4)]
    answers = client.at_once(4, lambda i: clients[i].post(PATH, proofs[i]).status_code)
    assert answers == [200] * 4 and busy.fetches == 1


@pytest.mark.req("OID-4")
def test_old_keys_serve_on_while_no_new_ones_are_to_be_had(shop, world):
    stale = world.by_name["stale"]
    sign_in(shop, stale.proof())
    for trouble in (stale.hang, stale.fail, lambda: stale.fail(200, b"<html>"),
                    lambda: stale.fail(200, b'{"keys": []}')):
        trouble()
        fetched_again(shop, stale)
        sign_in(shop, stale.proof(key=stale.keys[1]))
    stale.serve()


@pytest.mark.req("OID-4")
def test_a_new_key_is_found_and_an_old_one_forgotten(shop, world):
    turning = world.by_name["turning"]
    old = turning.keys[0]
    sign_in(shop, turning.proof())
    new = new_key("RSA")
    turning.keys[0] = new
    client.until(lambda: shop.post(PATH, turning.proof(key=new)).status_code == 200, what="the new key")
    client.until(lambda: shop.post(PATH, turning.proof(key=old)).status_code == 401, what="its end")


@pytest.mark.req("OID-4")
def test_key_sets_that_are_not_taken(shop, world):
    bad = world.by_name["bad"]
    good = json.dumps(bad.jwks()).encode()
    evil = world.server.url + "/elsewhere"
    world.server.answers["/elsewhere"] = lambda h: reply(h, 200, good)

    def drip(handler):
        handler.send_response(200)
        handler.end_headers()
        for byte in good:
            handler.wfile.write(bytes([byte]))
            handler.wfile.flush()
            if world.server.release.wait(0.2):
                return

    many = {"keys": [new_key("EC").export_public(as_dict=True) for _ in range(65)]}
    troubles = [
        lambda: bad.fail(302, Location=evil), lambda: bad.fail(404, good), lambda: bad.fail(204),
        lambda: bad.fail(200, good + b" " * 70000), lambda: bad.fail(200, good + b"{}"),
        lambda: bad.fail(200, b""), lambda: bad.fail(200, b"[]"), lambda: bad.fail(200, b'{"keys":{}}'),
        lambda: bad.fail(200, json.dumps(many).encode()),
        lambda: bad.fail(200, good, X_Large="x" * 20000),
        lambda: bad.answer(drip), bad.hang,
    ]
    for trouble in troubles:
        trouble()
        fetched = bad.fetches
        client.until(lambda: problem(shop.post(PATH, bad.proof()), 503, "unavailable")
                     and bad.fetches > fetched, what="another fetch")
        assert bad.fetches == fetched + 1
    assert world.server.hits.get("/elsewhere") is None
    bad.serve()
    client.until(lambda: shop.post(PATH, bad.proof()).status_code == 200, what="good keys")


@pytest.mark.req("OID-4")
def test_keys_come_only_from_whom_we_trust(shop, world):
    problem(shop.post(PATH, world.stranger.proof()), 503, "unavailable")
    assert world.stranger.fetches == 0


@pytest.mark.req("OID-1")
def test_keys_of_a_set_that_are_of_no_use(shop, world):
    mixed = world.by_name["mixed"]
    good_rsa, good_ec = mixed.keys
    weak = new_key("RSA", size=1024)
    wrong = {
        "weak": (weak, weak.export_public(as_dict=True)),
        "enc": (k := new_key("RSA"), k.export_public(as_dict=True) | {"use": "enc"}),
        "ops": (k := new_key("RSA"), k.export_public(as_dict=True) | {"key_ops": ["encrypt"]}),
        "alg": (k := new_key("RSA"), k.export_public(as_dict=True) | {"alg": "RS512"}),
        "private": (k := new_key("RSA"), k.export_private(as_dict=True)),
        "e1": (k := new_key("RSA"), k.export_public(as_dict=True) | {"e": "AQ"}),
        "even": (k := new_key("RSA"), k.export_public(as_dict=True) | {"e": "Ag"}),
        "padded": (k := new_key("RSA"), k.export_public(as_dict=True) | {"e": "AQAB=="}),
        "curve": (k := new_key("EC"), k.export_public(as_dict=True) | {"crv": "P-384"}),
        "off": (k := new_key("EC"), k.export_public(as_dict=True) | {"y": good_ec["y"]}),
        "twice": (k := new_key("EC"), k.export_public(as_dict=True)),
    }
    mixed.extra = [entry for _, entry in wrong.values()]
    mixed.extra += [new_key("EC", kid=wrong["twice"][0]["kid"]).export_public(as_dict=True),
                    {"kty": "OKP", "crv": "Ed25519", "x": "AA", "kid": "okp"}, "x", 1, None, [],
                    {"kty": "oct", "k": "AAAA", "kid": "oct"}]
    for name, (key, _) in wrong.items():
        answer = shop.post(PATH, mixed.proof(key=key))
        assert answer.status_code == 401, name
    sign_in(shop, mixed.proof())
    sign_in(shop, mixed.proof(key=good_ec))
    assert mixed.fetches == 1


# ---- notices of providers


def tell(shop, provider, notice, **how):
    return shop.post(f"{PATH}/{provider.name}/notices", notice, **how)


@pytest.mark.req("OID-5")
def test_without_consent_sessions_end_and_the_way_in_stays(shop, one, two):
    person = sign_in(shop, one.proof(sub="revoker"))
    other = sign_in(shop, two.proof(sub="revoker"))
    for _ in range(2):
        assert person.get("/v1/me").status_code == 200
        done = tell(shop, one, one.notice("revoker"))
        assert (done.status_code, done.json()) == (200, {"event": "consent_revoked"})
        problem(person.get("/v1/me"), 401, "unauthorized")
        problem(shop.post("/v1/auth/refresh", {"refresh_token": person.refresh_token}), 401,
                "invalid_refresh_token")
        again = sign_in(shop, one.proof(sub="revoker"))
        assert again.id == person.id
        person = again
    assert other.get("/v1/me").status_code == 200


@pytest.mark.req("OID-5")
@pytest.mark.parametrize("kind", ["account-delete", "account-deleted"])
def test_without_the_user_the_way_in_goes(shop, one, two, kind, world):
    address = client.unique_email()
    person = sign_in(shop, one.proof(sub=kind, email=address, email_verified="true"))
    assert person.post("/v1/me/identities", two.proof(sub=kind)).status_code == 201
    done = tell(shop, one, one.notice(kind, kind=kind))
    assert (done.status_code, done.json()) == (200, {"event": "account_deleted"})
    problem(person.get("/v1/me"), 401, "unauthorized")
    again = sign_in(shop, two.proof(sub=kind))
    assert again.id == person.id
    left = again.get("/v1/me/identities").json()["data"]
    assert [i["provider"] for i in left] == ["two"]
    rows = world.admin().rows("SELECT action FROM audit_log WHERE action LIKE 'identity.%' AND"
                              f" object_id = UNHEX('{person.id.replace('-', '')}') ORDER BY id")
    assert [r["action"] for r in rows] == [
        "identity.add", "identity.add", "identity.account_deleted"]
    assert sign_in(shop, one.proof(sub=kind)).id != person.id


@pytest.mark.req("OID-5")
def test_a_notice_counts_once(shop, one):
    notice = one.notice("repeated")
    sign_in(shop, one.proof(sub="repeated"))
    assert tell(shop, one, notice).status_code == 200
    person = sign_in(shop, one.proof(sub="repeated"))
    assert tell(shop, one, notice).status_code == 200
    assert person.get("/v1/me").status_code == 200


@pytest.mark.req("OID-5")
def test_other_notices_change_nothing(shop, one):
    person = sign_in(shop, one.proof(sub="relayed"))
    for notice in (one.notice("relayed", kind="email-disabled"), one.notice("relayed", kind="new"),
                   one.notice("nobody-knows")):
        assert tell(shop, one, notice).status_code == 200
    as_object = {"type": "email-enabled", "sub": "relayed"}
    assert tell(shop, one, one.notice("relayed", events=as_object)).json() == {"event": "other"}
    assert person.get("/v1/me").status_code == 200


@pytest.mark.req("OID-5")
def test_notices_that_do_not_count(shop, one, two):
    person = sign_in(shop, one.proof(sub="framed"))
    now = int(time.time())
    own = person.token
    bad = [
        one.notice("framed", key=new_key("RSA", kid=one.keys[0]["kid"])),
        one.notice("framed", key=new_key("EC")),
        two.notice("framed"),
        one.notice("framed", iss=two.issuer),
        one.notice("framed", aud="another-shop"),
        one.notice("framed", iat=now - 604900),
        one.notice("framed", iat=now + 600),
        one.notice("framed", iat=...),
        one.notice("framed", exp=now - 600),
        one.notice("framed", jti=...),
        one.notice("framed", events=...),
        one.notice("framed", events="{"),
        one.notice("framed", events=[]),
        one.notice("framed", events=json.dumps({"sub": "framed"})),
        one.notice("framed", events=json.dumps({"type": "consent-revoked"})),
        one.notice(""),
        {"payload": one.proof(sub="framed")["id_token"]},
        {"payload": own},
        {"payload": "x"},
    ]
    for notice in bad:
        problem(tell(shop, one, notice), 401, "invalid_credentials")
    problem(shop.post(f"{PATH}/unknown/notices", one.notice("framed")), 404, "not_found")
    problem(tell(shop, one, {}), 422, "validation_failed")
    assert person.get("/v1/me").status_code == 200
    refused(shop, {"provider": "one", "nonce": "a-long-nonce",
                   "id_token": one.notice("framed", sub="framed")["payload"]})


@pytest.mark.req("OID-5")
def test_a_notice_at_once_counts_once(shop, one, world):
    person = sign_in(shop, one.proof(sub="echoed"))
    notice = one.notice("echoed")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        done = [a.status_code for a in pool.map(lambda _: tell(shop, one, notice), range(16))]
    assert set(done) == {200}
    rows = world.admin().rows("SELECT action FROM audit_log WHERE action = 'identity.consent_revoked'"
                              f" AND object_id = UNHEX('{person.id.replace('-', '')}')")
    assert len(rows) == 1


# ---- the file of providers


def test_check_reads_the_file(world, place):
    assert world.stack.merx("check").returncode == 0
    bad = world.place / "bad.conf"
    bad.write_text(
        "issuer = https://x.test\n[Upper]\n[a]\nissuer = http://x.test\njwks_uri = x\n"
        "client_ids =\nwhat = 1\n[a]\nemail = maybe\nca_file = relative\nrefetch_s = 0\n[google]\n")
    done = world.stack.merx("check", check=False, oidc_providers=bad)
    assert done.returncode == 2
    for part in ("line 1: expected [provider]", "line 2: a name is", "line 4: issuer must be an https",
                 "line 5: jwks_uri must", "line 6: client_ids must", "line 7: unknown member",
                 "line 8: a is listed twice", "line 9: email must be", "line 10: ca_file must",
                 "line 11: refetch_s must", "google needs issuer, jwks_uri and client_ids"):
        assert part in done.stderr, (part, done.stderr)
    missing = world.stack.merx("check", check=False, oidc_providers="/nonexistent")
    assert missing.returncode == 2 and "/nonexistent" in missing.stderr
    bad.write_text("[google]\nclient_ids = x\nca_file = /nonexistent.pem\n")
    missing = world.stack.merx("check", check=False, oidc_providers=bad)
    assert missing.returncode == 2 and "/nonexistent.pem" in missing.stderr
    assert world.stack.merx("check", oidc_providers=client.ROOT / "deploy/oidc.conf").returncode == 0
