#include "io/score.h"

#include <stdatomic.h>

#include "base/clock.h"
#include "io/region.h"
#include "io/seqlock.h"

#define CACHE_LINE 64
#define READ_TRIES 1000
#define ROUTE_SIZE sizeof(((struct mx_slot_view *)0)->route)
#define ID_SIZE sizeof(((struct mx_slot_view *)0)->request_id)

struct slot {
    _Alignas(CACHE_LINE) mx_guard guard;
    _Atomic uint32_t connections;
    atomic_int pid, generation, pool, state;
    atomic_bool outgrown;
    _Atomic int64_t started_ns, request_ns, alive_ns, oldest_ns, pss;
    mx_word requests, errors_4xx, errors_5xx, trips, busy_ns, bytes, taken, waited_ns;
    mx_word route[MX_WORDS(ROUTE_SIZE)];
    mx_word request_id[MX_WORDS(ID_SIZE)];
    _Alignas(CACHE_LINE) struct mx_db_board board;
    struct mx_stack stack;
};

enum refusal { REFUSAL_NONE, REFUSAL_BEGUN, REFUSAL_LEFT };

struct mx_score {
    int n;
    atomic_bool others[MX_POOLS_MAX];
    atomic_int refusal; /* enum refusal */
    mx_word why[MX_WORDS(MX_REFUSAL_MAX)];
    _Atomic int64_t drains_ns[MX_POOLS_MAX], overload_ns[MX_POOLS_MAX];
    struct slot at[];
};

#define GET(field) atomic_load_explicit(&(field), memory_order_relaxed)
#define SET(field, value) atomic_store_explicit(&(field), (value), memory_order_relaxed)
#define ADD(field, value) SET(field, GET(field) + (value))

struct mx_score *mx_score_new(int slots)
{
    size_t size = sizeof(struct mx_score) + (size_t)slots * sizeof(struct slot);
    struct mx_score *s = mx_region_map(NULL, size);

    s->n = slots;
    for (int i = 0; i < slots; i++) {
        mx_write_begin_alone(&s->at[i].guard);
        mx_write_end(&s->at[i].guard);
    }
    return s;
}

static struct slot *write_begin(struct mx_score *s, int i)
{
    struct slot *sl;

    MX_ASSERT(i >= 0 && i < s->n);
    sl = &s->at[i];
    mx_write_begin_alone(&sl->guard);
    return sl;
}

static void put_text(mx_word *dst, size_t size, struct mx_str s)
{
    char text[CACHE_LINE * 2] = {0};

    MX_ASSERT(size <= sizeof text);
    if (s.n > 0)
        memcpy(text, s.p, s.n < size ? s.n : size - 1);
    mx_words_put(dst, text, size);
}

void mx_score_assign(struct mx_score *s, int i, int pid, int generation, int pool)
{
    struct slot *sl = write_begin(s, i);

    SET(sl->pid, pid);
    SET(sl->generation, generation);
    SET(sl->pool, pool);
    SET(sl->state, MX_W_STARTING);
    SET(sl->outgrown, false);
    mx_board_reset(&sl->board);
    SET(sl->stack.n, 0);
    SET(sl->started_ns, mx_mono_ns());
    SET(sl->alive_ns, mx_mono_ns());
    SET(sl->request_ns, 0);
    SET(sl->connections, 0);
    SET(sl->oldest_ns, 0);
    SET(sl->pss, 0);
    put_text(sl->route, ROUTE_SIZE, MX_S(""));
    put_text(sl->request_id, ID_SIZE, MX_S(""));
    mx_write_end(&sl->guard);
}

void mx_score_clear(struct mx_score *s, int i)
{
    struct slot *sl = write_begin(s, i);

    SET(sl->pid, 0);
    SET(sl->state, MX_W_EMPTY);
    SET(sl->request_ns, 0);
    SET(sl->connections, 0);
    SET(sl->oldest_ns, 0);
    SET(sl->pss, 0);
    mx_write_end(&sl->guard);
}

