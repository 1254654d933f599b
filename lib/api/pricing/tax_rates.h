/* /v1/admin/tax-rates */
#ifndef MX_API_PRICING_TAX_RATES_H
#define MX_API_PRICING_TAX_RATES_H

#include "http/route.h"

extern const struct mx_route mx_routes_tax_rates[];

#endif
