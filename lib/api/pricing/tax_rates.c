/* /v1/admin/tax-rates: a rate counts from the next time that a cart is read. */
#include "api/pricing/tax_rates.h"

#include "api/crud.h"
#include "q/tax_rate.h"

#define R struct q_tax_rate_row
static const struct mx_field fields[] = {
    MX_F(R, id, MX_BODY, MX_F_READ_ONLY, 0, 0, MX_TEXT, "Id of the tax rate."),
    MX_F(R, country, MX_BODY, MX_F_REQUIRED, 2, 2, MX_COUNTRY, "Country of the shipping address."),
    MX_F(R, class, MX_BODY, MX_F_REQUIRED, 1, 32, MX_SLUG,
         "Tax class of products, like standard: lower-case letters, digits and "
         "single hyphens. The last rate of a class that products use cannot be "
         "deleted."),
    MX_F(R, rate_ppm, MX_BODY, MX_F_REQUIRED, 0, 1000000, MX_LINE,
         "Rate in parts per million: 190000 is 19 %."),
    MX_F(R, name, MX_BODY, MX_F_REQUIRED, 1, 120, MX_LINE, "Name for invoices, like VAT 19 %."),
    MX_F(R, version, MX_BODY, MX_F_READ_ONLY, 1, MX_MONEY_MAX, MX_TEXT,
         "Version of the resource; send it in `If-Match` to detect changes by "
         "others."),
    MX_F(R, created_at, MX_BODY, MX_F_READ_ONLY, 0, 0, MX_TEXT, "Time of creation."),
    MX_F(R, updated_at, MX_BODY, MX_F_READ_ONLY, 0, 0, MX_TEXT, "Time of the last change."),
};
static MX_SHAPE(shape, "TaxRate", R, fields);
MX_CRUD_BATCH(&shape, "TaxRate");

static const struct mx_field filter_fields[] = {
    MX_F(struct q_tax_rate_page_in, country, MX_QUERY, 0, 2, 2, MX_COUNTRY,
         "Only rates of this country."),
};
static MX_SHAPE(filters, "TaxRateFilters", struct q_tax_rate_page_in, filter_fields);

/* The last rate of a class stays while products are of it: they would be sold without tax, and
 * nobody be told. A product that takes the class holds a rate of it until it is written. */
static enum mx_err check(struct mx_ctx *cx, const void *before, const void *after)
{
    const R *was = before, *is = after;
    struct mx_list rows;

    if (!was || (is && mx_str_eq(was->class, is->class)))
        return MX_OK;
    MX_TRY(q_tax_rate_of_class(cx->db, &(struct q_tax_rate_of_class_in){was->class}, &rows));
    if (rows.n > 1)
        return MX_OK;
    MX_TRY(q_tax_rate_product_of_class(cx->db, &(struct q_tax_rate_product_of_class_in){was->class},
                                       &rows));
    if (rows.n == 0)
        return MX_OK;
    mx_fault_at(cx->faults, MX_S("/class"), "in_use", "is used by products");
    return mx_fail(cx->faults, MX_E_CONFLICT,
                   "This is the last rate of a tax class that products use. For no tax, set "
                   "its rate to 0.");
}

static const struct mx_noun noun = {
    .name = "tax_rate",
    .shape = &shape,
    MX_NOUN_STATEMENTS(tax_rate),
    .key = "/class",
    .taken = "A rate for this country and class exists already.",
    .check = check,
};

const struct mx_route mx_routes_tax_rates[] = {
    MX_CRUD_ROUTES(&noun, &shape, "admin.tax_rates", "/v1/admin/tax-rates", &filters,
                   MX_PERM(CATALOG_READ), MX_PERM(SETTINGS_WRITE), "tax rate", "tax rates"),
    {0}};