void mx_score_state(struct mx_score *s, int i, enum mx_worker_state st)
{
    struct slot *sl = write_begin(s, i);

    SET(sl->state, (int)st);
    SET(sl->alive_ns, mx_mono_ns());
    mx_write_end(&sl->guard);
}

void mx_score_alive(struct mx_score *s, int i, int64_t now_ns)
{
    struct slot *sl = write_begin(s, i);

    SET(sl->alive_ns, now_ns);
    mx_write_end(&sl->guard);
}

void mx_score_begin(struct mx_score *s, int i, int64_t now_ns)
{
    struct slot *sl = write_begin(s, i);

    SET(sl->request_ns, now_ns);
    if (GET(sl->state) == MX_W_READY)
        SET(sl->state, MX_W_BUSY);
    put_text(sl->route, ROUTE_SIZE, MX_S("(reading)"));
    put_text(sl->request_id, ID_SIZE, MX_S(""));
    mx_write_end(&sl->guard);
}

void mx_score_route(struct mx_score *s, int i, const char *route, struct mx_str request_id)
{
    struct slot *sl = write_begin(s, i);

    put_text(sl->route, ROUTE_SIZE, mx_str_c(route));
    put_text(sl->request_id, ID_SIZE, request_id);
    mx_write_end(&sl->guard);
}

void mx_score_taken(struct mx_score *s, int i, int64_t waited_ns)
{
    struct slot *sl = write_begin(s, i);

    ADD(sl->taken, 1u);
    ADD(sl->waited_ns, (uint64_t)waited_ns);
    mx_write_end(&sl->guard);
}

void mx_score_end(struct mx_score *s, int i, int64_t now_ns, int status, int trips, size_t bytes)
{
    struct slot *sl = write_begin(s, i);
    int64_t began = GET(sl->request_ns);

    if (began > 0 && now_ns > began)
        ADD(sl->busy_ns, (uint64_t)(now_ns - began));
    if (status > 0)
        ADD(sl->requests, 1u);
    if (status >= 400 && status < 500)
        ADD(sl->errors_4xx, 1u);
    if (status >= 500)
        ADD(sl->errors_5xx, 1u);
    ADD(sl->trips, (uint64_t)trips);
    ADD(sl->bytes, bytes);
    SET(sl->request_ns, 0);
    SET(sl->alive_ns, now_ns);
    if (GET(sl->state) == MX_W_BUSY)
        SET(sl->state, MX_W_READY);
    mx_write_end(&sl->guard);
}

void mx_score_connections(struct mx_score *s, int i, int n, int64_t oldest_ns)
{
    struct slot *sl = write_begin(s, i);

    SET(sl->connections, (uint32_t)n);
    SET(sl->oldest_ns, oldest_ns);
    mx_write_end(&sl->guard);
}

void mx_score_memory(struct mx_score *s, int i, int64_t pss)
{
    struct slot *sl = write_begin(s, i);

    SET(sl->pss, pss);
    mx_write_end(&sl->guard);
}

void mx_score_outgrown(struct mx_score *s, int i)
{
    struct slot *sl = write_begin(s, i);

    SET(sl->outgrown, true);
    mx_write_end(&sl->guard);
}

int mx_score_share(const struct mx_score *s, int i)
{
    const struct slot *mine = &s->at[i];
    uint32_t connections = 0;
    int workers = 0;

    for (int k = 0; k < s->n; k++) {
        const struct slot *sl = &s->at[k];
        int state = GET(sl->state);

        if ((state != MX_W_READY && state != MX_W_BUSY) || GET(sl->pool) != GET(mine->pool) ||
            GET(sl->generation) != GET(mine->generation))
            continue;
        connections += GET(sl->connections);
        workers++;
    }
    return workers > 0 ? (int)connections / workers : 0;
}

