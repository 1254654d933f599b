#include "codec/keyring.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/rnd.h"
#include "codec/keys_internal.h"

#define KID_RANDOM 8
#define FILES_MAX 1024

/* ---- times ---- */

static const char *span(struct mx_arena *a, int64_t ms)
{
    int64_t s = (ms + 999) / 1000;

    if (s < 600)
        return mx_arena_printf(a, "%lld s", (long long)s);
    if (s < 172800)
        return mx_arena_printf(a, "%lld min", (long long)((s + 59) / 60));
    return mx_arena_printf(a, "%lld days", (long long)((s + 86399) / 86400));
}

/* Refuse what comes sooner than `wait_ms` after `since_ms`. A time to come counts as now. */
static enum mx_err wait_over(const struct mx_keyring *r, const struct mx_keydir *d,
                             int64_t since_ms, int64_t wait_ms, const char *for_what)
{
    int64_t past_ms = r->now_ms > since_ms ? r->now_ms - since_ms : 0;

    if (r->force || past_ms >= wait_ms)
        return MX_OK;
    return MX_KEYDIR_REFUSE(d, "too early: wait another %s, until %s; --force does it now",
                            span(r->a, wait_ms - past_ms), for_what);
}

/* ---- keys of personal data ---- */

static enum mx_err new_pii(const struct mx_keydir *d, struct mx_str *ret_kid)
{
    struct mx_pii_id id;

    MX_TRY(mx_pii_ring_new(d, &id));
    *ret_kid = mx_pii_id_text(d->a, id);
    return mx_keydir_sync(d);
}

/* One other than the one that seals. */
static enum mx_err pending_pii(const struct mx_keydir *d, struct mx_pii_newest *ret_newest)
{
    struct mx_str unused;

    MX_TRY(mx_pii_ring_newest(d, ret_newest));
    if (ret_newest->keys > 1)
        return MX_OK;
    MX_TRY(new_pii(d, &unused));
    return mx_pii_ring_newest(d, ret_newest);
}

static enum mx_err begin_pii(const struct mx_keyring *r, const struct mx_keydir *d,
                             struct mx_str *ret_kid, int64_t *ret_wait_ms)
{
    struct mx_pii_newest newest;

    MX_TRY(pending_pii(d, &newest));
    *ret_kid = mx_pii_id_text(d->a, newest.id);
    *ret_wait_ms = newest.seals ? 0 : newest.made_ms + r->busy_ms - r->now_ms;
    if (*ret_wait_ms > r->busy_ms)
        *ret_wait_ms = r->busy_ms;
    if (*ret_wait_ms > 0)
        return MX_OK;
    *ret_wait_ms = 0;
    if (newest.seals)
        return MX_OK;
    MX_TRY(mx_pii_ring_activate(d, newest.id));
    return mx_keydir_sync(d);
}

enum mx_err mx_keyring_pii_begin(const struct mx_keyring *r, struct mx_str *ret_kid,
                                 int64_t *ret_wait_ms, int64_t *ret_since_ms, const char **ret_why)
{
    struct mx_keydir d = {r->a, r->dir, ret_why, -1};
    enum mx_err e;

    MX_TRY(mx_keydir_lock(&d));
    e = begin_pii(r, &d, ret_kid, ret_wait_ms);
    *ret_since_ms = mx_pii_ring_activated_ms(&d);
    mx_keydir_close(&d);
    return e;
}

enum mx_err mx_keyring_pii_end(const struct mx_keyring *r, const char **ret_why)
{
    struct mx_keydir d = {r->a, r->dir, ret_why, -1};
    enum mx_err e;

    MX_TRY(mx_keydir_lock(&d));
    e = mx_pii_ring_retire(&d, MX_KEY_RETIRED);
    if (e == MX_OK)
        e = mx_keydir_sync(&d);
    mx_keydir_close(&d);
    return e;
}

/* ---- new ---- */

/* Random, so that no name is ever used twice. */
static struct mx_str new_kid(struct mx_arena *a)
{
    unsigned char r[KID_RANDOM];

