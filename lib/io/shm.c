#include "io/shm.h"

#include <limits.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/log.h"
#include "io/region.h"
#include "io/seqlock.h"

#define BUCKET_SETS 32768u
#define BUCKET_WAYS 4u
#define REVOKED_LINES 8192u
#define REVOKED_WAYS 8u
#define REVOKED_PROBES 4u
#define TOKEN_SETS 16384u
#define TOKEN_WAYS 4u
#define SLOTS_MAX 1024
#define ANSWERS 1024

/* A bucket is one word: 20 bits of the key's hash, 44 bits of the microsecond at which the bucket
 * is full again (the generic cell rate algorithm), counted from the birth of the region. */
#define BUCKET_TIME_BITS 44
#define BUCKET_TIME_MASK ((UINT64_C(1) << BUCKET_TIME_BITS) - 1)
#define BUCKET_WINDOW_MAX (INT64_C(1) << (BUCKET_TIME_BITS - 1))

/* A revoked session is one word: 40 bits of its hash, 24 bits of the second at which the entry may
 * be forgotten. Wrapping after 194 days can only revive an entry of a session that is dead. */
#define REVOKED_TIME_BITS 24
#define REVOKED_TIME_MASK ((UINT64_C(1) << REVOKED_TIME_BITS) - 1)
#define BEHIND_MAX_MS (INT64_C(30) * 24 * 3600 * 1000)

/* A verified token as it lies in shared words: what is asked of it afterwards and no more, for a
 * busy host has tens of thousands. */
struct token_data {
    struct mx_hash token;
    struct mx_id account, session;
    int64_t nbf, exp;
    uint64_t scope; /* index into scopes */
};

struct token_entry {
    mx_guard guard;
    mx_word data[MX_WORDS(sizeof(struct token_data))];
};

/* Each table is a region of its own: a program that changes the layout of one takes over the
 * others. The hash key goes with them, as they are found by it. */
struct limits {
    int64_t born_ns;
    _Alignas(64) mx_word buckets[BUCKET_SETS][BUCKET_WAYS];
};

struct sessions {
    _Atomic int64_t polled_ms;
    _Atomic int64_t revoked_until_ms; /* no entry lives beyond it */
    _Atomic int64_t lost_until_ms;    /* an entry that found no room would have lived so long */
    _Atomic int64_t latest_ms;        /* the wall clock when it was furthest */
    _Alignas(64) mx_word revoked[REVOKED_LINES][REVOKED_WAYS];
};

struct tokens {
    _Alignas(64) struct token_entry at[TOKEN_SETS][TOKEN_WAYS];
};

struct work {
    mx_word catalog;
    _Atomic int slots[MX_SLOTS][SLOTS_MAX]; /* pid of the holder */
};

struct mx_shared {
    struct limits *limits;
    struct sessions *sessions;
    struct tokens *tokens;
    struct work *work;
    struct mx_cache *cache;
    struct mx_jwks_cache *jwks;
    struct mx_running *running;
    struct mx_allowance *allowance;
};

static const char *const scopes[] = {"guest", "customer", "staff"};

#define GET(word) atomic_load_explicit(&(word), memory_order_relaxed)
#define SET(word, value) atomic_store_explicit(&(word), (value), memory_order_relaxed)

struct mx_shared *mx_shared_new(void)
{
    struct mx_shared *s = mx_region_map(NULL, sizeof *s);

    mx_str_hash_share(mx_region_map("hash.1", 2 * sizeof(uint64_t)));
    s->limits = mx_region_map("limits.1", sizeof *s->limits);
    s->sessions = mx_region_map("sessions.1", sizeof *s->sessions);
    s->tokens = mx_region_map("tokens.1", sizeof *s->tokens);
    s->work = mx_region_map("work.1", sizeof *s->work);
    if (s->limits->born_ns == 0)
        s->limits->born_ns = mx_mono_ns();
    /* No answer of a generation of before is valid, even if the answers were taken over alone. */
    if (GET(s->work->catalog) == 0)
        SET(s->work->catalog, (uint64_t)mx_mono_ns());
    s->cache = mx_cache_new(ANSWERS);
    s->jwks = mx_jwks_cache_new();
    s->running = mx_running_new();
    s->allowance = mx_allowance_new();
    return s;
}

/* ---- rate buckets ---- */

/* One token's time and the whole bucket's, in microseconds. */
struct rate {
    int64_t token_us, window_us;
};

