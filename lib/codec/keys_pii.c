#include "codec/keys_pii.h"

#include "base/buf.h"
#include "base/rnd.h"
#include "codec/uri.h"

#define SUFFIX ".pii"

struct mx_str mx_pii_id_text(struct mx_arena *a, struct mx_pii_id id)
{
    return mx_hex(a, id.b, sizeof(id.b));
}

static bool parse_id(struct mx_str text, struct mx_pii_id *ret_id)
{
    static const char digits[] = "0123456789abcdef";
    struct mx_pii_id id = {{0}};

    if (text.n != 2 * sizeof(id.b))
        return false;
    for (size_t i = 0; i < text.n; i++) {
        const char *digit = text.p[i] ? strchr(digits, text.p[i]) : NULL;

        if (!digit)
            return false;
        id.b[i / 2] = (unsigned char)(id.b[i / 2] << 4 | (digit - digits));
    }
    *ret_id = id;
    return true;
}

static int find(const struct mx_pii_ring *ring, struct mx_pii_id id)
{
    for (int i = 0; i < ring->n; i++)
        if (memcmp(ring->at[i].id.b, id.b, MX_PII_ID) == 0)
            return i;
    return -1;
}

static const char *file_of(struct mx_arena *a, struct mx_pii_id id)
{
    return mx_arena_printf(a, "%s" SUFFIX, mx_pii_id_text(a, id).p);
}

bool mx_pii_file(struct mx_str file, struct mx_pii_id *ret_id)
{
    return mx_str_ends(file, MX_S(SUFFIX)) &&
           parse_id(mx_str_sub(file, 0, file.n - strlen(SUFFIX)), ret_id);
}

/* The 32 bytes of a key file. */
static enum mx_err read_key(const struct mx_keydir *d, const char *name, struct mx_hash *ret_key)
{
    char text[MX_KEYFILE_MAX];
    struct mx_str line = {0}, bytes = {0};
    enum mx_err e = mx_keydir_read(d, name, MX_KEYFILE_SECRET, text, &line);

    if (e == MX_OK && (!mx_b64url_decode(d->a, mx_keydir_line(line), &bytes) || bytes.n != MX_HASH))
        e = MX_KEYDIR_REFUSE(d, "%s/%s: not 32 bytes in unpadded base64url", d->path, name);
    if (e == MX_OK)
        memcpy(ret_key->b, bytes.p, MX_HASH);
    if (bytes.n > 0)
        mx_secret_wipe((void *)(uintptr_t)bytes.p, bytes.n);
    mx_secret_wipe(text, sizeof(text));
    return e;
}

/* Take the file into the ring if its name is that of a key. */
static enum mx_err add(const struct mx_keydir *d, const char *name, void *arg)
{
    struct mx_pii_ring *ring = arg;
    struct mx_pii_id id;

    if (!mx_str_ends(mx_str_c(name), MX_S(SUFFIX)))
        return MX_OK;
    if (!mx_pii_file(mx_str_c(name), &id))
        return MX_KEYDIR_REFUSE(d, "%s/%s: the id is 16 of 0-9 a-f", d->path, name);
    if (ring->n == MX_PII_KEYS_MAX)
        return MX_KEYDIR_REFUSE(d, "%s: more than %d keys of personal data", d->path,
                                MX_PII_KEYS_MAX);
    MX_TRY(read_key(d, name, &ring->at[ring->n].key));
    ring->at[ring->n++].id = id;
    return MX_OK;
}

static enum mx_err load_active(const struct mx_keydir *d, struct mx_pii_ring *ring)
{
    char text[MX_KEYFILE_MAX];
    struct mx_str line = {0};
    struct mx_pii_id id;

    MX_TRY(mx_keydir_read(d, MX_PII_ACTIVE, MX_KEYFILE_PUBLIC, text, &line));
    ring->active = parse_id(mx_keydir_line(line), &id) ? find(ring, id) : -1;
    if (ring->active < 0)
        return MX_KEYDIR_REFUSE(d, "%s/%s: names no key of the directory", d->path, MX_PII_ACTIVE);
    return MX_OK;
}

enum mx_err mx_pii_ring_load(const struct mx_keydir *d, struct mx_pii_ring *ret_ring)
{
    struct mx_pii_ring ring = {.n = 0};
    enum mx_err e = mx_keydir_each(d, add, &ring);

    if (e == MX_OK)
        e = load_active(d, &ring);
    if (e == MX_OK)
        *ret_ring = ring;
    mx_secret_wipe(&ring, sizeof(ring));
    return e;
}

enum mx_err mx_pii_ring_new(const struct mx_keydir *d, struct mx_pii_id *ret_id)
{
    struct mx_str line = mx_keydir_random(d->a, MX_HASH);
    struct mx_pii_id id = {{0}};
    enum mx_err e;

    mx_rnd(id.b, sizeof(id.b));
    e = mx_keydir_write(d, file_of(d->a, id), line, MX_KEYDIR_NEW);
    mx_secret_wipe((void *)(uintptr_t)line.p, line.n);
    if (e == MX_OK)
        *ret_id = id;
    return e;
}

enum mx_err mx_pii_ring_activate(const struct mx_keydir *d, struct mx_pii_id id)
{
    struct mx_hash key;

    MX_TRY(read_key(d, file_of(d->a, id), &key));
    mx_secret_wipe(&key, sizeof(key));
    return mx_keydir_write(d, MX_PII_ACTIVE, mx_str_fmt(d->a, "%s\n", mx_pii_id_text(d->a, id).p),
                           MX_KEYDIR_REPLACE);
}

enum mx_err mx_pii_ring_newest(const struct mx_keydir *d, struct mx_pii_newest *ret_newest)
{
    struct mx_pii_newest newest = {.made_ms = -1};
    struct mx_pii_ring ring;

    MX_TRY(mx_pii_ring_load(d, &ring));
    newest.keys = ring.n;
    for (int i = 0; i < ring.n; i++) {
        int64_t made_ms = mx_keydir_written_ms(d, file_of(d->a, ring.at[i].id));

        if (made_ms < newest.made_ms || (made_ms == newest.made_ms && i != ring.active))
            continue;
        newest.made_ms = made_ms;
        newest.id = ring.at[i].id;
        newest.seals = i == ring.active;
    }
    mx_secret_wipe(&ring, sizeof(ring));
    *ret_newest = newest;
    return MX_OK;
}

int64_t mx_pii_ring_activated_ms(const struct mx_keydir *d)
{
    return mx_keydir_written_ms(d, MX_PII_ACTIVE);
}

enum mx_err mx_pii_ring_retire(const struct mx_keydir *d, const char *retired)
{
    struct mx_pii_ring ring;
    enum mx_err e = mx_pii_ring_load(d, &ring);

    for (int i = 0; e == MX_OK && i < ring.n; i++) {
        const char *file = file_of(d->a, ring.at[i].id);

        if (i != ring.active)
            e = mx_keydir_rename(d, file, mx_arena_printf(d->a, "%s%s", file, retired));
    }
    mx_secret_wipe(&ring, sizeof(ring));
    return e;
}

enum mx_err mx_pii_ring_first(const struct mx_keydir *d)
{
    struct mx_pii_id id;

    if (mx_keydir_written_ms(d, MX_PII_ACTIVE) >= 0)
        return MX_OK;
    MX_TRY(mx_pii_ring_new(d, &id));
    return mx_keydir_write(d, MX_PII_ACTIVE, mx_str_fmt(d->a, "%s\n", mx_pii_id_text(d->a, id).p),
                           MX_KEYDIR_KEEP);
}
