#include "account/password.h"

#include "base/clock.h"
#include "base/metric.h"
#include "codec/phc.h"
#include "codec/strength.h"
#include "codec/utf8.h"
#include "io/shm.h"
#include "shop/email.h"

/* Shorter words say nothing: what they are part of is no less of a guess. */
#define WORD_MIN 3
#define WAIT_STEP_MS 5

struct words {
    struct mx_str at[MX_STRENGTH_WORDS_MAX];
    size_t n;
};

static void add_word(struct words *w, struct mx_str s)
{
    if (s.n >= WORD_MIN && w->n < MX_LEN(w->at))
        w->at[w->n++] = s;
}

/* `s`, and what stands in it between signs. */
static void add_parts(struct words *w, struct mx_str s)
{
    size_t from = 0;

    add_word(w, s);
    for (size_t i = 0; i <= s.n; i++) {
        if (i < s.n && strchr(" .,-_+@", s.p[i]) == NULL)
            continue;
        if (i - from < s.n)
            add_word(w, mx_str_sub(s, from, i - from));
        from = i + 1;
    }
}

/* Words that a guesser who knows the owner tries first. */
static struct mx_list words_about(struct mx_ctx *cx, const struct mx_password_owner *o)
{
    struct words *w = MX_NEW(cx->arena, struct words);

    add_parts(w, mx_str_c(cx->proc->conf->shop_name));
    add_parts(w, o->name);
    add_word(w, o->email);
    add_parts(w, mx_email_local(o->email));
    add_parts(w, mx_email_domain(o->email));
    return MX_LIST(w->at, w->n);
}

static const char *reason(enum mx_weakness why)
{
    switch (why) {
    case MX_WEAK_CONTEXT:
        return "The password is made from the name, the address or the shop's name.";
    case MX_WEAK_REPEATED:
        return "The password repeats itself.";
    case MX_WEAK_SEQUENCE:
        return "The password is a sequence.";
    case MX_WEAK_KEYBOARD:
        return "The password is a row of keys.";
    case MX_WEAK_DATE:
        return "The password is a date.";
    default:
        return "The password is one of the most common passwords or words, or close to one.";
    }
}

enum mx_err mx_password_accept(struct mx_ctx *cx, struct mx_str password,
                               const struct mx_password_owner *owner)
{
    enum mx_weakness why;

    if (owner->staff && mx_utf8_length(password) < MX_PASSWORD_MIN_STAFF) {
        mx_fault_at(cx->faults, MX_S("/password"), "too_short",
                    "must have at least %d characters for staff", MX_PASSWORD_MIN_STAFF);
        return MX_E_VALIDATION_FAILED;
    }
    why = mx_password_weakness(cx->arena, password, words_about(cx, owner));
    if (why == MX_STRONG)
        return MX_OK;
    mx_fault_at(cx->faults, MX_S("/password"), "weak_password", "%s", reason(why));
    return MX_E_VALIDATION_FAILED;
}

/* ---- slots ---- */

static int64_t at_once(const struct mx_ctx *cx)
{
    return cx->proc->conf->password_hashes_at_once;
}

/* However often a request hashes, it waits for less than request_timeout_ms in all. */
static int64_t wait_ms(const struct mx_ctx *cx)
{
    int64_t most = cx->proc->conf->request_timeout_ms / 8;

    return cx->proc->conf->password_wait_ms < most ? cx->proc->conf->password_wait_ms : most;
}

/* How many may wait: half of the slow pool's workers that do not hash; the others are there for
 * what needs no hash, and to refuse. */
static int64_t waiting(const struct mx_ctx *cx)
{
    return wait_ms(cx) > 0 ? (cx->proc->conf->slow_workers.max - at_once(cx)) / 2 : 0;
}

static enum mx_err overloaded(struct mx_ctx *cx)
{
    cx->faults->retry_after_s = 1;
    mx_metric_add(MX_M_SHED, MX_SHED_HASHING, 0, 1);
    return MX_E_OVERLOADED;
}

enum mx_err mx_password_room(struct mx_ctx *cx)
{
    if (mx_shared_slot_left(cx->proc->shared, MX_SLOTS_HASH, at_once(cx)) ||
        mx_shared_slot_left(cx->proc->shared, MX_SLOTS_WAIT, waiting(cx)))
        return MX_OK;
    return overloaded(cx);
}

static bool wait_for_slot(struct mx_ctx *cx)
{
    static const struct timespec pause = {.tv_nsec = WAIT_STEP_MS * 1000000L};
    int64_t end = mx_mono_ms() + wait_ms(cx);
    bool got;

    while (!(got = mx_shared_slot_take(cx->proc->shared, MX_SLOTS_HASH, at_once(cx))) &&
           mx_mono_ms() < end)
        nanosleep(&pause, NULL);
    return got;
}

/* People who sign in at the same moment are no flood: a few wait for each other. */
static enum mx_err wait_turn(struct mx_ctx *cx)
{
    bool got;

    if (mx_shared_slot_take(cx->proc->shared, MX_SLOTS_HASH, at_once(cx)))
        return MX_OK;
    if (!mx_shared_slot_take(cx->proc->shared, MX_SLOTS_WAIT, waiting(cx)))
        return overloaded(cx);
    got = wait_for_slot(cx);
    mx_shared_slot_give(cx->proc->shared, MX_SLOTS_WAIT);
    return got ? MX_OK : overloaded(cx);
}

/* Since when there is a slot: *ret_since_ns. */
static enum mx_err take_slot(struct mx_ctx *cx, int64_t *ret_since_ns)
{
    int64_t began_ns = mx_mono_ns();
    enum mx_err e = wait_turn(cx);

    *ret_since_ns = mx_mono_ns();
    cx->spent.hash_wait_ns += *ret_since_ns - began_ns;
    return e;
}

static void give_slot(struct mx_ctx *cx, int64_t since_ns)
{
    cx->spent.hash_ns += mx_mono_ns() - since_ns;
    mx_shared_slot_give(cx->proc->shared, MX_SLOTS_HASH);
}

/* ---- hashing ---- */

static enum mx_err hash(struct mx_ctx *cx, struct mx_str password, struct mx_str *ret_phc)
{
    char *phc = mx_arena_alloc(cx->arena, MX_PASSWORD_PHC);

    MX_TRY(mx_password_hash(password, phc));
    *ret_phc = mx_str_c(phc);
    return MX_OK;
}

enum mx_err mx_password_make(struct mx_ctx *cx, struct mx_str password, struct mx_str *ret_phc)
{
    int64_t since_ns;
    enum mx_err e;

    MX_TRY(take_slot(cx, &since_ns));
    e = hash(cx, password, ret_phc);
    give_slot(cx, since_ns);
    return e;
}

static enum mx_err check(struct mx_ctx *cx, struct mx_str phc, struct mx_str password,
                         struct mx_str *ret_phc)
{
    bool match;

    MX_TRY(mx_password_verify(phc.p != NULL ? phc : mx_password_dummy(), password, &match));
    if (!match || phc.p == NULL)
        return MX_E_INVALID_CREDENTIALS;
    *ret_phc = phc;
    return mx_password_weak_hash(phc) ? hash(cx, password, ret_phc) : MX_OK;
}

enum mx_err mx_password_check(struct mx_ctx *cx, struct mx_str phc, struct mx_str password,
                              struct mx_str *ret_phc)
{
    int64_t since_ns;
    enum mx_err e;

    MX_TRY(take_slot(cx, &since_ns));
    e = check(cx, phc, password, ret_phc);
    give_slot(cx, since_ns);
    return e;
}
