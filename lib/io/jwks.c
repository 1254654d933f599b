#include "io/jwks.h"

#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "io/fetch.h"
#include "io/region.h"
#include "io/seqlock.h"

/* Sets of before a reload are still there; a master sees no more in its life. */
#define SLOTS 64
#define WAIT_STEP_US 20000
#define READ_TRIES 1000

struct set {
    int64_t fetched_ms, fresh_until_ms; /* monotonic */
    uint64_t n;
    char text[MX_JWKS_BYTES];
};

struct slot {
    mx_word tag; /* hash of where the set is from; 0: free */
    _Atomic int64_t try_ms, busy_until_ms;
    mx_guard guard;
    mx_word data[MX_WORDS(sizeof(struct set))];
};

struct mx_jwks_cache {
    struct slot slots[SLOTS];
};

struct mx_jwks_cache *mx_jwks_cache_new(void)
{
    struct mx_jwks_cache *c = mx_region_map("keysets.1", sizeof(*c));

    return c;
}

/* The slot of a provider's set; NULL when all are taken. */
static struct slot *slot_of(struct mx_arena *a, struct mx_jwks_cache *c,
                            const struct mx_oidc_provider *p)
{
    uint64_t tag = mx_str_hash(mx_str_fmt(a, "%s %s", p->jwks_uri.p, mx_str_z(a, p->ca_file))) | 1;
    uint64_t seen;

    for (size_t i = 0; i < SLOTS; i++) {
        seen = 0;
        if (atomic_compare_exchange_strong(&c->slots[i].tag, &seen, tag) || seen == tag)
            return &c->slots[i];
    }
    return NULL;
}

/* ---- one set ---- */

/* A consistent copy in `a` if there is a set that may still be used; else one of no bytes. */
static const struct set *read_set(struct mx_arena *a, struct slot *s, int64_t now_ms)
{
    struct set *copy = MX_NEW(a, struct set);
    uint64_t seen;

    for (int i = 0; i < READ_TRIES && atomic_load(&s->guard) != 0; i++) {
        if (!mx_read_begin(&s->guard, &seen))
            continue;
        mx_words_get(copy, s->data, sizeof(*copy));
        if (!mx_read_end(&s->guard, seen))
            continue;
        if (copy->n > sizeof(copy->text) || copy->fresh_until_ms + MX_JWKS_STALE_MS <= now_ms)
            copy->n = 0;
        return copy;
    }
    copy->n = 0;
    return copy;
}

static void write_set(struct slot *s, const struct set *set)
{
    if (!mx_write_begin(&s->guard))
        return;
    mx_words_put(s->data, set, sizeof(*set));
    mx_write_end(&s->guard);
}

static bool find(struct mx_arena *a, const struct set *set, struct mx_str kid,
                 struct mx_jwk *ret_key)
{
    return set->n > 0 && mx_jwks_find(a, (struct mx_str){set->text, set->n}, kid, ret_key);
}

/* ---- fetching ---- */

/* Seconds of `max-age=`; -1: not this directive. */
static int64_t max_age(struct mx_str directive)
{
    struct mx_str name, value = directive;
    int64_t s;

    if (!mx_str_split(&value, '=', &name) || !mx_str_ieq(mx_str_trim(name), MX_S("max-age")) ||
        !value.p || !mx_str_i64(mx_str_trim(value), 0, INT64_C(1) << 40, &s))
        return -1;
    return s;
}

int64_t mx_jwks_fresh_s(struct mx_str cache_control, int64_t min_s)
{
    struct mx_str directive;
    int64_t fresh_s = MX_JWKS_FRESH_S, s;

    while (mx_str_split(&cache_control, ',', &directive)) {
        directive = mx_str_trim(directive);
        s = max_age(directive);
        if (mx_str_ieq(directive, MX_S("no-store")) || mx_str_ieq(directive, MX_S("no-cache")))
            return min_s;
        if (s >= 0)
            fresh_s = s;
    }
    if (fresh_s < min_s)
        return min_s;
    return fresh_s > MX_JWKS_FRESH_MAX_S ? MX_JWKS_FRESH_MAX_S : fresh_s;
}

