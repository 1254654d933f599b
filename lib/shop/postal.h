/* A postal address as data: what a form, a cart and an order show. */
#ifndef MX_SHOP_POSTAL_H
#define MX_SHOP_POSTAL_H

#include "base/str.h"

struct mx_postal {
    struct mx_str name, company, line1, line2, city, region, postal_code;
    struct mx_str country; /* ISO 3166-1 alpha-2 */
    struct mx_str phone;
};

#endif
