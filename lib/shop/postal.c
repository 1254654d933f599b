#include "shop/postal.h"

#include "base/buf.h"
#include "base/list.h"
#include "shop/sealed.h"

#define SEALED_MAX 4500 /* of the column */
#define ABSENT 0xffff

/* The sealed members, in this order. */
static const size_t members[] = {
    offsetof(struct mx_postal, name),        offsetof(struct mx_postal, company),
    offsetof(struct mx_postal, line1),       offsetof(struct mx_postal, line2),
    offsetof(struct mx_postal, city),        offsetof(struct mx_postal, region),
    offsetof(struct mx_postal, postal_code), offsetof(struct mx_postal, phone),
};

static struct mx_str *member(struct mx_postal *p, size_t i)
{
    return (struct mx_str *)((char *)p + members[i]);
}

struct mx_str mx_postal_seal(const struct mx_ctx *cx, struct mx_id id, const struct mx_postal *p)
{
    struct mx_postal copy = *p;
    struct mx_buf out;

    mx_buf_init(&out, cx->arena, SEALED_MAX - MX_PII_OVERHEAD);
    for (size_t i = 0; i < MX_LEN(members); i++) {
        struct mx_str s = *member(&copy, i);
        size_t n = s.p != NULL ? s.n : ABSENT;

        mx_buf_byte(&out, (char)(n >> 8));
        mx_buf_byte(&out, (char)(n & 0xff));
        mx_buf_str(&out, s);
    }
    MX_ASSERT(!out.overflow);
    return mx_pii_seal(cx->arena, cx->proc->keys, MX_SEALED_ADDRESS, id, mx_buf_view(&out));
}

/* Unpack the members that mx_postal_seal packed: nothing else opens. */
static void unpack(struct mx_str packed, struct mx_postal *p)
{
    for (size_t i = 0; i < MX_LEN(members); i++) {
        size_t n;

        MX_ASSERT(packed.n >= 2);
        n = (size_t)(unsigned char)packed.p[0] << 8 | (unsigned char)packed.p[1];
        packed = mx_str_sub(packed, 2, packed.n);
        if (n == ABSENT)
            continue;
        MX_ASSERT(packed.n >= n);
        *member(p, i) = mx_str_sub(packed, 0, n);
        packed = mx_str_sub(packed, n, packed.n);
    }
}

enum mx_err mx_postal_open(const struct mx_ctx *cx, struct mx_id id, struct mx_str sealed,
                           struct mx_str country, struct mx_postal *ret_postal)
{
    struct mx_str packed, none = MX_S("");

    *ret_postal = (struct mx_postal){.country = country};
    MX_TRY(mx_sealed_open(cx, MX_SEALED_ADDRESS, id, sealed, &packed));
    if (packed.p == NULL)
        ret_postal->name = ret_postal->line1 = ret_postal->city = ret_postal->postal_code = none;
    else
        unpack(packed, ret_postal);
    return MX_OK;
}

bool mx_postal_says(const struct mx_ctx *cx, struct mx_id id, struct mx_str sealed,
                    struct mx_str country, const struct mx_postal *p)
{
    struct mx_postal there, copy = *p;

    if (mx_postal_open(cx, id, sealed, country, &there) != MX_OK)
        return false;
    for (size_t i = 0; i < MX_LEN(members); i++)
        if (!mx_str_eq(*member(&there, i), *member(&copy, i)))
            return false;
    return mx_str_eq(there.country, p->country);
}
