"""Codes in mail: strangers who know nothing but an address try to take a sign-up over, to use its
owner's mail up and to keep the owner out of a reset."""
import client
import rig

STRANGER = {"password": "a-stranger's-Passw0rt", "name": "A Stranger"}
OWNER = {"password": client.PASSWORD, "name": "Ada Lovelace"}


def asked(api, path, email, **more):
    answer = api.post(f"/v1/auth/{path}", {"email": email} | more)
    assert answer.status_code == 202, answer.text
    return answer.json()["handle"]


def sign_ups(api, strangers, mailbox):
    """Strangers sign up with an address before and after its owner, until they get no mail."""
    email = client.unique_email()
    before = asked(strangers[0], "register", email, **STRANGER)
    mailbox.wait(email)
    mine = asked(api, "register", email, **OWNER)
    code = mailbox.code(email, 2)
    theirs = [before] + [asked(s, "register", email, **STRANGER) for s in strangers for _ in range(6)]
    mailbox.wait(email, 6)
    codes = {mailbox.code_of(m) for m in mailbox.all(email)} - {code}
    opened = [api.verify(email, c, mine).status_code for c in list(codes)[:4]]
    yield "a stranger's code does not fit the owner's handle", set(opened) == {422}
    opened = [strangers[0].verify(email, code, h).status_code for h in theirs]
    yield "the owner's code does not fit a stranger's handle", set(opened) == {422}
    done = api.verify(email, code, mine)
    yield "the owner's code works after all that", (
        done.status_code == 200 and done.json()["user"]["name"] == OWNER["name"])
    signed = [api.post("/v1/auth/login", {"email": email, "password": p["password"]}).status_code
              for p in (OWNER, STRANGER)]
    yield "the account has the owner's password and no other", signed == [200, 401]


def mail(api, strangers, mailbox):
    email = client.unique_email()
    for stranger in strangers:
        for n in range(20):
            path, more = ("password/forgot", {}) if n % 2 else ("register", STRANGER)
            asked(stranger, path, email, **more)
    client.until(lambda: not api.stack.db().rows("SELECT 1 FROM mail WHERE state = 0"), what="all mail")
    sent = len(mailbox.all(email))
    yield f"{20 * len(strangers)} requests of {len(strangers)} strangers: {sent} mails", sent <= 20
    mine = asked(api, "register", email, **OWNER)
    done = api.verify(email, mailbox.code(email, sent + 1), mine)
    yield "the owner's mail comes still, and its code works", done.status_code == 200


def resets(api, strangers, mailbox):
    owner = api.customer()
    theirs = [asked(s, "password/forgot", owner.email) for s in strangers]
    mailbox.wait(owner.email, 1 + len(strangers))
    mine = asked(api, "password/forgot", owner.email)
    sent = {"email": owner.email, "code": mailbox.code(owner.email, 2 + len(strangers)),
            "password": "another-Horse-battery-8"}
    guessed = [strangers[n % len(strangers)].post(
        "/v1/auth/password/reset",
        sent | {"code": "00000-00000", "handle": theirs[n % len(strangers)] if n % 2 else client.NO_HANDLE}
    ).status_code for n in range(60)]
    yield f"60 wrong codes: {sorted(set(guessed))}", set(guessed) <= {422, 429}
    taken = [s.post("/v1/auth/password/reset", sent | {"handle": h}).status_code
             for s, h in zip(strangers, theirs)]
    yield "the right code does not fit a stranger's handle", set(taken) <= {422, 429}
    done = api.post("/v1/auth/password/reset", sent | {"handle": mine})
    yield f"the owner resets still: {done.status_code}", done.status_code == 204


def codes():
    with rig.store("codes") as api:
        strangers = [api.elsewhere(2 + n) for n in range(3)]
        for attack in (sign_ups, mail, resets):
            yield from attack(api, strangers, api.stack.mailbox())