    mx_rnd(r, sizeof(r));
    return mx_hex(a, r, sizeof(r));
}

enum mx_err mx_keyring_new(const struct mx_keyring *r, const char *alg, struct mx_str *ret_kid,
                           const char **ret_why)
{
    struct mx_keydir d = {r->a, r->dir, ret_why, -1};
    const struct mx_key_kind *kind = mx_key_kind(alg);
    struct mx_str kid = new_kid(r->a), text;
    enum mx_err e;

    if (strcmp(alg, MX_KEY_PII) == 0) {
        MX_TRY(mx_keydir_lock(&d));
        e = new_pii(&d, ret_kid);
        mx_keydir_close(&d);
        return e;
    }
    if (!kind || !kind->signs)
        return MX_KEYDIR_REFUSE(&d, "%s: no such kind of key, ES256, HS256 or PII", alg);
    if (mkdir(r->dir, 0700) != 0 && errno != EEXIST)
        return MX_KEYDIR_REFUSE(&d, "%s: %s", r->dir, strerror(errno));
    MX_TRY(mx_keydir_lock(&d));
    text = mx_key_generate(r->a, kind);
    e = mx_keydir_write(&d, mx_arena_printf(r->a, "%s%s", kid.p, kind->suffix), text,
                        MX_KEYDIR_NEW);
    if (e == MX_OK)
        e = mx_keydir_write(&d, MX_KEY_SECRET, mx_keydir_random(r->a, MX_HASH), MX_KEYDIR_KEEP);
    if (e == MX_OK)
        e = mx_keydir_write(&d, MX_KEY_ACTIVE, mx_str_fmt(r->a, "%s\n", kid.p), MX_KEYDIR_KEEP);
    if (e == MX_OK)
        e = mx_pii_ring_first(&d);
    if (e == MX_OK)
        e = mx_keydir_sync(&d);
    mx_keydir_close(&d);
    *ret_kid = kid;
    return e;
}

/* ---- list ---- */

struct listing {
    struct mx_key_entry *entries;
    size_t n;
    struct mx_str active, active_pii;
};

/* The algorithm of a key by its file's name, and its kid; NULL: it is no key. */
static const char *alg_of(struct mx_arena *a, struct mx_str file, struct mx_str *ret_kid)
{
    const struct mx_key_kind *kind = mx_key_kind_of(file, ret_kid);
    struct mx_pii_id id;

    if (kind)
        return mx_kid_valid(*ret_kid) ? kind->alg : NULL;
    if (!mx_pii_file(file, &id))
        return NULL;
    *ret_kid = mx_pii_id_text(a, id);
    return MX_KEY_PII;
}

static enum mx_err list_one(const struct mx_keydir *d, const char *name, void *arg)
{
    struct listing *l = arg;
    struct mx_str file = mx_str_dup(d->a, mx_str_c(name)), kid = {0}, live = file;
    bool retired = mx_str_ends(file, MX_S(MX_KEY_RETIRED));
    const char *alg;
    struct mx_key_entry *e;

    if (retired)
        live = mx_str_sub(file, 0, file.n - strlen(MX_KEY_RETIRED));
    alg = alg_of(d->a, live, &kid);
    if (!alg)
        return MX_OK;
    if (l->n == FILES_MAX)
        return MX_KEYDIR_REFUSE(d, "%s: more than %d keys: prune them", d->path, FILES_MAX);
    e = &l->entries[l->n++];
    *e = (struct mx_key_entry){kid, file, alg, MX_KEY_IS_PUBLISHED, mx_keydir_written_ms(d, name)};
    if (retired)
        e->state = MX_KEY_IS_RETIRED;
    else if (mx_str_eq(kid, strcmp(alg, MX_KEY_PII) == 0 ? l->active_pii : l->active))
        e->state = MX_KEY_IS_ACTIVE;
    return MX_OK;
}

static int by_file(const void *a, const void *b)
{
    const struct mx_key_entry *one = a, *other = b;

    return mx_str_cmp(one->file, other->file);
}

