"""The store that is attacked."""
import contextlib

import client

BUILD = client.ROOT / "build" / "attack"
# One address plays a crowd.
WIDE = {f"rate_{which}_{how}": 100_000 for which in ("password", "guess", "global", "login", "account", "address")
        for how in ("burst", "per_min")}


@contextlib.contextmanager
def store(name, **settings):
    """A stack of its own with wide limits, and a client for it."""
    stack = client.Stack(BUILD / name, **(WIDE | settings))
    try:
        yield client.Api(stack.start())
    finally:
        stack.stop()
