"""Somebody who leaves all traces that one can leave, to be found again: exported or erased."""
import itertools
import uuid

import client
import sealed
from authenticator import Authenticator
from client import PASSWORD, unique_email, unique_key
from shop import make_product, variant_ids
from personal import bare, mark, whole_address

DEVICE = "Mozilla/5.0 (Private Phone {})"
HOSTS = itertools.count(128)  # nobody else's: their addresses stay readable


def leave(person, password=PASSWORD, **more):
    sent = ({"password": password} if password else {}) | more
    return person.delete("/v1/me", sent or None)


def ship(stack, *people):
    """Their orders are on their way, so that they may leave."""
    among = ", ".join(f"x'{bare(p.id)}'" for p in people)
    stack.admin().rows(f"UPDATE orders SET fulfilment_status = 2 WHERE account_id IN ({among})")


def values(address):
    return [v for k, v in address.items() if k != "country"]


class Life:
    """All traces that somebody can leave, and the words that tell of them."""

    def __init__(self, api, staff):
        host = next(HOSTS)
        self.began = api.stack.db().value("SELECT UTC_TIMESTAMP(3) AS now")
        self.api = api = api.elsewhere(host)
        self.staff = staff
        self.origin = f"https://localhost:{api.stack.port}"
        self.product = make_product(staff, stock=1000)
        self.variant = variant_ids(self.product)[0]
        self.device = DEVICE.format(uuid.uuid4().hex[:8])
        self.words = [self.device, f"127.0.0.{host}"]
        self.guest = api.guest()
        self.live_as_guest()
        self.name = mark("Person")
        self.person = api.sign_up(name=self.name)
        self.words += [self.name, self.person.email]
        self.person = self.sign_in()
        self.orders = [self.order(), self.order(email=True), self.order(pay="tok_declined")]
        self.fill_profile()
        self.add_keys()

    def sign_in(self):
        sent = {"email": self.person.email, "password": PASSWORD}
        answer = self.api.post("/v1/auth/login", sent, token=self.guest.token, key=unique_key(),
                               headers={"User-Agent": self.device})
        return client.Person(self.api, answer, self.person.email, PASSWORD)

    def live_as_guest(self):
        """An order and an address before signing in."""
        address = whole_address()
        self.words += values(address)
        self.guest.fill_cart(self.variant)
        self.guest.put("/v1/cart/shipping-address", address)
        note = mark("Ring the bell of")
        self.words.append(note)
        self.guest_order = self.guest.checkout(note=note).json()
        self.guest.post("/v1/cart/items", {"variant_id": self.variant, "quantity": 1})

    def order(self, email=False, pay="tok_ok"):
        address, note = whole_address(), mark("Leave it with")
        self.words += values(address) + [note]
        more = {"note": note}
        if email:
            more["email"] = unique_email()
            self.words.append(more["email"])
        self.person.fill_cart(self.variant, 2)
        self.person.put("/v1/cart/shipping-address", address)
        placed = self.person.checkout(pay, **more)
        assert placed.status_code in (201, 402), placed.text
        return placed.json()

    def fill_profile(self):
        phone, address, in_cart = f"+49 {uuid.uuid4().int % 10**15:015d}", whole_address(), whole_address()
        self.words += [phone] + values(address) + values(in_cart)
        assert self.person.patch("/v1/me", {"phone": phone, "locale": "de"}).status_code == 200
        kept, shown = {"life": mark("Regular")}, {"life": mark("Badge of")}
        self.words += [kept["life"], shown["life"]]
        assert self.person.patch("/v1/me", {"public_metadata": shown}).status_code == 200
        noted = self.staff.patch(f"/v1/admin/customers/{self.person.id}", {"metadata": kept})
        assert noted.status_code == 200, noted.text
        made = self.person.post("/v1/me/addresses", address, key=unique_key())
        assert made.status_code == 201
        self.person.put(f"/v1/me/addresses/{made.json()['id']}", address | {"city": "Potsdam"})
        self.person.post("/v1/cart/items", {"variant_id": self.variant, "quantity": 1})
        assert self.person.put("/v1/cart/shipping-address", in_cart).status_code == 200
        words = {"email": unique_email(), "note": mark("For"), "metadata": {"life": mark("Gift for")}}
        assert self.person.patch("/v1/cart", words).status_code == 200
        self.words += [words["email"], words["note"], words["metadata"]["life"]]
        # Somebody signs up with the address once more, and the mail of it cannot be sent.
        again = {"email": self.person.email, "password": PASSWORD, "name": mark("Twin")}
        assert self.api.post("/v1/auth/register", again).status_code == 202
        sealed.queue_mail(self.api.stack, self.person.email, "verify_code", {"code": "123456"},
                          next_at="UTC_TIMESTAMP(3) + INTERVAL 1 DAY")

    def add_keys(self):
        """A passkey, and an identity at a provider."""
        name, subject = mark("Passkey"), mark("subject")
        self.words += [name, subject]
        options = self.person.post("/v1/me/passkeys/options").json()
        made = {"name": name, "credential": Authenticator(self.origin).make(options)}
        assert self.person.post("/v1/me/passkeys", made).status_code == 201
        self.api.stack.admin().rows(
            "INSERT INTO identity (id, account_id, provider, issuer, subject, created_at, used_at)"
            f" VALUES (RANDOM_BYTES(16), x'{bare(self.person.id)}', 'some', 'https://id.example',"
            f" '{subject}', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))")