/* The kid that a file names; absent when there is no such file. */
static struct mx_str named_by(const struct mx_keydir *d, const char *file)
{
    char bytes[MX_KEYFILE_MAX];
    struct mx_str kid;

    if (mx_keydir_read(d, file, MX_KEYFILE_PUBLIC, bytes, &kid) != MX_OK)
        return (struct mx_str){0};
    return mx_str_dup(d->a, mx_keydir_line(kid));
}

static enum mx_err list(const struct mx_keydir *d, struct mx_list *ret_entries)
{
    struct listing l = {MX_NEW_N(d->a, FILES_MAX, struct mx_key_entry), 0,
                        named_by(d, MX_KEY_ACTIVE), named_by(d, MX_PII_ACTIVE)};

    MX_TRY(mx_keydir_each(d, list_one, &l));
    qsort(l.entries, l.n, sizeof(l.entries[0]), by_file);
    *ret_entries = MX_LIST(l.entries, l.n);
    return MX_OK;
}

enum mx_err mx_keyring_list(const struct mx_keyring *r, struct mx_list *ret_entries,
                            const char **ret_why)
{
    struct mx_keydir d = {r->a, r->dir, ret_why, -1};
    enum mx_err e;

    MX_TRY(mx_keydir_open(&d));
    e = list(&d, ret_entries);
    mx_keydir_close(&d);
    return e;
}

/* ---- steps ---- */

/* The entry of a key of tokens that is not retired. */
static enum mx_err find(const struct mx_keydir *d, struct mx_str kid, struct mx_key_entry *ret)
{
    struct mx_list all;

    MX_TRY(list(d, &all));
    for (size_t i = 0; i < all.n; i++) {
        *ret = *MX_AT(all, struct mx_key_entry, i);
        if (ret->state != MX_KEY_IS_RETIRED && strcmp(ret->alg, MX_KEY_PII) != 0 &&
            mx_str_eq(ret->kid, kid))
            return MX_OK;
    }
    return MX_KEYDIR_REFUSE(d, "%s: no key %.*s", d->path, MX_FMT(kid));
}

static enum mx_err activate(const struct mx_keyring *r, const struct mx_keydir *d,
                            struct mx_str kid)
{
    const struct mx_key_kind *kind;
    struct mx_key_entry key;

    MX_TRY(find(d, kid, &key));
    kind = mx_key_kind(key.alg);
    if (key.state == MX_KEY_IS_ACTIVE)
        return MX_OK;
    if (!kind->signs)
        return MX_KEYDIR_REFUSE(d, "%.*s: %s keys only verify", MX_FMT(kid), key.alg);
    if (kind->kty)
        MX_TRY(wait_over(r, d, key.made_ms, r->published_ms, "every cached key set has the key"));
    MX_TRY(mx_keydir_write(d, MX_KEY_ACTIVE, mx_str_fmt(d->a, "%.*s\n", MX_FMT(kid)),
                           MX_KEYDIR_REPLACE));
    return mx_keydir_sync(d);
}

/* The key has signed nothing since `active` was written: that was when another began to. */
static enum mx_err retire(const struct mx_keyring *r, const struct mx_keydir *d, struct mx_str kid)
{
    struct mx_key_entry key;

    MX_TRY(find(d, kid, &key));
    if (key.state == MX_KEY_IS_ACTIVE)
        return MX_KEYDIR_REFUSE(d, "%.*s signs: activate another key first", MX_FMT(kid));
    if (mx_key_kind(key.alg)->signs)
        MX_TRY(wait_over(r, d, mx_keydir_written_ms(d, MX_KEY_ACTIVE), r->signed_ms,
                         "the last token that it may have signed has run out"));
    MX_TRY(mx_keydir_rename(d, key.file.p, mx_arena_printf(d->a, "%s" MX_KEY_RETIRED, key.file.p)));
    return mx_keydir_sync(d);
}

/* Run a step on a directory whose keys can all be loaded: on another one it would have no effect
 * on those who serve. */
