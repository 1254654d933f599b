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
#include "api/examples.h"
#include "api/jobs.h"
#include "api/meta.h"
#include "api/pricing/tax_rates.h"
#include "api/sales/cart.h"
#include "api/sales/orders.h"
#include "api/sales/shipping_methods.h"
#include "http/openapi.h"

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

static const struct mx_openapi_tag tags[] = {
    {"meta", "Health checks, this document, and the public keys of access tokens."},
    {"auth", "Guest accounts, sign-up, sign-in, second factors, refreshing tokens, and resetting a "
             "forgotten password. Every way to sign in ends with an access token and a refresh "
             "token."},
    {"me", "The caller's own account: profile, password, e-mail address, second factors, passkeys, "
           "address book, sessions, export of personal data, and closing the account."},
    {"countries", "Countries, and the members that a postal address in each requires."},
    {"categories", "The category tree of the catalog. Public and cacheable."},
    {"products", "Products for sale: search, filters, facets, and product pages. Public and "
                 "cacheable."},
    {"cart",
     "The open cart, of which an account has one. Totals are always computed by the server; "
     "every change returns the whole cart."},
    {"checkout", "Placing an order, from the cart or in a single call."},
    {"orders", "The caller's orders: reading, paying again after a decline, and cancelling."},
    {"admin",
     "Managing the store, for staff. Each operation requires a permission, and every change "
     "is in the audit log. Changeable resources have a `version` for `If-Match`."},
    {0},
};

void mx_api_openapi(struct mx_jsonw *w, const struct mx_settings *conf, struct mx_str mount)
{
    const struct mx_openapi_about about = {.title = conf->shop_name,
                                           .url = conf->shop_url,
                                           .server = mount,
                                           .example = mx_example,
                                           .tags = tags};

    mx_openapi_write(w, mx_routes, &about);
}
