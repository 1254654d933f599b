/* Each step waits until no request knows less than the one before: all have the new key before the
 * first value is sealed with it, and nobody seals with an old one any more when the last pass over
 * the rows begins. */
#include "cmd_key_pii.h"

#include <time.h>

#include "base/clock.h"
#include "codec/keys.h"
#include "io/db.h"
#include "shop/sealed.h"

#define ARENA_FIRST (INT64_C(1) << 20)
#define ARENA_CAP (INT64_C(64) << 20)

struct rotation {
    struct mx_keyring ring;
    struct mx_proc proc;
    struct mx_ctx cx;
    struct mx_faults faults;
    int64_t since_ms; /* the new key seals */
};

static void pause_ms(int64_t ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};

    nanosleep(&t, NULL);
}

static int failed(const char *why)
{
    fprintf(stderr, "merx key: %s\n", why);
    return 1;
}

static int begin(struct rotation *r)
{
    struct mx_str kid;
    int64_t wait_ms = 0;
    const char *why = "";

    do {
        pause_ms(wait_ms);
        r->ring.now_ms = mx_wall_ms();
        if (mx_keyring_pii_begin(&r->ring, &kid, &wait_ms, &r->since_ms, &why) != MX_OK)
            return failed(why);
    } while (wait_ms > 0);
    printf("personal data is now encrypted with %.*s\n", MX_FMT(kid));
    return 0;
}

/* All rows once, with the keys of now. */
static enum mx_err pass(struct rotation *r, struct mx_reseal *ret_pass)
{
    bool more = true;

    *ret_pass = (struct mx_reseal){0};
    while (more) {
        mx_arena_reset(r->cx.arena);
        mx_faults_init(&r->faults, r->cx.arena);
        mx_db_begin_request(r->cx.db, r->cx.arena);
        r->cx.now_ms = mx_wall_ms();
        MX_TRY(mx_sealed_reseal(&r->cx, ret_pass, &more));
    }
    return MX_OK;
}

/* Until a pass that began when nobody sealed with an old key any more finds nothing of theirs. */
static int reseal(struct rotation *r)
{
    struct mx_reseal p = {.resealed = 1};
    int64_t quiet_ms = r->since_ms + r->ring.busy_ms, resealed = 0, began_ms = 0;

    while (p.resealed > 0 || began_ms < quiet_ms) {
        enum mx_err e;

        if (p.resealed == 0)
            pause_ms(quiet_ms - mx_wall_ms() > 0 ? quiet_ms - mx_wall_ms() + 1 : 0);
        began_ms = mx_wall_ms();
        e = pass(r, &p);
        if (e != MX_OK)
            return failed(mx_err_title(e));
        resealed += p.resealed;
    }
    printf("%lld values re-encrypted\n", (long long)resealed);
    if (p.damaged == 0)
        return 0;
    fprintf(stderr, "merx key: %lld values cannot be decrypted; all keys stay in use\n",
            (long long)p.damaged);
    return 1;
}

static int rotate(struct rotation *r)
{
    struct mx_keys *keys;
    const char *why = "";
    int status = begin(r);

    if (status != 0)
        return status;
    if (mx_keys_load(r->ring.a, r->ring.dir, &keys, &why) != MX_OK)
        return failed(why);
    r->proc.keys = keys;
    status = reseal(r);
    mx_keys_free(keys);
    if (status != 0)
        return status;
    return mx_keyring_pii_end(&r->ring, &why) == MX_OK ? 0 : failed(why);
}

int mx_key_rotate_pii(struct mx_cmd *c, struct mx_keyring ring)
{
    struct rotation r = {.ring = ring, .proc = {.conf = c->settings}};
    int status;

    r.cx.proc = &r.proc;
    r.cx.arena = mx_arena_new(ARENA_FIRST, ARENA_CAP);
    r.cx.faults = &r.faults;
    r.cx.actor.kind = MX_OPERATOR;
    r.cx.db = mx_db_new(c->settings);
    status = rotate(&r);
    mx_db_free(r.cx.db);
    mx_arena_free(r.cx.arena);
    return status;
}