static struct rate rate_of(int64_t burst, int64_t per_day)
{
    struct rate r = {.token_us = INT64_C(86400000000) / (per_day > 0 ? per_day : 1)};

    if (r.token_us < 1)
        r.token_us = 1;
    r.window_us = burst > BUCKET_WINDOW_MAX / r.token_us ? BUCKET_WINDOW_MAX : burst * r.token_us;
    return r;
}

static int64_t shared_now_us(const struct mx_shared *s)
{
    return (int64_t)((uint64_t)((mx_mono_ns() - s->limits->born_ns) / 1000) & BUCKET_TIME_MASK);
}

/* Debt of the bucket: microseconds until it is full again. A time beyond the window is left
 * over from a time before the clock wrapped and counts as full. */
static int64_t bucket_debt(uint64_t word, int64_t now_us, int64_t window_us)
{
    int64_t debt = (int64_t)(((word & BUCKET_TIME_MASK) - (uint64_t)now_us) & BUCKET_TIME_MASK);

    return word != 0 && debt <= window_us ? debt : 0;
}

/* The word of the key's set that holds `tag`, or else the one to replace: free or fullest. */
static mx_word *bucket_find(mx_word *set, uint64_t tag, int64_t now_us, uint64_t *ret_word)
{
    mx_word *best = &set[0];
    int64_t best_debt = INT64_MAX;
    uint64_t word;
    int64_t debt;

    for (unsigned i = 0; i < BUCKET_WAYS; i++) {
        word = GET(set[i]);
        if (word != 0 && word >> BUCKET_TIME_BITS == tag) {
            *ret_word = word;
            return &set[i];
        }
        debt = bucket_debt(word, now_us, BUCKET_WINDOW_MAX);
        if (debt < best_debt) {
            best_debt = debt;
            best = &set[i];
            *ret_word = word;
        }
    }
    return best;
}

/* Add `step_us` to the debt of the key's bucket unless that would pass the window; the debt
 * afterwards (or as it would have been) goes to *ret_debt. */
static bool bucket_move(struct mx_shared *s, struct mx_str key, int64_t step_us, int64_t window_us,
                        int64_t *ret_debt)
{
    uint64_t hash = mx_str_hash(key), tag = hash >> BUCKET_TIME_BITS, word = 0, next;
    mx_word *set = s->limits->buckets[hash % BUCKET_SETS], *at;
    int64_t now_us = shared_now_us(s);

    do {
        at = bucket_find(set, tag, now_us, &word);
        *ret_debt = 0;
        if (word >> BUCKET_TIME_BITS == tag)
            *ret_debt = bucket_debt(word, now_us, window_us);
        *ret_debt += step_us;
        if (*ret_debt > window_us)
            return false;
        if (*ret_debt < 0)
            *ret_debt = 0;
        next = tag << BUCKET_TIME_BITS | ((uint64_t)(now_us + *ret_debt) & BUCKET_TIME_MASK);
        if (next == 0)
            next = 1;
    } while (!atomic_compare_exchange_weak_explicit(at, &word, next, memory_order_relaxed,
                                                    memory_order_relaxed));
    return true;
}

bool mx_shared_take(struct mx_shared *s, struct mx_str key, int64_t burst, int64_t per_day,
                    int64_t *ret_left, int64_t *ret_reset_s)
{
    struct rate r = rate_of(burst, per_day);
    int64_t debt, wait_us;
    bool ok = bucket_move(s, key, r.token_us, r.window_us, &debt);

    *ret_left = ok ? (r.window_us - debt) / r.token_us : 0;
    wait_us = ok ? (debt - 1) % r.token_us + 1 : debt - r.window_us;
    *ret_reset_s = (wait_us + 999999) / 1000000;
    return ok;
}

void mx_shared_give(struct mx_shared *s, struct mx_str key, int64_t burst, int64_t per_day)
{
    struct rate r = rate_of(burst, per_day);
    int64_t debt;

    (void)bucket_move(s, key, -r.token_us, r.window_us, &debt);
}

/* ---- revoked sessions ---- */

static uint64_t session_hash(struct mx_id session)
{
    return mx_str_hash((struct mx_str){(const char *)session.b, sizeof session.b});
}

static bool revoked_live(uint64_t word, int64_t now_s)
{
    uint64_t left = ((word & REVOKED_TIME_MASK) - (uint64_t)now_s) & REVOKED_TIME_MASK;

    return word != 0 && left != 0 && left <= REVOKED_TIME_MASK / 2;
}

