/* /v1/admin/shipping-methods */
#ifndef MX_API_SALES_SHIPPING_METHODS_H
#define MX_API_SALES_SHIPPING_METHODS_H

#include "http/route.h"

extern const struct mx_route mx_routes_shipping_methods[];

#endif
