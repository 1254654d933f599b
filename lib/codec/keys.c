#include "codec/keys.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "codec/jsonw.h"
#include "codec/keys_internal.h"
#include "codec/uri.h"

/* File systems count time in ticks: a change this soon after another may bear the same time. */
#define SETTLE_MS 100

bool mx_kid_valid(struct mx_str kid)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    size_t i;

    if (kid.n < 1 || kid.n > 64)
        return false;
    for (i = 0; i < kid.n; i++)
        if (kid.p[i] == '\0' || !strchr(allowed, kid.p[i]))
            return false;
    return true;
}

const struct mx_key *mx_keys_find(const struct mx_keys *k, struct mx_str kid)
{
    int i;

    for (i = 0; i < k->n; i++)
        if (mx_str_eq(k->at[i].kid, kid))
            return &k->at[i];
    return NULL;
}

const struct mx_hash *mx_keys_secret(const struct mx_keys *k)
{
    return &k->secret[0];
}

const struct mx_hash *mx_keys_secret_old(const struct mx_keys *k)
{
    return k->has_old ? &k->secret[1] : NULL;
}

bool mx_keys_made(const struct mx_keys *k, struct mx_str text, const struct mx_hash *mac)
{
    struct mx_hash now = mx_hmac(&k->secret[0], text), before;

    if (mx_secret_eq(now.b, mac->b, MX_HASH))
        return true;
    if (!k->has_old)
        return false;
    before = mx_hmac(&k->secret[1], text);
    return mx_secret_eq(before.b, mac->b, MX_HASH);
}

/* ---- loading ---- */

static void wipe(struct mx_str secret)
{
    if (secret.p)
        mx_secret_wipe((char *)(uintptr_t)secret.p, secret.n);
}

/* Insert by kid. */
static enum mx_err add_key(const struct mx_keydir *d, struct mx_keys *k, const struct mx_key *key)
{
    int i;

    if (mx_keys_find(k, key->kid))
        return MX_KEYDIR_REFUSE(d, "%s: two keys are named %s", d->path, key->kid.p);
    if (k->n == MX_KEYS_MAX)
        return MX_KEYDIR_REFUSE(d, "%s: more than %d keys", d->path, MX_KEYS_MAX);
    for (i = k->n++; i > 0 && mx_str_cmp(k->at[i - 1].kid, key->kid) > 0; i--)
        k->at[i] = k->at[i - 1];
    k->at[i] = *key;
    return MX_OK;
}

/* Load the file if its name is that of a key. */
static enum mx_err load_key(const struct mx_keydir *d, const char *name, void *arg)
{
    struct mx_keys *k = arg;
    struct mx_str kid = {0}, text = {0};
    const struct mx_key_kind *kind = mx_key_kind_of(mx_str_c(name), &kid);
    struct mx_key key = {0};
    char bytes[MX_KEYFILE_MAX];
    const char *why = NULL;
    enum mx_err e;

    if (!kind)
        return MX_OK;
    if (!mx_kid_valid(kid))
        return MX_KEYDIR_REFUSE(d, "%s/%s: a kid is 1 to 64 of A-Z a-z 0-9 _ -", d->path, name);
    key.kid = mx_str_dup(k->arena, kid);
    key.kind = kind;
    e = mx_keydir_read(d, name, kind->forbidden, bytes, &text);
    if (e == MX_OK)
        why = kind->parse(k->arena, text, &key);
    if (why)
        e = MX_KEYDIR_REFUSE(d, "%s/%s: %s", d->path, name, why);
    mx_secret_wipe(bytes, sizeof(bytes));
    return e == MX_OK ? add_key(d, k, &key) : e;
}

static enum mx_err load_signing(const struct mx_keydir *d, struct mx_keys *k)
{
    return mx_keydir_each(d, load_key, k);
}

static enum mx_err load_active(const struct mx_keydir *d, struct mx_keys *k)
{
    char bytes[MX_KEYFILE_MAX];
    struct mx_str kid = {0};

    if (mx_keydir_written_ms(d, MX_KEY_ACTIVE) < 0)
        return MX_KEYDIR_REFUSE(d, "%s/" MX_KEY_ACTIVE ": %s: run `merx key new`", d->path,
                                strerror(errno));
    MX_TRY(mx_keydir_read(d, MX_KEY_ACTIVE, MX_KEYFILE_PUBLIC, bytes, &kid));
    k->active = mx_keys_find(k, mx_keydir_line(kid));
    if (!k->active)
        return MX_KEYDIR_REFUSE(d, "%s/" MX_KEY_ACTIVE ": names no key of the directory", d->path);
    if (!k->active->kind->signs)
        return MX_KEYDIR_REFUSE(d, "%s/" MX_KEY_ACTIVE ": names a key that only verifies", d->path);
    return MX_OK;
}

static enum mx_err load_secret(const struct mx_keydir *d, const char *name, struct mx_keys *k,
                               struct mx_hash *secret)
{
    struct mx_str text = {0}, bytes = {0};
    char file[MX_KEYFILE_MAX];
    enum mx_err e = mx_keydir_read(d, name, MX_KEYFILE_SECRET, file, &text);

    if (e == MX_OK &&
        (!mx_b64url_decode(k->arena, mx_keydir_line(text), &bytes) || bytes.n != MX_HASH))
        e = MX_KEYDIR_REFUSE(d, "%s/%s: not 32 bytes in unpadded base64url", d->path, name);
    if (e == MX_OK)
        memcpy(secret->b, bytes.p, MX_HASH);
    wipe(bytes);
    mx_secret_wipe(file, sizeof(file));
    return e;
}

