/* THE route table, in URL order. From a row follow: router, 405 and Allow, permission, rate class,
 * validation, idempotency and transaction, pool, cache headers, OpenAPI, the nginx locations of
 * slow routes and the tests. To add an endpoint, add its row here. */
#include "api/routes.h"

#include "api/addresses.h"
#include "api/auth.h"
#include "api/cart.h"
#include "api/catalog.h"
#include "api/me.h"
#include "api/meta.h"
#include "api/oidc.h"
#include "api/orders.h"
#include "api/products.h"
#include "api/stock.h"

/* One row: id, method, path, who, permission, flags, rate class, input, answers, errors, handler,
 * doc. */
#define ERRORS(...) ((const enum mx_err[]){__VA_ARGS__, MX_OK})

/* clang-format off */
static const struct mx_route rows[] = {
    /* ---- meta ---- */
    {"meta.healthz", MX_GET, "/v1/healthz", MX_WHO_PUBLIC, 0, 0, MX_RATE_NONE, NULL,
     {{200, &mx_shape_health, NULL}}, NULL, api_healthz,
     "The worker answers; asks nobody else."},
    {"meta.readyz", MX_GET, "/v1/readyz", MX_WHO_PUBLIC, 0, 0, MX_RATE_NONE, NULL,
     {{200, &mx_shape_readiness, NULL}}, NULL, api_readyz,
     "The database answers and its schema fits; 503 says what does not."},
    {"meta.openapi", MX_GET, "/v1/openapi.json", MX_WHO_PUBLIC, 0, MX_R_PUBLIC, MX_RATE_NONE, NULL,
     {{200, NULL, "application/json"}}, NULL, api_openapi,
     "This document."},
    {"meta.jwks", MX_GET, "/v1/jwks.json", MX_WHO_PUBLIC, 0, MX_R_PUBLIC | MX_R_KEYSET,
     MX_RATE_NONE, NULL, {{200, NULL, "application/json"}}, NULL, api_jwks,
     "Public keys of access tokens, RFC 7517."},
    {"meta.metrics", MX_GET, "/metrics", MX_WHO_PUBLIC, 0, MX_R_UNLISTED | MX_R_SLOW, MX_RATE_NONE,
     NULL, {{200, NULL, "text/plain; version=0.0.4; charset=utf-8"}}, NULL, api_metrics,
     "Prometheus text; nginx opens it to the host itself alone."},

    /* ---- tokens and accounts: auth ---- */
    {"auth.guest", MX_POST, "/v1/auth/guest", MX_WHO_ANYONE, 0, MX_R_TX, MX_RATE_SIGN_IN,
     &mx_shape_guest, {{201, &mx_shape_tokens, NULL}}, NULL, api_auth_guest,
     "A new anonymous account: a cart before sign-up."},
    {"auth.register", MX_POST, "/v1/auth/register", MX_WHO_ANYONE, 0, MX_R_SLOW, MX_RATE_PASSWORD,
     &mx_shape_register, {{202, &mx_shape_verification, NULL}, {201, &mx_shape_tokens, NULL}},
     ERRORS(MX_E_EMAIL_TAKEN), api_auth_register,
     "Sign up. 202 whether or not the address is taken: its mailbox gets a code or a notice. "
     "Where addresses need no proof, 201. A guest keeps cart and addresses."},
    {"auth.verify", MX_POST, "/v1/auth/verify", MX_WHO_ANYONE, 0, MX_R_TX, MX_RATE_PASSWORD,
     &mx_shape_verify, {{200, &mx_shape_tokens, NULL}}, ERRORS(MX_E_CODE_INVALID), api_auth_verify,
     "Prove the address by the mailed code and sign in."},
    {"auth.login", MX_POST, "/v1/auth/login", MX_WHO_ANYONE, 0, MX_R_SLOW, MX_RATE_PASSWORD,
     &mx_shape_login, {{200, &mx_shape_tokens, NULL}, {200, &mx_shape_mfa_required, NULL}},
     ERRORS(MX_E_INVALID_CREDENTIALS), api_auth_login,
     "Sign in by password. A guest's cart is merged."},
    {"auth.oidc", MX_POST, "/v1/auth/oidc", MX_WHO_ANYONE, 0, MX_R_SLOW, MX_RATE_PASSWORD,
     &mx_shape_id_proof, {{200, &mx_shape_tokens, NULL}, {200, &mx_shape_mfa_required, NULL}},
     ERRORS(MX_E_INVALID_CREDENTIALS), api_auth_oidc,
     "Sign in with the ID token of a provider; who is new gets an account. A guest's cart is "
     "merged."},
    {"auth.reauth", MX_POST, "/v1/auth/reauth", MX_WHO_TOKEN, 0, MX_R_SLOW | MX_R_ENROL,
     MX_RATE_PASSWORD, &mx_shape_own_password, {{204, NULL, NULL}},
     ERRORS(MX_E_INVALID_CREDENTIALS), api_auth_reauth,
     "Prove again to be there: what needs a fresh sign-in is open for a while."},
    {"auth.refresh", MX_POST, "/v1/auth/refresh", MX_WHO_PUBLIC, 0, MX_R_TX, MX_RATE_SIGN_IN,
     &mx_shape_refresh, {{200, &mx_shape_tokens, NULL}}, ERRORS(MX_E_INVALID_REFRESH_TOKEN),
     api_auth_refresh,
     "Spend a refresh token for new tokens. A lost answer may be asked for again at once; "
     "later use of a spent one ends the session."},
    {"auth.logout", MX_POST, "/v1/auth/logout", MX_WHO_TOKEN, 0, MX_R_TX | MX_R_ENROL, MX_RATE_NONE,
     &mx_shape_logout, {{204, NULL, NULL}}, NULL, api_auth_logout,
     "End this session, or every one of the account."},

    /* ---- tokens and accounts: me ---- */
    {"me.get", MX_GET, "/v1/me", MX_WHO_TOKEN, 0, MX_R_ENROL, MX_RATE_NONE, NULL,
     {{200, &mx_shape_user, NULL}}, NULL, api_me_get,
     "The caller's account."},
    {"me.patch", MX_PATCH, "/v1/me", MX_WHO_TOKEN, 0, MX_R_TX, MX_RATE_NONE, &mx_shape_me_patch,
     {{200, &mx_shape_user, NULL}}, NULL, api_me_patch,
     "Change name, phone or locale; what is not sent stays."},
    {"me.addresses.list", MX_GET, "/v1/me/addresses", MX_WHO_TOKEN, 0, 0, MX_RATE_NONE,
     &mx_shape_address_page, {{200, &mx_shape_addresses, NULL}}, NULL, api_addresses_list,
     "The address book, newest first."},
    {"me.addresses.add", MX_POST, "/v1/me/addresses", MX_WHO_TOKEN, 0, MX_R_TX, MX_RATE_NONE,
     &mx_shape_address_new, {{201, &mx_shape_address, NULL}}, ERRORS(MX_E_CONFLICT),
     api_address_add,
     "Add an entry; the first one becomes the default."},
    {"me.addresses.get", MX_GET, "/v1/me/addresses/{id}", MX_WHO_TOKEN, 0, 0, MX_RATE_NONE,
     &mx_shape_address_id, {{200, &mx_shape_address, NULL}}, NULL, api_address_get,
     "One entry."},
    {"me.addresses.put", MX_PUT, "/v1/me/addresses/{id}", MX_WHO_TOKEN, 0, MX_R_TX, MX_RATE_NONE,
     &mx_shape_address_put, {{200, &mx_shape_address, NULL}}, NULL, api_address_put,
     "Replace an entry. Carts and orders keep the address they were given."},
    {"me.addresses.remove", MX_DELETE, "/v1/me/addresses/{id}", MX_WHO_TOKEN, 0, MX_R_TX,
     MX_RATE_NONE, &mx_shape_address_id, {{204, NULL, NULL}}, NULL, api_address_remove,
     "Remove an entry."},

    {"me.identities.list", MX_GET, "/v1/me/identities", MX_WHO_TOKEN, 0, 0, MX_RATE_NONE, NULL,
     {{200, &mx_shape_identities, NULL}}, NULL, api_identities_list,
     "Providers that the caller signs in with."},
    {"me.identities.add", MX_POST, "/v1/me/identities", MX_WHO_TOKEN, 0, MX_R_SLOW | MX_R_FRESH,
     MX_RATE_PASSWORD, &mx_shape_id_proof, {{201, &mx_shape_identity, NULL}},
     ERRORS(MX_E_INVALID_CREDENTIALS, MX_E_FORBIDDEN, MX_E_CONFLICT), api_identity_add,
     "Sign in with a provider too from now on."},
    {"me.identities.remove", MX_DELETE, "/v1/me/identities/{id}", MX_WHO_TOKEN, 0,
     MX_R_TX | MX_R_FRESH, MX_RATE_NONE, &mx_shape_identity_id, {{204, NULL, NULL}},
     ERRORS(MX_E_CONFLICT), api_identity_remove,
     "Sign in with a provider no longer; the last way to sign in stays."},

    /* ---- catalog ---- */
    {"categories.list", MX_GET, "/v1/categories", MX_WHO_PUBLIC, 0, MX_R_PUBLIC, MX_RATE_NONE,
     &mx_shape_category_query, {{200, &mx_shape_categories, NULL}}, NULL, api_categories_list,
     "The category tree."},
    {"categories.get", MX_GET, "/v1/categories/{slug}", MX_WHO_PUBLIC, 0, MX_R_PUBLIC,
     MX_RATE_NONE, &mx_shape_category_slug, {{200, &mx_shape_category, NULL}}, NULL,
     api_category_get,
     "A category with its children and breadcrumb."},
    {"products.list", MX_GET, "/v1/products", MX_WHO_PUBLIC, 0, MX_R_PUBLIC, MX_RATE_NONE,
     &mx_shape_product_query, {{200, &mx_shape_product_page, NULL}}, NULL, api_products_list,
     "Products for sale, by filters and words, in one of six orders."},
    {"products.get", MX_GET, "/v1/products/{product}", MX_WHO_PUBLIC, 0, MX_R_PUBLIC, MX_RATE_NONE,
     &mx_shape_product_ref, {{200, &mx_shape_product, NULL}}, NULL, api_product_get,
     "A product by slug or id, with all that its page shows."},

    /* ---- cart ---- */
    {"cart.get", MX_GET, "/v1/cart", MX_WHO_TOKEN, 0, 0, MX_RATE_NONE, NULL,
     {{200, &mx_shape_cart, NULL}}, NULL, api_cart_get,
     "The open cart, made if there is none."},
    {"cart.items.add", MX_POST, "/v1/cart/items", MX_WHO_TOKEN, 0, MX_R_TX, MX_RATE_NONE,
     &mx_shape_cart_add, {{201, &mx_shape_cart, NULL}}, ERRORS(MX_E_OUT_OF_STOCK),
     api_cart_item_add,
     "Add a variant; adds up with what is there."},
    {"cart.items.set", MX_PATCH, "/v1/cart/items/{id}", MX_WHO_TOKEN, 0, MX_R_TX, MX_RATE_NONE,
     &mx_shape_cart_item_set, {{200, &mx_shape_cart, NULL}}, ERRORS(MX_E_OUT_OF_STOCK),
     api_cart_item_set,
     "Set a line's quantity; 0 removes it."},
    {"cart.items.remove", MX_DELETE, "/v1/cart/items/{id}", MX_WHO_TOKEN, 0, MX_R_TX, MX_RATE_NONE,
     &mx_shape_cart_item_id, {{200, &mx_shape_cart, NULL}}, NULL, api_cart_item_remove,
     "Remove a line."},
    {"cart.shipping_address.put", MX_PUT, "/v1/cart/shipping-address", MX_WHO_TOKEN, 0, MX_R_TX,
     MX_RATE_NONE, &mx_shape_cart_ship_to, {{200, &mx_shape_cart, NULL}}, NULL, api_cart_ship_to,
     "Ship to an address, or to an entry of the address book."},
    {"cart.shipping_methods.list", MX_GET, "/v1/cart/shipping-methods", MX_WHO_TOKEN, 0, 0,
     MX_RATE_NONE, NULL, {{200, &mx_shape_shipping_offers, NULL}}, NULL, api_cart_shipping_methods,
     "Ways to ship this cart, with prices."},
    {"cart.shipping_method.put", MX_PUT, "/v1/cart/shipping-method", MX_WHO_TOKEN, 0, MX_R_TX,
     MX_RATE_NONE, &mx_shape_cart_ship_by, {{200, &mx_shape_cart, NULL}}, NULL, api_cart_ship_by,
     "Choose a way to ship."},

    /* ---- checkout and orders ---- */
    {"checkout", MX_POST, "/v1/checkout", MX_WHO_TOKEN, 0, MX_R_TX | MX_R_IDEMPOTENT | MX_R_MONEY,
     MX_RATE_NONE, &mx_shape_checkout, {{201, &mx_shape_order, NULL}},
     ERRORS(MX_E_CART_EMPTY, MX_E_OUT_OF_STOCK, MX_E_PRICE_CHANGED, MX_E_PAYMENT_DECLINED),
     api_checkout,
     "Turn the cart into an order and pay it."},
    {"orders.list", MX_GET, "/v1/orders", MX_WHO_TOKEN, 0, 0, MX_RATE_NONE, &mx_shape_order_page,
     {{200, &mx_shape_orders, NULL}}, NULL, api_orders_list,
     "The caller's orders, newest first."},
    {"orders.get", MX_GET, "/v1/orders/{id}", MX_WHO_TOKEN, 0, 0, MX_RATE_NONE, &mx_shape_order_id,
     {{200, &mx_shape_order, NULL}}, NULL, api_order_get,
     "One of the caller's orders."},
    {"orders.cancel", MX_POST, "/v1/orders/{id}/cancel", MX_WHO_TOKEN, 0, MX_R_TX | MX_R_MONEY,
     MX_RATE_NONE, &mx_shape_order_id, {{200, &mx_shape_order, NULL}},
     ERRORS(MX_E_INVALID_TRANSITION), api_order_cancel,
     "Cancel before fulfilment begins; stock and money go back."},

    /* ---- staff: products and stock ---- */
    {"admin.products.list", MX_GET, "/v1/admin/products", MX_WHO_STAFF, MX_PERM_CATALOG_READ, 0,
     MX_RATE_NONE, &mx_shape_staff_product_query, {{200, &mx_shape_staff_products, NULL}}, NULL,
     api_admin_products_list,
     "Products in any state, newest first."},
    {"admin.products.create", MX_POST, "/v1/admin/products", MX_WHO_STAFF, MX_PERM_CATALOG_WRITE,
     MX_R_TX, MX_RATE_NONE, &mx_shape_product_write, {{201, &mx_shape_staff_product, NULL}},
     ERRORS(MX_E_CONFLICT), api_admin_product_create,
     "Make a product with its variants and their opening stock."},
    {"admin.products.get", MX_GET, "/v1/admin/products/{id}", MX_WHO_STAFF, MX_PERM_CATALOG_READ,
     0, MX_RATE_NONE, &mx_shape_product_id, {{200, &mx_shape_staff_product, NULL}}, NULL,
     api_admin_product_get,
     "A product in any state, with its stock."},
    {"admin.products.update", MX_PATCH, "/v1/admin/products/{id}", MX_WHO_STAFF,
     MX_PERM_CATALOG_WRITE, MX_R_TX, MX_RATE_NONE, &mx_shape_product_patch,
     {{200, &mx_shape_staff_product, NULL}}, ERRORS(MX_E_CONFLICT, MX_E_VERSION_CONFLICT),
     api_admin_product_update,
     "Change what is sent; variants go by sku, those missing are withdrawn."},
    {"admin.products.archive", MX_DELETE, "/v1/admin/products/{id}", MX_WHO_STAFF,
     MX_PERM_CATALOG_WRITE, MX_R_TX, MX_RATE_NONE, &mx_shape_product_version, {{204, NULL, NULL}},
     ERRORS(MX_E_VERSION_CONFLICT), api_admin_product_archive,
     "Take a product off the shop; orders keep it."},
    {"admin.stock.list", MX_GET, "/v1/admin/stock", MX_WHO_STAFF, MX_PERM_CATALOG_READ, 0,
     MX_RATE_NONE, &mx_shape_stock_query, {{200, &mx_shape_stock_page, NULL}}, NULL,
     api_admin_stock_list,
     "Stock by variant."},
    {"admin.stock.adjust", MX_POST, "/v1/admin/stock/adjustments", MX_WHO_STAFF,
     MX_PERM_STOCK_WRITE, MX_R_TX, MX_RATE_NONE, &mx_shape_stock_adjustment,
     {{201, &mx_shape_stock, NULL}}, ERRORS(MX_E_NOT_FOUND, MX_E_CONFLICT), api_admin_stock_adjust,
     "Add to a level or set it; never below what is promised."},
};
/* clang-format on */

const struct mx_route_table mx_routes = {rows, MX_LEN(rows)};
