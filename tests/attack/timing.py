"""ENU-1, ENU-2, REG-1: what the time of an answer tells."""
import os
import random
import statistics
import time

import client
import rig

SAMPLES = int(os.environ.get("ATTACK_SAMPLES", "300"))
SHARE = 0.05


def spent(call):
    began = time.perf_counter()
    answer = call()
    return time.perf_counter() - began, answer


def compare(name, classes, status, hash_s):
    """Interleaved samples of each class (a function that makes one request each), in another order each
    time, so that no class always follows the same one; its verdict."""
    times = {label: [] for label in classes}
    for _ in range(SAMPLES):
        for label, make in random.sample(list(classes.items()), len(classes)):
            call = make()
            seconds, answer = spent(call)
            assert answer.status_code == status, f"{label}: {answer.status_code} {answer.text}"
            times[label].append(seconds)
    medians = {label: statistics.median(t) for label, t in times.items()}
    apart = max(medians.values()) - min(medians.values())
    told = ", ".join(f"{label} {1000 * m:.2f}" for label, m in medians.items())
    line = f"{name}: medians ms {told}; apart {100 * apart / hash_s:.1f} % of a hash"
    return f"{line} ({SAMPLES} samples each)", apart < SHARE * hash_s


def post(api, path, **body):
    return lambda: lambda: api.post(path, {name: v() if callable(v) else v for name, v in body.items()})


def hash_time(api, email):
    """Time of a sign-in beyond a request that hashes nothing."""
    def median(call):
        return statistics.median(spent(call)[0] for _ in range(50))
    wrong = {"email": email, "password": "wrong password"}
    return median(lambda: api.post("/v1/auth/login", wrong)) - median(lambda: api.get("/v1/healthz"))


def closed_account(api):
    account = api.customer()
    hexed = account.id.replace("-", "")
    api.stack.admin().run(f"UPDATE account SET status = 1 WHERE id = UNHEX('{hexed}')")
    return account.email


def spent_address(api, n):
    """A known address whose share of mail is used up by n requests."""
    email = api.customer().email
    for _ in range(n):
        assert api.post("/v1/auth/password/forgot", {"email": email}).status_code == 202
    return email


def enumeration():
    share = 2 * SAMPLES + 10
    shares = {f"rate_mail_per_{whom}": share
              for whom in ("address_hour", "address_day", "address_ip_hour", "address_ip_day")}
    with rig.store("timing", slow_workers=1, **shares) as api:
        known = api.customer().email
        limited = spent_address(api, share)
        closed = closed_account(api)
        hash_s = hash_time(api, known)
        yield f"a hash takes {1000 * hash_s:.1f} ms", hash_s > 0.005
        wrong = {"password": "wrong password"}
        yield compare("sign-in", {
            "wrong password": post(api, "/v1/auth/login", email=known, **wrong),
            "unknown address": post(api, "/v1/auth/login", email=client.unique_email, **wrong),
            "closed account": post(api, "/v1/auth/login", email=closed, **wrong),
        }, 401, hash_s)
        person = {"password": client.PASSWORD, "name": "Ada"}
        yield compare("sign-up", {
            "taken address": post(api, "/v1/auth/register", email=known, **person),
            "new address": post(api, "/v1/auth/register", email=client.unique_email, **person),
            "limited address": post(api, "/v1/auth/register", email=limited, **person),
        }, 202, hash_s)
        yield compare("forgotten password", {
            "known address": post(api, "/v1/auth/password/forgot", email=known),
            "unknown address": post(api, "/v1/auth/password/forgot", email=client.unique_email),
            "limited address": post(api, "/v1/auth/password/forgot", email=limited),
        }, 202, hash_s)
