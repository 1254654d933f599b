/* Utilisation is the measure: by Little's law the time spent on requests in a second is the mean
 * number of workers that are busy, and waiting grows without bound as that nears their number.
 * Waiting and the listen queue tell of saturation that it does not show, as when all workers wait
 * for a lock that one request holds. */
#include "io/scaling.h"

#define MS INT64_C(1000000)
#define SAMPLE_NS (90 * MS)
#define WINDOW_NS (270 * MS)
#define SATURATED 85        /* per cent of the workers' time */
#define WAITED_NS (20 * MS) /* mean waiting that tells of saturation where workers are busy */
#define HALF_BUSY 50
#define TARGET 60    /* per cent of their time that workers should be busy */
#define NEXT_STEP 10 /* the second worker goes after a tenth of the quiet time */

static void add(struct mx_scaling *s, const struct mx_load *load)
{
    if (s->n == MX_SCALING_SAMPLES) {
        memmove(s->at, s->at + 1, sizeof s->at - sizeof s->at[0]);
        s->n--;
    }
    s->at[s->n++] = *load;
}

/* The newest sample that is at least a window older than the last; NULL there is none. */
static const struct mx_load *before(const struct mx_scaling *s)
{
    for (int i = s->n - 2; i >= 0; i--)
        if (s->at[s->n - 1].now_ns - s->at[i].now_ns >= WINDOW_NS)
            return &s->at[i];
    return NULL;
}

/* Busy workers since `old` in hundredths, rounded up. */
static int64_t used(const struct mx_load *old, const struct mx_load *now)
{
    int64_t time_ns = now->now_ns - old->now_ns, busy_ns = now->busy_ns - old->busy_ns;

    return busy_ns > 0 ? (100 * (busy_ns / 1000) + time_ns / 1000 - 1) / (time_ns / 1000) : 0;
}

int mx_scaling_used(const struct mx_scaling *s)
{
    const struct mx_load *old = before(s);

    return old ? (int)used(old, &s->at[s->n - 1]) : 0;
}

static bool saturated(const struct mx_scaling *s, const struct mx_load *old)
{
    const struct mx_load *now = &s->at[s->n - 1];
    int64_t busy = used(old, now), all = (int64_t)now->ready;
    uint64_t taken = now->taken - old->taken;
    bool waits = taken > 0 && now->waited_ns - old->waited_ns > (int64_t)taken * WAITED_NS;

    if (now->queued > 0 && s->at[s->n - 2].queued > 0)
        return true;
    return busy >= SATURATED * all || (waits && busy >= HALF_BUSY * all);
}

/* Workers that what came since `old` needs. */
static int64_t needed(const struct mx_load *old, const struct mx_load *now)
{
    int64_t n = (used(old, now) + TARGET - 1) / TARGET;

    return n == 0 && (now->taken > old->taken || now->queued > 0) ? 1 : n;
}

static int64_t clamp(int64_t n, struct mx_range range)
{
    n = n < range.min ? range.min : n;
    return n > range.max ? range.max : n;
}

/* One fewer, when fewer have done for long enough. */
static int64_t less(struct mx_scaling *s, int64_t want, int64_t need, int64_t now_ns,
                    int64_t quiet_ns)
{
    if (need >= want) {
        s->enough_ns = 0;
        return want;
    }
    if (s->enough_ns == 0)
        s->enough_ns = now_ns;
    if (now_ns - s->enough_ns < quiet_ns)
        return want;
    s->enough_ns = now_ns - quiet_ns + quiet_ns / NEXT_STEP;
    return want - 1;
}

int mx_scaling_want(struct mx_scaling *s, struct mx_range range, int want,
                    const struct mx_load *load, int64_t quiet_ns)
{
    const struct mx_load *old;
    int64_t next = want;

    if (s->n > 0 && load->now_ns - s->at[s->n - 1].now_ns < SAMPLE_NS)
        return (int)clamp(want, range);
    add(s, load);
    old = before(s);
    if (want == 0 && load->queued > 0) {
        next = 1;
    } else if (old && load->ready >= want && want > 0 && saturated(s, old)) {
        next = 2 * (int64_t)want;
    } else if (old) {
        next = less(s, want, needed(old, load), load->now_ns, quiet_ns);
    }
    next = clamp(next, range);
    if (next > want) { /* measure anew, with the workers that come */
        s->n = 0;
        s->enough_ns = 0;
    }
    return (int)next;
}