/* The word of a session, or the first free one of its lines, or NULL when they are full. */
static mx_word *revoked_find(struct mx_shared *s, uint64_t hash, int64_t now_s, uint64_t *ret_word)
{
    mx_word *line, *free_at = NULL;
    uint64_t word;

    for (unsigned i = 0; i < REVOKED_PROBES * REVOKED_WAYS; i++) {
        line = s->sessions->revoked[(hash + i / REVOKED_WAYS) % REVOKED_LINES];
        word = GET(line[i % REVOKED_WAYS]);
        if (word != 0 && word >> REVOKED_TIME_BITS == hash >> REVOKED_TIME_BITS) {
            *ret_word = word;
            return &line[i % REVOKED_WAYS];
        }
        if (!free_at && !revoked_live(word, now_s)) {
            free_at = &line[i % REVOKED_WAYS];
            *ret_word = word;
        }
    }
    return free_at;
}

/* The later of two times wins, whoever writes first. */
static void raise_to(_Atomic int64_t *at, int64_t ms)
{
    int64_t seen = atomic_load(at);

    while (seen < ms && !atomic_compare_exchange_weak(at, &seen, ms))
        ;
}

/* How far the wall clock was set back, as far as that matters. Set forward again, it passes by the
 * entries of meanwhile, but not by tokens of before. */
static int64_t behind_ms(const struct mx_shared *s, int64_t now_ms)
{
    int64_t ms = atomic_load(&s->sessions->latest_ms) - now_ms;

    return ms < 0 ? 0 : ms < BEHIND_MAX_MS ? ms : BEHIND_MAX_MS;
}

void mx_shared_revoke(struct mx_shared *s, struct mx_id session, int64_t until_ms)
{
    uint64_t hash = session_hash(session), word = 0, next;
    int64_t now_ms = mx_wall_ms(), now_s = now_ms / 1000;
    int64_t until_s = (until_ms + behind_ms(s, now_ms)) / 1000 + 1;
    mx_word *at;

    if (until_s <= now_s)
        return;
    next = hash >> REVOKED_TIME_BITS << REVOKED_TIME_BITS | ((uint64_t)until_s & REVOKED_TIME_MASK);
    do {
        at = revoked_find(s, hash, now_s, &word);
        if (!at) {
            mx_log(MX_LOG_WARN, "revocation table full, sessions are checked in the database");
            raise_to(&s->sessions->lost_until_ms, until_s * 1000);
            return;
        }
    } while (!atomic_compare_exchange_weak(at, &word, next));
    raise_to(&s->sessions->revoked_until_ms, until_s * 1000);
}

bool mx_shared_revocations_lost(struct mx_shared *s, int64_t now_ms)
{
    return atomic_load(&s->sessions->lost_until_ms) > now_ms;
}

bool mx_shared_revoked(struct mx_shared *s, struct mx_id session, int64_t now_ms)
{
    uint64_t hash, word = 0;
    const mx_word *at;

    if (atomic_load(&s->sessions->revoked_until_ms) <= now_ms)
        return false;
    hash = session_hash(session);
    at = revoked_find(s, hash, now_ms / 1000, &word);
    return at && word >> REVOKED_TIME_BITS == hash >> REVOKED_TIME_BITS &&
           revoked_live(word, now_ms / 1000);
}

bool mx_shared_poll_due(struct mx_shared *s, int64_t now_ms, int64_t interval_ms)
{
    int64_t last = atomic_load(&s->sessions->polled_ms);

    raise_to(&s->sessions->latest_ms, now_ms);
    /* A wall clock that was set back must not stop the polling. */
    if (now_ms >= last && now_ms - last < interval_ms)
        return false;
    return atomic_compare_exchange_strong(&s->sessions->polled_ms, &last, now_ms);
}

/* ---- verified tokens ---- */

static struct token_entry *token_set(struct mx_shared *s, const struct mx_hash *token)
{
    uint64_t h;

    memcpy(&h, token->b, sizeof h);
    return s->tokens->at[h % TOKEN_SETS];
}

/* Consistent copy; false while somebody writes. */
static bool token_read(const struct token_entry *e, struct token_data *ret_data)
{
    uint64_t seen;

    if (!mx_read_begin(&e->guard, &seen))
        return false;
    mx_words_get(ret_data, e->data, sizeof *ret_data);
    return mx_read_end(&e->guard, seen);
}

