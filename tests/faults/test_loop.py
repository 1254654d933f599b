"""A worker that computes for ever: its request ends at the deadline, it leaves its stack, and others are
served."""
import subprocess
import threading

from client import Api, unique_key, until
from load import serve, status, workers
from shop import make_product, variant_ids

LOOP = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>
void *cJSON_ParseWithLengthOpts(const char *s, size_t n, const char **end, int whole)
{
    volatile int computing = memmem(s, n, "for ever", 8) != NULL;
    void *(*parse)(const char *, size_t, const char **, int);

    while (computing)
        ;
    *(void **)&parse = dlsym(RTLD_NEXT, "cJSON_ParseWithLengthOpts");
    return parse(s, n, end, whole);
}
"""


def test_a_worker_computes_for_ever(new_stack, tmp_path):
    library = tmp_path / "loop.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-o", library, "-"], input=LOOP, text=True, check=True)
    stack = new_stack("loop", workers=2, slow_workers=1, request_timeout_ms=3500, db_statement_timeout_ms=3000,
                      queue_age_max_ms=3000)
    serve(stack, {"LD_PRELOAD": str(library)})
    api, key, answers = Api(stack), unique_key(), []
    line = {"variant_id": variant_ids(make_product(api.staff(), stock=1000))[0], "quantity": 1}
    guest, other = api.guest(), api.guest().clone()
    looping = threading.Thread(target=lambda: answers.append(
        guest.post("/v1/cart/items", line | {"metadata": {"note": "for ever"}}, key=key)))
    looping.start()
    (stuck,) = until(lambda: workers(stack, state="busy"), what="it computes")
    until(lambda: other.post("/v1/cart/items", line).status_code in (200, 201) and answers, what="its deadline")
    looping.join()
    assert answers[0].status_code == 503 and int(answers[0].headers["Retry-After"]) >= 1, answers[0].text
    (killed,) = [x for x in stack.log().splitlines() if "passed its deadline, worker killed" in x]
    (died,) = until(lambda: [x for x in stack.log().splitlines() if "worker died" in x], what="its end")
    assert f"worker={stuck['pid']}" in killed and f"worker={stuck['pid']}" in died
    assert "signal=6" in died and "loop.so" in died, died
    until(lambda: len(workers(stack, state="ready")) == 2, what="it was replaced")
    assert (status(stack)["died"], status(stack)["killed"]) == (0, 1)
    assert guest.post("/v1/cart/items", line, key=unique_key()).status_code == 201
    assert guest.get("/v1/cart").json()["items"][0]["quantity"] == 1
