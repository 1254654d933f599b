"""The store that is attacked."""
import contextlib

import client

BUILD = client.ROOT / "build" / "attack"
# One client address plays a crowd.
WIDE = client.limits(100_000, "credential_per_ip", "guess_per_ip", "login_global", "login_per_account",
                     "login_per_account_ip", "mail_global", "token_per_ip") | {
    f"rate_mail_per_{whom}": 100_000
    for whom in ("ip_hour", "address_hour", "address_day", "address_ip_hour", "address_ip_day")}


@contextlib.contextmanager
def store(name, **settings):
    """A stack of its own with wide limits, and a client for it."""
    stack = client.Stack(BUILD / name, **(WIDE | settings))
    try:
        yield client.Api(stack.start())
    finally:
        stack.stop()
