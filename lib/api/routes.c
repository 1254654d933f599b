/* THE route table: the list of the tables of each noun, which stand beside their handlers. From a
 * row follow: router, 405 and Allow, permission, rate class, validation, idempotency and
 * transaction, pool, cache headers, OpenAPI, the nginx locations of slow routes and the tests. To
 * add an endpoint, add its row to its noun's table. */
#include "api/routes.h"

#include "api/account/addresses.h"
#include "api/account/auth.h"
#include "api/account/countries.h"
#include "api/account/credentials.h"
#include "api/account/customers.h"
#include "api/account/export.h"
#include "api/account/me.h"
#include "api/account/mfa.h"
#include "api/account/oidc.h"
#include "api/account/passkeys.h"
#include "api/account/roles.h"
#include "api/account/sessions.h"
#include "api/account/staff.h"
#include "api/audit.h"
#include "api/catalog/catalog.h"
#include "api/catalog/products.h"
#include "api/catalog/stock.h"
#include "api/jobs.h"
#include "api/meta.h"
#include "api/pricing/tax_rates.h"
#include "api/sales/cart.h"
#include "api/sales/orders.h"
#include "api/sales/shipping_methods.h"

const struct mx_route *const mx_routes[] = {
    mx_routes_meta,      mx_routes_auth,
    mx_routes_oidc,      mx_routes_staff,
    mx_routes_passkeys,  mx_routes_credentials,
    mx_routes_me,        mx_routes_export,
    mx_routes_mfa,       mx_routes_addresses,
    mx_routes_sessions,  mx_routes_catalog,
    mx_routes_cart,      mx_routes_orders,
    mx_routes_products,  mx_routes_stock,
    mx_routes_customers, mx_routes_roles,
    mx_routes_audit,     mx_routes_jobs,
    mx_routes_tax_rates, mx_routes_shipping_methods,
    mx_routes_countries, NULL,
};
