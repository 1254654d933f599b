#include "codec/pii.h"

#include "base/arena.h"
#include "codec/keys_internal.h"

#define VERSION 1
#define HEAD (1 + MX_PII_ID)

_Static_assert(MX_PII_OVERHEAD == HEAD + MX_AEAD_OVERHEAD, "the head, nonce and tag");

/* Head, row and column: the last may have any length, so it comes last. */
static struct mx_str associated(struct mx_arena *a, const unsigned char *head, const char *column,
                                struct mx_id row)
{
    struct mx_str text = mx_str_c(column);
    size_t n = HEAD + sizeof(row.b) + text.n;
    unsigned char *p = mx_arena_alloc(a, n);

    memcpy(p, head, HEAD);
    memcpy(p + HEAD, row.b, sizeof(row.b));
    memcpy(p + HEAD + sizeof(row.b), text.p, text.n);
    return (struct mx_str){(const char *)p, n};
}

struct mx_str mx_pii_seal(struct mx_arena *a, const struct mx_keys *k, const char *column,
                          struct mx_id row, struct mx_str plain)
{
    const struct mx_pii_ring *ring = &k->pii;
    unsigned char *out;

    if (!plain.p)
        return plain;
    out = mx_arena_alloc(a, plain.n + MX_PII_OVERHEAD);
    out[0] = VERSION;
    memcpy(out + 1, ring->at[ring->active].id.b, MX_PII_ID);
    mx_aead_seal(&ring->at[ring->active].key, associated(a, out, column, row), plain, out + HEAD);
    return (struct mx_str){(const char *)out, plain.n + MX_PII_OVERHEAD};
}

static const struct mx_hash *key_of(const struct mx_pii_ring *ring, struct mx_str sealed)
{
    struct mx_pii_id id;

    if (mx_pii_key_of(sealed, &id))
        for (int i = 0; i < ring->n; i++)
            if (memcmp(ring->at[i].id.b, id.b, MX_PII_ID) == 0)
                return &ring->at[i].key;
    return NULL;
}

bool mx_pii_open(struct mx_arena *a, const struct mx_keys *k, const char *column, struct mx_id row,
                 struct mx_str sealed, struct mx_str *ret_plain)
{
    const unsigned char *head = (const unsigned char *)sealed.p;
    const struct mx_hash *key = key_of(&k->pii, sealed);

    if (!sealed.p) {
        *ret_plain = sealed;
        return true;
    }
    return key && mx_aead_open(a, key, associated(a, head, column, row),
                               mx_str_sub(sealed, HEAD, sealed.n), ret_plain);
}

bool mx_pii_key_of(struct mx_str sealed, struct mx_pii_id *ret_id)
{
    if (sealed.n < MX_PII_OVERHEAD || sealed.p[0] != VERSION)
        return false;
    memcpy(ret_id->b, sealed.p + 1, MX_PII_ID);
    return true;
}

struct mx_pii_id mx_pii_active(const struct mx_keys *k)
{
    return k->pii.at[k->pii.active].id;
}