static enum mx_err load_secrets(const struct mx_keydir *d, struct mx_keys *k)
{
    MX_TRY(load_secret(d, MX_KEY_SECRET, k, &k->secret[0]));
    k->has_old = mx_keydir_written_ms(d, MX_KEY_SECRET_OLD) >= 0;
    return k->has_old ? load_secret(d, MX_KEY_SECRET_OLD, k, &k->secret[1]) : MX_OK;
}

static enum mx_err load_pii(const struct mx_keydir *d, struct mx_keys *k)
{
    return mx_pii_ring_load(d, &k->pii);
}

/* Parts of the directory, in the order in which they are read. */
static enum mx_err (*const parts[])(const struct mx_keydir *d, struct mx_keys *k) = {
    load_signing, load_active, load_secrets, load_pii};

static struct mx_keys_stamp stamp_of(const struct stat *st)
{
    int64_t changed_ms = (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
    int64_t age_ms = mx_wall_ms() - changed_ms;

    return (struct mx_keys_stamp){st->st_dev, st->st_ino, st->st_mtim,
                                  age_ms > SETTLE_MS || age_ms < -SETTLE_MS};
}

static struct mx_keys_stamp stamp_now(const char *dir)
{
    struct stat st = {0};

    if (stat(dir, &st) != 0)
        memset(&st, 0, sizeof(st));
    return stamp_of(&st);
}

static enum mx_err load(struct mx_keydir *d, struct mx_keys *k)
{
    enum mx_err e;

    MX_TRY(mx_keydir_open(d));
    e = MX_OK;
    for (size_t i = 0; i < MX_LEN(parts) && e == MX_OK; i++)
        e = parts[i](d, k);
    mx_keydir_close(d);
    return e;
}

static struct mx_hash digest_of(const struct mx_keys *k)
{
    struct mx_buf all;

    mx_buf_init(&all, k->arena, 1 << 20);
    for (int i = 0; i < k->n; i++) {
        mx_buf_str(&all, k->at[i].kid);
        mx_buf_byte(&all, '\n');
        mx_buf_str(&all, k->at[i].verify);
        mx_buf_byte(&all, '\n');
    }
    MX_ASSERT(!all.overflow);
    return mx_sha256(mx_buf_view(&all));
}

enum mx_err mx_keys_load(struct mx_arena *a, const char *dir, struct mx_keys **ret_keys,
                         const char **ret_why)
{
    struct mx_keydir d = {a, dir, ret_why, -1};
    struct mx_arena *own = mx_arena_new(16384, 1 << 20);
    struct mx_keys *k = MX_NEW(own, struct mx_keys);
    enum mx_err e;

    k->arena = own;
    k->dir = mx_str_z(own, mx_str_c(dir));
    k->stamp = stamp_now(dir);
    e = load(&d, k);
    if (e != MX_OK) {
        mx_keys_free(k);
        return e;
    }
    k->digest = digest_of(k);
    *ret_keys = k;
    return MX_OK;
}

void mx_keys_free(struct mx_keys *k)
{
    struct mx_arena *own;

    if (!k)
        return;
    for (int i = 0; i < k->n; i++)
        wipe(k->at[i].sign);
    own = k->arena;
    mx_secret_wipe(k, sizeof(*k));
    mx_arena_free(own);
}

static bool same_time(const struct mx_keys_stamp *a, const struct mx_keys_stamp *b)
{
    return a->device == b->device && a->inode == b->inode &&
           a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

bool mx_keys_refresh(struct mx_arena *a, struct mx_keys **keys, const char **ret_why)
{
    struct mx_keys *k = *keys, *fresh = NULL;
    struct mx_keys_stamp now = stamp_now(k->dir);
    bool seen = same_time(&k->stamp, &now);

    *ret_why = NULL;
    if (seen && k->stamp.settled)
        return false;
    k->stamp = now;
    if (mx_keys_load(a, k->dir, &fresh, ret_why) != MX_OK) {
        if (seen && k->refused)
            *ret_why = NULL;
        k->refused = true;
        return false;
    }
    mx_keys_free(k);
    *keys = fresh;
    return true;
}

/* ---- views ---- */

const struct mx_hash *mx_keys_digest(const struct mx_keys *k)
{
    return &k->digest;
}

static void write_jwk(struct mx_jsonw *w, const struct mx_key *key)
{
    const struct mx_key_kind *kind = key->kind;

    mx_jsonw_open(w);
    mx_jsonw_name(w, "kty");
    mx_jsonw_c(w, kind->kty);
    if (kind->crv) {
        mx_jsonw_name(w, "crv");
        mx_jsonw_c(w, kind->crv);
    }
    for (size_t i = 0; i < MX_LEN(kind->own); i++) {
        mx_jsonw_name(w, kind->own[i]);
        mx_jsonw_str(w, key->own[i]);
    }
    mx_jsonw_name(w, "kid");
    mx_jsonw_str(w, key->kid);
    mx_jsonw_name(w, "alg");
    mx_jsonw_c(w, kind->alg);
    mx_jsonw_name(w, "use");
    mx_jsonw_c(w, "sig");
    mx_jsonw_close(w);
}

struct mx_str mx_keys_jwks(struct mx_arena *a, const struct mx_keys *k)
{
    struct mx_jsonw w;
    struct mx_buf out;
    int i;

    mx_buf_init(&out, a, MX_KEYS_MAX * 2048);
    mx_jsonw_init(&w, &out);
    mx_jsonw_open(&w);
    mx_jsonw_name(&w, "keys");
    mx_jsonw_array(&w);
    for (i = 0; i < k->n; i++)
        if (k->at[i].kind->kty)
            write_jwk(&w, &k->at[i]);
    mx_jsonw_array_end(&w);
    mx_jsonw_close(&w);
    MX_ASSERT(!out.overflow);
    return mx_buf_view(&out);
}
