/* /v1/admin/shipping-methods. A change counts from the next time that a cart is read: of a
 * method that is gone or not active the cart has none, and another one has to be chosen. */
#include "api/sales/shipping_methods.h"

#include "api/crud.h"
#include "q/shipping_method.h"
#include "shop/currency.h"
#include "shop/json_rows.h"

#define RATES_MAX 300

/* A method with its rates. */
struct method {
    struct q_shipping_method_row row;
    struct mx_list rates; /* struct q_shipping_rate_row; country absent: every other */
};

#define R struct q_shipping_rate_row
static const struct mx_field rate_fields[] = {
    MX_F(R, country, MX_BODY, MX_F_NULLABLE, 2, 2, MX_COUNTRY,
         "Country of the shipping address; null: every country without a rate of "
         "its own."),
    MX_F(R, price, MX_BODY, MX_F_REQUIRED, 0, MX_MONEY_MAX, MX_LINE, "Price of shipping."),
    MX_F(R, free_from, MX_BODY, MX_F_NULLABLE, 0, MX_MONEY_MAX, MX_LINE,
         "Subtotal from which shipping is free, in the currency of `price`; null: "
         "never."),
};
static MX_SHAPE(rate_shape, "ShippingRate", R, rate_fields);

#define M(m, flags, min, max, fmt, doc) \
    MX_F_AS(struct method, row.m, #m, MX_BODY, flags, min, max, fmt, doc)
static const struct mx_field fields[] = {
    M(id, MX_F_READ_ONLY, 0, 0, MX_TEXT, "Id of the shipping method."),
    M(name, MX_F_REQUIRED, 1, 120, MX_LINE, "Name, as shown to the buyer."),
    M(position, 0, 0, 10000, MX_LINE, "Position in lists of shipping methods, lowest first."),
    M(active, 0, 0, 0, MX_LINE, "True: offered to buyers; true by default."),
    M(days_min, MX_F_REQUIRED, 0, 365, MX_LINE, "Shortest delivery time in days."),
    M(days_max, MX_F_REQUIRED, 0, 365, MX_LINE, "Longest delivery time in days."),
    MX_F_SUB(struct method, rates, MX_K_LIST, MX_F_REQUIRED, 1, RATES_MAX, &rate_shape,
             "Prices, at most one for each country and currency. A change replaces the "
             "whole list."),
    M(version, MX_F_READ_ONLY, 1, MX_MONEY_MAX, MX_TEXT,
      "Version of the resource; send it in `If-Match` to detect changes by "
      "others."),
    M(created_at, MX_F_READ_ONLY, 0, 0, MX_TEXT, "Time of creation."),
    M(updated_at, MX_F_READ_ONLY, 0, 0, MX_TEXT, "Time of the last change."),
};
static MX_SHAPE(shape, "ShippingMethod", struct method, fields);
MX_CRUD_BATCH(&shape, "ShippingMethod");

/* ---- rules ---- */

static const R *rate_at(const struct method *m, size_t i)
{
    return MX_AT(m->rates, const R, i);
}

static bool same_place(const R *a, const R *b)
{
    return mx_str_eq(a->country, b->country) &&
           mx_currency_eq(a->price.currency, b->price.currency);
}

static void check_rate(struct mx_ctx *cx, const struct method *m, size_t i)
{
    const R *r = rate_at(m, i);
    size_t k = 0;

    while (k < i && !same_place(rate_at(m, k), r))
        k++;
    if (k < i)
        mx_fault_at(cx->faults, mx_str_fmt(cx->arena, "/rates/%zu/country", i), "repeated",
                    "There is already a rate for this country and currency.");
    mx_currency_check(cx, mx_str_fmt(cx->arena, "/rates/%zu/price", i), r->price);
    if (r->free_from.currency.code[0] != 0 &&
        !mx_currency_eq(r->free_from.currency, r->price.currency))
        mx_fault_at(cx->faults, mx_str_fmt(cx->arena, "/rates/%zu/free_from/currency", i),
                    "mismatch", "must be the same as the currency of price");
}

static enum mx_err check(struct mx_ctx *cx, MX_UNUSED const void *before, const void *after)
{
    const struct method *m = after;

    if (!m)
        return MX_OK;
    if (m->row.days_max < m->row.days_min)
        mx_fault_at(cx->faults, MX_S("/days_max"), "out_of_range", "must be at least days_min");
    for (size_t i = 0; i < m->rates.n; i++)
        check_rate(cx, m, i);
    return MX_OK;
}

/* ---- rates ---- */

/* The rates of each method stand together. */
static enum mx_err load(struct mx_ctx *cx, void *at, size_t n)
{
    struct method *m = at;
    struct q_shipping_method_rates_in in = {mx_json_rows_ids(cx->arena, &m->row.id, n, sizeof(*m))};
    struct mx_list rows;

    MX_TRY(q_shipping_method_rates(cx->db, &in, &rows));
    for (size_t k = rows.n; k-- > 0;) {
        R *r = MX_AT(rows, R, k);

        if (mx_str_eqc(r->country, "*"))
            r->country = (struct mx_str){0};
        for (size_t i = 0; i < n; i++)
            if (mx_id_eq(m[i].row.id, r->method))
                m[i].rates = MX_LIST(r, m[i].rates.n + 1);
    }
    return MX_OK;
}

static enum mx_err unsave(struct mx_ctx *cx, struct mx_id id)
{
    return q_shipping_method_drop_rates(cx->db, &(struct q_shipping_method_drop_rates_in){id},
                                        NULL);
}

static enum mx_err save(struct mx_ctx *cx, const void *one)
{
    const struct method *m = one;

    MX_TRY(unsave(cx, m->row.id));
    for (size_t i = 0; i < m->rates.n; i++) {
        R r = *rate_at(m, i);

        r.method = m->row.id;
        if (!r.country.p)
            r.country = MX_S("*");
        MX_TRY(q_shipping_method_add_rate(cx->db, &r, NULL));
    }
    return MX_OK;
}

static const struct method fresh = {.row = {.active = true}};

static const struct mx_noun noun = {
    .name = "shipping_method",
    .shape = &shape,
    .fresh = &fresh,
    MX_NOUN_STATEMENTS(shipping_method),
    .check = check,
    .load = load,
    .save = save,
    .unsave = unsave,
};

const struct mx_route mx_routes_shipping_methods[] = {
    MX_CRUD_ROUTES(&noun, &shape, "admin.shipping_methods", "/v1/admin/shipping-methods", NULL,
                   MX_PERM(CATALOG_READ), MX_PERM(SETTINGS_WRITE), "shipping method",
                   "shipping methods"),
    {0}};
