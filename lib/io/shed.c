/* Overload is a window in which the worker had hardly a pause and each request had waited for
 * longer than a person notices: a few clients more than workers, who come again as they are served,
 * only keep it busy. It ends when the worker has had time to spare for a while. Waiting is counted
 * from the stamp of nginx on, by our clock, so that the listen queue and kept connections count
 * alike. */
#include "io/shed.h"

#define MS INT64_C(1000000)
#define WINDOW_NS (100 * MS)
#define CALM_NS (500 * MS)
#define BUSY 80    /* per cent of a window: hardly a pause */
#define RELAXED 60 /* time to spare, also for those who are refused meanwhile */
#define FEW 4      /* nor is more than one of so many refused, as when they all come at once */
#define STANDING_NS (50 * MS) /* a queue is no overload while one request waits for less */
#define LIMIT_LEAST_NS (5 * MS)
#define MEMORY 8 /* requests that `took_ns` remembers */

/* The longest wait in overload: half of what a request takes, so that those who are served are so
 * within twice the usual time. */
static int64_t limit(const struct mx_shed *s)
{
    return s->took_ns / 2 > LIMIT_LEAST_NS ? s->took_ns / 2 : LIMIT_LEAST_NS;
}

static void judge(struct mx_shed *s, int64_t length_ns)
{
    int64_t busy = 100 * s->busy_ns / length_ns;
    int64_t standing_ns = limit(s) > STANDING_NS ? limit(s) : STANDING_NS;
    bool few = length_ns >= CALM_NS || FEW * s->refused < s->n;

    s->calm_ns = busy < RELAXED && few ? s->calm_ns + length_ns : 0;
    if (s->n > 1 && busy >= BUSY && s->least_wait_ns > standing_ns)
        s->on = true;
    else if (s->calm_ns >= CALM_NS)
        s->on = false;
}

bool mx_shed_refuses(struct mx_shed *s, int64_t now_ns, int64_t waited_ns, bool others)
{
    int64_t length_ns = now_ns - s->since_ns;
    bool refused;

    if (s->n > 0 && length_ns >= (s->n > 1 ? WINDOW_NS : CALM_NS)) {
        judge(s, length_ns);
        s->n = 0;
    }
    if (s->n == 0) {
        s->since_ns = now_ns;
        s->busy_ns = 0;
        s->refused = 0;
        s->least_wait_ns = waited_ns;
    }
    s->n++;
    if (waited_ns < s->least_wait_ns)
        s->least_wait_ns = waited_ns;
    refused = (s->on || others) && waited_ns > limit(s);
    s->refused += refused;
    return refused;
}

void mx_shed_done(struct mx_shed *s, int64_t took_ns, bool usual)
{
    s->busy_ns += took_ns;
    if (usual)
        s->took_ns += (took_ns - s->took_ns) / MEMORY;
}