bool mx_shared_token_get(struct mx_shared *s, const struct mx_hash *token, int64_t now_s,
                         struct mx_claims *ret_claims)
{
    const struct token_entry *set = token_set(s, token);
    struct token_data d;

    for (unsigned i = 0; i < TOKEN_WAYS; i++) {
        if (!token_read(&set[i], &d) || memcmp(&d.token, token, sizeof *token) != 0)
            continue;
        /* A later program beside us may know more scopes. */
        if (d.exp <= now_s || d.nbf > now_s + MX_TOKEN_LEEWAY_S || d.scope >= MX_LEN(scopes))
            return false;
        *ret_claims = (struct mx_claims){.account = d.account,
                                         .session = d.session,
                                         .nbf = d.nbf,
                                         .exp = d.exp,
                                         .scope = mx_str_c(scopes[d.scope])};
        return true;
    }
    return false;
}

/* The entry to write to: this token's, else an empty one, else the one that expires first. */
static struct token_entry *token_victim(struct token_entry *set, const struct mx_hash *token)
{
    struct token_entry *best = &set[0];
    int64_t best_exp = INT64_MAX;
    struct token_data d;

    for (unsigned i = 0; i < TOKEN_WAYS; i++) {
        if (!token_read(&set[i], &d))
            d.exp = 0;
        else if (memcmp(&d.token, token, sizeof *token) == 0)
            return &set[i];
        if (d.exp < best_exp) {
            best_exp = d.exp;
            best = &set[i];
        }
    }
    return best;
}

/* Fill *d from the claims; false when the scope is unknown. */
static bool token_pack(const struct mx_hash *token, const struct mx_claims *c, struct token_data *d)
{
    *d = (struct token_data){.token = *token,
                             .account = c->account,
                             .session = c->session,
                             .nbf = c->nbf,
                             .exp = c->exp};
    for (; d->scope < MX_LEN(scopes); d->scope++)
        if (mx_str_eqc(c->scope, scopes[d->scope]))
            return true;
    return false;
}

void mx_shared_token_put(struct mx_shared *s, const struct mx_hash *token,
                         const struct mx_claims *c)
{
    struct token_entry *e = token_victim(token_set(s, token), token);
    struct token_data d;

    if (!token_pack(token, c, &d) || !mx_write_begin(&e->guard))
        return;
    mx_words_put(e->data, &d, sizeof d);
    mx_write_end(&e->guard);
}

/* ---- slots for costly work ---- */

static bool slot_held(int holder)
{
    return holder != 0 && holder != (int)getpid() && mx_pid_alive(holder);
}

bool mx_shared_slot_left(const struct mx_shared *s, enum mx_slots of, int64_t limit)
{
    for (int64_t i = 0; i < limit && i < SLOTS_MAX; i++) {
        if (!slot_held(GET(s->work->slots[of][i])))
            return true;
    }
    return false;
}

bool mx_shared_slot_take(struct mx_shared *s, enum mx_slots of, int64_t limit)
{
    int me = (int)getpid();
    int holder;

    for (int64_t i = 0; i < limit && i < SLOTS_MAX; i++) {
        holder = GET(s->work->slots[of][i]);
        if (slot_held(holder))
            continue;
        if (atomic_compare_exchange_strong(&s->work->slots[of][i], &holder, me))
            return true;
    }
    return false;
}

void mx_shared_slot_give(struct mx_shared *s, enum mx_slots of)
{
    int me = (int)getpid();
    int holder;

    for (int i = 0; i < SLOTS_MAX; i++) {
        holder = me;
        if (atomic_compare_exchange_strong(&s->work->slots[of][i], &holder, 0))
            return;
    }
}

/* ---- catalog generation ---- */

struct mx_cache *mx_shared_cache(struct mx_shared *s)
{
    return s->cache;
}

struct mx_jwks_cache *mx_shared_jwks(struct mx_shared *s)
{
    return s->jwks;
}

struct mx_running *mx_shared_running(struct mx_shared *s)
{
    return s->running;
}

struct mx_allowance *mx_shared_allowance(struct mx_shared *s)
{
    return s->allowance;
}

uint64_t mx_shared_catalog(struct mx_shared *s)
{
    return atomic_load(&s->work->catalog);
}

void mx_shared_catalog_bump(struct mx_shared *s)
{
    atomic_fetch_add(&s->work->catalog, 1);
}