/* NULL, or why there is no new set. */
static const char *fetch(struct mx_arena *a, struct slot *s, const struct mx_oidc_provider *p)
{
    const struct mx_fetch what = {p->jwks_uri.p, p->ca_file.p, p->fetch_timeout_ms, MX_JWKS_BYTES};
    struct mx_fetched got;
    struct set *set = MX_NEW(a, struct set);
    const char *why = NULL;

    if (mx_fetch_get(a, &what, &got, &why) != MX_OK)
        return why;
    if (got.status != 200)
        return mx_arena_printf(a, "status %d", got.status);
    if (!mx_jwks_usable(a, got.body))
        return "no key of use in the answer";
    set->fetched_ms = mx_mono_ms();
    set->fresh_until_ms = set->fetched_ms + mx_jwks_fresh_s(got.cache_control, p->refetch_s) * 1000;
    set->n = got.body.n;
    memcpy(set->text, got.body.p, got.body.n);
    write_set(s, set);
    mx_log(MX_LOG_INFO, "keys of an identity provider fetched", MX_KS("provider", p->name),
           MX_KI("bytes", got.body.n),
           MX_KI("fresh_s", (set->fresh_until_ms - set->fetched_ms) / 1000));
    return NULL;
}

/* Fetch if it is time to and nobody else does. */
static bool refresh(struct mx_arena *a, struct slot *s, const struct mx_oidc_provider *p,
                    bool have_set)
{
    int64_t now_ms = mx_mono_ms(), due_ms = atomic_load(&s->try_ms);
    int64_t ends_ms = now_ms + p->fetch_timeout_ms, next_ms = now_ms + p->refetch_s * 1000;
    int64_t retry_s = p->refetch_s < MX_JWKS_RETRY_S ? p->refetch_s : MX_JWKS_RETRY_S;
    const char *why;

    /* After a death meanwhile the next one tries again. */
    if (now_ms < due_ms || !atomic_compare_exchange_strong(&s->try_ms, &due_ms, ends_ms))
        return false;
    atomic_store(&s->busy_until_ms, ends_ms);
    why = fetch(a, s, p);
    if (why)
        mx_log(MX_LOG_WARN, "cannot fetch the keys of an identity provider",
               MX_KS("provider", p->name), MX_KC("why", why));
    atomic_store(&s->try_ms, why && !have_set ? mx_mono_ms() + retry_s * 1000 : next_ms);
    atomic_store(&s->busy_until_ms, 0);
    return true;
}

/* Until who fetches has done so; not longer than a fetch takes. */
static void wait(struct slot *s)
{
    while (mx_mono_ms() < atomic_load(&s->busy_until_ms))
        usleep(WAIT_STEP_US);
}

enum mx_err mx_jwks_key(struct mx_arena *a, struct mx_jwks_cache *c,
                        const struct mx_oidc_provider *p, struct mx_str kid, struct mx_jwk *ret_key)
{
    struct slot *s = slot_of(a, c, p);
    int64_t now_ms = mx_mono_ms();
    const struct set *set;
    bool found;

    if (!s) {
        mx_log(MX_LOG_ERROR, "too many key reloads since the master started");
        return MX_E_UNAVAILABLE;
    }
    set = read_set(a, s, now_ms);
    found = find(a, set, kid, ret_key);
    if (found && now_ms < set->fresh_until_ms)
        return MX_OK;
    if (!refresh(a, s, p, set->n > 0)) {
        if (found)
            return MX_OK;
        wait(s);
    }
    set = read_set(a, s, mx_mono_ms());
    if (set->n == 0)
        return MX_E_UNAVAILABLE;
    return find(a, set, kid, ret_key) ? MX_OK : MX_E_UNAUTHORIZED;
}
