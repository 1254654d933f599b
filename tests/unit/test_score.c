#include "io/score.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

static void test_life(void)
{
    struct mx_score *s = mx_score_new(3);
    struct mx_slot_view v = mx_score_read(s, 1);

    tap_int(v.state, MX_W_EMPTY, "a new slot is empty");
    mx_score_assign(s, 1, 77, 4, MX_POOL_SLOW);
    v = mx_score_read(s, 1);
    tap_ok(v.pid == 77 && v.generation == 4 && v.pool == MX_POOL_SLOW, "assigned");
    tap_int(v.state, MX_W_STARTING, "and starting");
    tap_ok(v.started_ns > 0, "with a birth");
    mx_score_state(s, 1, MX_W_READY);
    mx_score_begin(s, 1, 1000);
    v = mx_score_read(s, 1);
    tap_ok(v.state == MX_W_BUSY && v.request_ns == 1000, "busy since");
    tap_str(mx_str_c(v.route), "(reading)", "no route yet");
    mx_score_route(s, 1, "cart.get", MX_S("r-1"));
    v = mx_score_read(s, 1);
    tap_str(mx_str_c(v.route), "cart.get", "route");
    tap_str(mx_str_c(v.request_id), "r-1", "request id");
    mx_score_end(s, 1, 3500, 404, 2, 99);
    v = mx_score_read(s, 1);
    tap_ok(v.state == MX_W_READY && v.request_ns == 0, "idle again");
    tap_int(v.alive_ns, 3500, "the end of a request is a sign of life");
    mx_score_alive(s, 1, 4000);
    tap_int(mx_score_read(s, 1).alive_ns, 4000, "so is an idle turn");
    tap_ok(v.requests == 1 && v.errors_4xx == 1 && v.errors_5xx == 0, "counted");
    tap_ok(v.busy_ns == 2500 && v.trips == 2 && v.bytes == 99, "measured");
    tap_int(mx_score_read(s, 0).state, MX_W_EMPTY, "the neighbours are untouched");
    tap_int(mx_score_read(s, 2).state, MX_W_EMPTY, "on both sides");
}

static void test_respawn(void)
{
    struct mx_score *s = mx_score_new(1);
    struct mx_slot_view v;

    mx_score_assign(s, 0, 5, 1, MX_POOL_FAST);
    mx_score_begin(s, 0, 10);
    mx_score_end(s, 0, 20, 503, 1, 7);
    mx_score_begin(s, 0, 30);
    mx_score_end(s, 0, 40, 0, 0, 0);
    mx_score_connections(s, 0, 9, 77);
    mx_score_begin(s, 0, 50);
    mx_score_clear(s, 0);
    v = mx_score_read(s, 0);
    tap_ok(v.state == MX_W_EMPTY && v.pid == 0 && v.request_ns == 0, "cleared after death");
    tap_int(v.connections, 0, "its connections are gone");
    mx_score_assign(s, 0, 6, 2, MX_POOL_FAST);
    v = mx_score_read(s, 0);
    tap_ok(v.requests == 1 && v.errors_5xx == 1 && v.bytes == 7, "counters outlive the worker");
}

static void test_long_texts(void)
{
    struct mx_score *s = mx_score_new(1);
    struct mx_slot_view v;
    char text[200];

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    mx_score_route(s, 0, text, (struct mx_str){text, 150});
    v = mx_score_read(s, 0);
    tap_int((int64_t)strlen(v.route), (int64_t)sizeof v.route - 1, "a long route is cut");
    tap_int((int64_t)strlen(v.request_id), (int64_t)sizeof v.request_id - 1, "and a long id");
}

/* A writer in another process changes all fields of a slot together; no copy mixes two of its
 * states. Then it is killed at any point, and the slot is mended. */
static void test_torn(void)
{
    struct mx_score *s = mx_score_new(1);
    bool same = true;
    pid_t pid = fork();

    if (pid == 0)
        for (int64_t n = 1;; n++)
            mx_score_end(s, 0, n, 200, 1, 1);
    for (int i = 0; i < 200000; i++) {
        struct mx_slot_view v = mx_score_read(s, 0);

        same &= v.torn || (v.requests == v.trips && v.requests == v.bytes);
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    tap_ok(same, "no copy is torn");
    mx_score_clear(s, 0);
    tap_ok(!mx_score_read(s, 0).torn, "a writer killed in the middle is mended");
}

int main(void)
{
    test_life();
    test_respawn();
    test_long_texts();
    test_torn();
    return tap_done();
}
