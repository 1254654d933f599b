"""Requests on a raw FastCGI connection whose lengths or records are lies; no worker may die of one, or
answer it."""
import struct

from fcgi_client import BEGIN, PARAMS, STDIN, begin, pairs, params, record, request, stream


def long_pair(name, value):
    """The lengths of a parameter, four bytes each, and nothing behind them."""
    return struct.pack(">II", name | 0x80000000, value | 0x80000000)


def get_values(content):
    """A management record, which belongs to no request."""
    return record(9, content, request_id=0)


OVERFLOW = bytes.fromhex("fffffffe80000000")
SOUND = stream(PARAMS, pairs(params(method="POST", body=b"x" * 10)))
LIES = {
    "lengths that overflow": begin() + stream(PARAMS, OVERFLOW),
    "a name of 2 GiB": begin() + stream(PARAMS, long_pair(2**31 - 2, 0)),
    "a value of 2 GiB": begin() + stream(PARAMS, long_pair(0, 2**31 - 2)),
    "both": begin() + stream(PARAMS, long_pair(2**31 - 1, 2**31 - 1)),
    "both 1 GiB": begin() + stream(PARAMS, long_pair(2**30, 2**30)),
    "one byte more than there is": begin() + stream(PARAMS, b"\1\2ab"),
    "lengths in two records": begin() + record(PARAMS, OVERFLOW[:3])
    + stream(PARAMS, OVERFLOW[3:]),
    "behind sound ones": begin()
    + stream(PARAMS, pairs(params()) + OVERFLOW) + record(STDIN),
    "a management record first": get_values(OVERFLOW) + request(),
    "a management record after the begin": begin() + get_values(OVERFLOW) + SOUND,
    "a management record among parameters": begin()
    + record(PARAMS, pairs({"A": "b"})) + get_values(OVERFLOW) + SOUND,
    "a management record in the body": begin() + SOUND + get_values(OVERFLOW),
    "a sound management record": get_values(pairs({"FCGI_MAX_CONNS": ""})),
    "an unknown management record": record(77, b"", request_id=0),
    "a second begin": begin() + begin(request_id=2) + SOUND,
    "parameters of another request": begin() + stream(PARAMS, b"", request_id=2),
    "a body of another request": begin() + SOUND
    + stream(STDIN, b"x" * 10, request_id=2),
    "another version": b"\2" + request()[1:],
    "a begin of 9 bytes": record(BEGIN, b"\0\1" + bytes(7)) + SOUND,
    "padding of the begin": b"\1\1\0\1\0\x08\x13\0" + b"\0\1" + bytes(6)
    + record(PARAMS, b"\0\0" + OVERFLOW[:4] + b"v\0\0\0\0") + stream(PARAMS, b""),
    "a filter": begin(role=3) + SOUND,
}