static enum mx_err step(const struct mx_keyring *r,
                        enum mx_err (*fn)(const struct mx_keyring *r, const struct mx_keydir *d,
                                          struct mx_str kid),
                        struct mx_str kid, const char **ret_why)
{
    struct mx_keydir d = {r->a, r->dir, ret_why, -1};
    struct mx_keys *keys = NULL;
    enum mx_err e;

    MX_TRY(mx_keys_load(r->a, r->dir, &keys, ret_why));
    mx_keys_free(keys);
    MX_TRY(mx_keydir_lock(&d));
    e = fn(r, &d, kid);
    mx_keydir_close(&d);
    return e;
}

enum mx_err mx_keyring_activate(const struct mx_keyring *r, struct mx_str kid, const char **ret_why)
{
    return step(r, activate, kid, ret_why);
}

enum mx_err mx_keyring_retire(const struct mx_keyring *r, struct mx_str kid, const char **ret_why)
{
    return step(r, retire, kid, ret_why);
}

/* ---- the server's secret ---- */

static enum mx_err new_secret(const struct mx_keyring *r, const struct mx_keydir *d,
                              struct mx_str unused)
{
    char bytes[MX_KEYFILE_MAX];
    struct mx_str present = {0};
    enum mx_err e;

    (void)unused;
    if (mx_keydir_written_ms(d, MX_KEY_SECRET_OLD) >= 0)
        MX_TRY(wait_over(r, d, mx_keydir_written_ms(d, MX_KEY_SECRET), r->secret_ms,
                         "nothing made with the secret before the present one is good any more"));
    e = mx_keydir_read(d, MX_KEY_SECRET, MX_KEYFILE_SECRET, bytes, &present);
    if (e == MX_OK)
        e = mx_keydir_write(d, MX_KEY_SECRET_OLD, present, MX_KEYDIR_REPLACE);
    mx_secret_wipe(bytes, sizeof(bytes));
    if (e == MX_OK)
        e = mx_keydir_write(d, MX_KEY_SECRET, mx_keydir_random(d->a, MX_HASH), MX_KEYDIR_REPLACE);
    return e == MX_OK ? mx_keydir_sync(d) : e;
}

enum mx_err mx_keyring_new_secret(const struct mx_keyring *r, const char **ret_why)
{
    return step(r, new_secret, (struct mx_str){0}, ret_why);
}

/* ---- prune ---- */

static enum mx_err prune(const struct mx_keyring *r, const struct mx_keydir *d,
                         struct mx_list *removed)
{
    struct mx_str *names = MX_NEW_N(d->a, FILES_MAX + 1, struct mx_str);
    int64_t present_ms = mx_keydir_written_ms(d, MX_KEY_SECRET);
    struct mx_list all;

    *removed = MX_LIST(names, 0);
    MX_TRY(list(d, &all));
    for (size_t i = 0; i < all.n; i++) {
        const struct mx_key_entry *key = MX_AT(all, struct mx_key_entry, i);

        if (key->state != MX_KEY_IS_RETIRED)
            continue;
        MX_TRY(mx_keydir_remove(d, key->file.p));
        names[removed->n++] = key->file;
    }
    if (mx_keydir_written_ms(d, MX_KEY_SECRET_OLD) >= 0 &&
        (r->force || r->now_ms - present_ms >= r->secret_ms)) {
        MX_TRY(mx_keydir_remove(d, MX_KEY_SECRET_OLD));
        names[removed->n++] = MX_S(MX_KEY_SECRET_OLD);
    }
    return mx_keydir_sync(d);
}

enum mx_err mx_keyring_prune(const struct mx_keyring *r, struct mx_list *ret_removed,
                             const char **ret_why)
{
    struct mx_keydir d = {r->a, r->dir, ret_why, -1};
    enum mx_err e;

    MX_TRY(mx_keydir_lock(&d));
    e = prune(r, &d, ret_removed);
    mx_keydir_close(&d);
    return e;
}