void mx_score_set_others(struct mx_score *s, int pool, bool others)
{
    atomic_store(&s->others[pool], others);
}

bool mx_score_others(const struct mx_score *s, int i)
{
    return atomic_load(&s->others[GET(s->at[i].pool)]);
}

void mx_score_drain(struct mx_score *s, int pool, int64_t from_ns)
{
    atomic_store(&s->drains_ns[pool], from_ns);
}

int64_t mx_score_drains(const struct mx_score *s, int pool)
{
    return GET(s->drains_ns[pool]);
}

void mx_score_overload(struct mx_score *s, int pool, int64_t now_ns)
{
    SET(s->overload_ns[pool], now_ns);
}

int64_t mx_score_overloaded(const struct mx_score *s, int pool)
{
    return GET(s->overload_ns[pool]);
}

struct mx_db_board *mx_score_board(struct mx_score *s, int i)
{
    MX_ASSERT(i >= 0 && i < s->n);
    return &s->at[i].board;
}

struct mx_stack *mx_score_stack(struct mx_score *s, int i)
{
    MX_ASSERT(i >= 0 && i < s->n);
    return &s->at[i].stack;
}

bool mx_score_refuse(struct mx_score *s, const char *why)
{
    char text[MX_REFUSAL_MAX] = {0};
    int none = REFUSAL_NONE;

    if (!atomic_compare_exchange_strong(&s->refusal, &none, REFUSAL_BEGUN))
        return false;
    snprintf(text, sizeof text, "%s", why);
    mx_words_put(s->why, text, sizeof text);
    atomic_store(&s->refusal, REFUSAL_LEFT);
    return true;
}

bool mx_score_refusal(const struct mx_score *s, char out[MX_REFUSAL_MAX])
{
    if (atomic_load(&s->refusal) != REFUSAL_LEFT)
        return false;
    mx_words_get(out, s->why, MX_REFUSAL_MAX);
    out[MX_REFUSAL_MAX - 1] = '\0';
    return true;
}

void mx_score_forget_refusal(struct mx_score *s)
{
    atomic_store(&s->refusal, REFUSAL_NONE);
}

static struct mx_slot_view copy(const struct slot *sl)
{
    struct mx_slot_view v = {.pid = GET(sl->pid),
                             .generation = GET(sl->generation),
                             .pool = GET(sl->pool),
                             .state = (enum mx_worker_state)GET(sl->state),
                             .outgrown = GET(sl->outgrown),
                             .started_ns = GET(sl->started_ns),
                             .request_ns = GET(sl->request_ns),
                             .alive_ns = GET(sl->alive_ns),
                             .requests = GET(sl->requests),
                             .errors_4xx = GET(sl->errors_4xx),
                             .errors_5xx = GET(sl->errors_5xx),
                             .trips = GET(sl->trips),
                             .busy_ns = GET(sl->busy_ns),
                             .bytes = GET(sl->bytes),
                             .taken = GET(sl->taken),
                             .waited_ns = GET(sl->waited_ns),
                             .connections = GET(sl->connections),
                             .oldest_ns = GET(sl->oldest_ns),
                             .pss = GET(sl->pss)};

    mx_words_get(v.route, sl->route, sizeof v.route);
    mx_words_get(v.request_id, sl->request_id, sizeof v.request_id);
    return v;
}

struct mx_slot_view mx_score_read(const struct mx_score *s, int i)
{
    const struct slot *sl;
    struct mx_slot_view v;
    uint64_t seen;

    MX_ASSERT(i >= 0 && i < s->n);
    sl = &s->at[i];
    for (int tries = 0; tries < READ_TRIES; tries++) {
        bool begun = mx_read_begin(&sl->guard, &seen);

        v = copy(sl);
        if (begun && mx_read_end(&sl->guard, seen))
            return v;
    }
    v.torn = true;
    v.route[sizeof v.route - 1] = '\0';
    v.request_id[sizeof v.request_id - 1] = '\0';
    return v;
}
