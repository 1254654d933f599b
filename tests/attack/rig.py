"""The store that is attacked."""
import contextlib

import client

BUILD = client.ROOT / "build" / "attack"
# One client address plays a crowd.
WIDE = client.limits(100_000, "credential_per_ip", "guest_per_ip", "guess_per_ip", "login_global", "login_per_account",
                     "login_per_account_ip", "mail_global", "token_per_ip") | {"rate_mail_per_ip_hour": 100_000}


@contextlib.contextmanager
def store(name, **settings):
    """A stack of its own with wide limits, and a client for it."""
    stack = client.Stack(BUILD / name, **(WIDE | settings))
    try:
        yield client.Api(stack.start())
    finally:
        stack.stop()
