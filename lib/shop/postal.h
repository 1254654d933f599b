/* A postal address as data: what a form, a cart and an order show. At rest all but the country is
 * one sealed value: each member in order as its length (two bytes, big-endian; 65535: absent) and
 * its bytes. */
#ifndef MX_SHOP_POSTAL_H
#define MX_SHOP_POSTAL_H

#include "base/ctx.h"

struct mx_postal {
    struct mx_str name, company, line1, line2, city, region, postal_code;
    struct mx_str country; /* ISO 3166-1 alpha-2 */
    struct mx_str phone;
};

/* The sealed value of the address row `id`. */
struct mx_str mx_postal_seal(const struct mx_ctx *cx, struct mx_id id, const struct mx_postal *p);
/* Open it again, in the arena; a row that was erased has empty members. MX_E_UNAVAILABLE (logged)
 * when it does not belong to the row or was changed. */
enum mx_err mx_postal_open(const struct mx_ctx *cx, struct mx_id id, struct mx_str sealed,
                           struct mx_str country, struct mx_postal *ret_postal) MX_MUST_CHECK;
/* True when the row can be opened and has exactly these members. */
bool mx_postal_says(const struct mx_ctx *cx, struct mx_id id, struct mx_str sealed,
                    struct mx_str country, const struct mx_postal *p);

#endif
