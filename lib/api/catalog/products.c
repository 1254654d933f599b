/* /v1/admin/products */
#include "api/catalog/products.h"

#include "api/catalog/product_fields.h"

/* ---- answers ---- */

static const struct mx_field variant_fields[] = {
    MX_VARIANT_FIELDS,
    MX_O_METADATA(struct mx_variant, metadata, "Data of the staff, not shown to buyers."),
    MX_O(struct mx_variant, stock, "Units on hand."),
    MX_O(struct mx_variant, reserved, "Units reserved for orders."),
    MX_O(struct mx_variant, available, "stock - reserved."),
};
static MX_SHAPE(variant, "StaffVariant", struct mx_variant, variant_fields);

#define STATUS(T)                                 \
    MX_O_ENUM(T, status, mx_product_status_names, \
              "active: for sale; draft and archived products are not public.")
static const struct mx_field product_fields[] = {
    MX_PRODUCT_FIELDS(&variant),
    STATUS(struct mx_product),
    MX_O_METADATA(struct mx_product, metadata, "Data of the staff, not shown to buyers."),
    MX_O(struct mx_product, version,
         "Version of the resource; send it in `If-Match` to detect changes by "
         "others."),
    MX_O(struct mx_product, tax_class, "Tax class, which decides the tax rate of a country."),
    MX_O(struct mx_product, created_at, "Time of creation."),
    MX_O(struct mx_product, updated_at, "Time of the last change."),
};
static MX_SHAPE(staff_product_shape, "StaffProduct", struct mx_product, product_fields);

static const struct mx_field row_fields[] = {
    MX_CARD_FIELDS(struct mx_product_row, card.),
    STATUS(struct mx_product_row),
    MX_O(struct mx_product_row, version,
         "Version of the resource; send it in `If-Match` to detect changes by "
         "others."),
    MX_O(struct mx_product_row, updated_at, "Time of the last change."),
};
static MX_SHAPE(row, "StaffProductRow", struct mx_product_row, row_fields);

/* ---- requests ---- */

struct product_query {
    int status;
    bool has_status;
    struct mx_str q;
};
static const struct mx_field product_query_fields[] = {
    MX_F_ENUM_HAS(struct product_query, status, MX_QUERY, 0, mx_product_status_names,
                  "Only products in this state."),
    MX_F(struct product_query, q, MX_QUERY, 0, 1, 200, MX_LINE,
         "Full-text search over title, description, SKU and brand."),
};
static MX_SHAPE(staff_product_query_shape, "StaffProductQuery", struct product_query,
                product_query_fields);

#define W struct mx_product_write
#define ID MX_F(W, id, MX_PATH, MX_F_REQUIRED, 0, 0, MX_LINE, "Id of the product.")
#define IF_MATCH MX_F_IF_MATCH(W, if_match)

static const struct mx_field id_fields[] = {ID};
static MX_SHAPE(product_id_shape, "ProductId", W, id_fields);

static const struct mx_field version_fields[] = {ID, IF_MATCH};
static MX_SHAPE(product_version_shape, "ProductVersion", W, version_fields);

static const struct mx_field variant_write_fields[] = {
    MX_F(struct mx_variant_write, id, MX_BODY, 0, 0, 0, MX_LINE,
         "Id of an existing variant; without it, `sku` identifies the variant."),
    MX_F(struct mx_variant_write, sku, MX_BODY, 0, 1, 64, MX_SKU,
         "SKU; required without `id`. With `id` it replaces the present one."),
    MX_F_HAS(struct mx_variant_write, title, MX_BODY, MX_F_NULLABLE, 1, 200, MX_LINE,
             "Title; by default its option values."),
    MX_F_KIND_HAS(struct mx_variant_write, options, "options", MX_K_MAP, MX_BODY, 0, 0, 5, MX_LINE,
                  "Value of each option, by name."),
    MX_F_HAS(struct mx_variant_write, price, MX_BODY, 0, 0, MX_PRICE_MAX, MX_LINE,
             "Price of one unit, before tax; required for a new variant."),
    MX_F_HAS(struct mx_variant_write, compare_at_price, MX_BODY, MX_F_NULLABLE, 0, MX_PRICE_MAX,
             MX_LINE, "Former price, not below the price, to display the price as reduced."),
    MX_F_HAS(struct mx_variant_write, weight_grams, MX_BODY, MX_F_NULLABLE, 0, 1000000000, MX_LINE,
             "Weight in grams; 0: unknown."),
    MX_F_HAS(struct mx_variant_write, stock, MX_BODY, 0, 0, MX_STOCK_MAX, MX_LINE,
             "Opening stock of a new variant, 0 by default; requires the permission "
             "`stock.write`. Change existing stock with POST "
             "/v1/admin/stock/adjustments."),
    MX_F_METADATA(struct mx_variant_write, metadata, "Data of the staff, not shown to buyers."),
    MX_F_METADATA(struct mx_variant_write, public_metadata,
                  "Data of the staff that buyers can read."),
};
static MX_SHAPE(variant_write, "VariantWrite", struct mx_variant_write, variant_write_fields);

/* clang-format off */
#define WRITE_FIELDS(needed)                                                                       \
    MX_F_HAS(W, slug, MX_BODY, 0, 1, 120, MX_SLUG, "Name in URLs; by default made of the title."), \
    MX_F_HAS(W, title, MX_BODY, needed, 1, 200, MX_LINE, "Name."),                                 \
    MX_F_HAS(W, description, MX_BODY, MX_F_NULLABLE, 0, 16000, MX_TEXT, "Description."),           \
    MX_F_HAS(W, brand, MX_BODY, MX_F_NULLABLE, 1, 120, MX_LINE, "Brand."),                         \
    MX_F_ENUM_HAS(W, status, MX_BODY, 0, mx_product_status_names,                                  \
                  "State of the product; draft by default."),                                      \
    MX_F_HAS(W, tax_class, MX_BODY, 0, 1, 32, MX_SLUG,                                             \
             "Tax class, which must have a tax rate, in lower-case letters, digits and "           \
                                                       "single hyphens; standard by default."),    \
    MX_F_KIND_HAS(W, category_slugs, "category_slugs", MX_K_STRS, MX_BODY, 0, 0, 20, MX_SLUG,      \
                  "Slugs of the categories; the product is also listed in their ancestors."),      \
    MX_F_SUB_HAS(W, options, MX_K_LIST, 0, 0, 5, &mx_shape_option,                                 \
                 "Options in which the variants differ; by default taken from the variants."),     \
    MX_F_KIND_HAS(W, attributes, "attributes", MX_K_MAP, MX_BODY, 0, 0, 50, MX_LINE,               \
                  "Values of the attributes, by name."),                                           \
    MX_F_SUB_HAS(W, media, MX_K_LIST, 0, 0, 50, &mx_shape_media,                                   \
                 "Pictures, the thumbnail first."),                                                \
    MX_F_METADATA(W, metadata, "Data of the staff, not shown to buyers."),                         \
    MX_F_METADATA(W, public_metadata, "Data of the staff that buyers can read."),                  \
    MX_F_SUB_HAS(W, variants, MX_K_LIST, needed, 1, 100, &variant_write,                           \
                 "The whole list of variants; those that are missing are withdrawn from "          \
                 "sale.")
/* clang-format on */

static const struct mx_field write_fields[] = {WRITE_FIELDS(MX_F_REQUIRED)};
MX_SHAPE(mx_shape_product_write, "ProductWrite", W, write_fields);

static const struct mx_field patch_fields[] = {ID, IF_MATCH, WRITE_FIELDS(0)};
static MX_SHAPE(product_patch_shape, "ProductPatch", W, patch_fields);

/* ---- handlers ---- */

/* Answer the product with its version as entity tag. */
static enum mx_err answer(struct mx_ctx *cx, struct mx_reply *reply, enum mx_err e,
                          const struct mx_product *p)
{
    if (e == MX_OK)
        reply->etag = mx_str_fmt(cx->arena, "%lld", (long long)p->version);
    reply->out = p;
    return e;
}

static enum mx_err api_admin_products_list(struct mx_ctx *cx, const void *in,
                                           struct mx_reply *reply)
{
    const struct product_query *i = in;
    struct mx_product_query q = {.has_status = i->has_status,
                                 .status = i->status,
                                 .q = i->q,
                                 .after = reply->page.at.id,
                                 .limit = reply->page.limit};

    return mx_product_list(cx, &q, &reply->page.rows);
}

static enum mx_err api_admin_product_create(struct mx_ctx *cx, const void *in,
                                            struct mx_reply *reply)
{
    struct mx_product *p = MX_NEW(cx->arena, struct mx_product);

    MX_TRY(answer(cx, reply, mx_product_create(cx, in, p), p));
    reply->location =
        mx_str_fmt(cx->arena, "/v1/admin/products/%s", mx_id_str(cx->arena, p->card.id).p);
    return MX_OK;
}

static enum mx_err api_admin_product_get(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    struct mx_product *p = MX_NEW(cx->arena, struct mx_product);

    return answer(cx, reply, mx_product_get(cx, ((const W *)in)->id, p), p);
}

static enum mx_err api_admin_product_update(struct mx_ctx *cx, const void *in,
                                            struct mx_reply *reply)
{
    struct mx_product *p = MX_NEW(cx->arena, struct mx_product);

    return answer(cx, reply, mx_product_update(cx, in, p), p);
}

static enum mx_err api_admin_product_archive(struct mx_ctx *cx, const void *in,
                                             MX_UNUSED struct mx_reply *reply)
{
    return mx_product_archive(cx, in);
}

const struct mx_route mx_routes_products[] = {
    {.id = "admin.products.list",
     .method = MX_GET,
     .path = "/v1/admin/products",
     .who = MX_WHO_STAFF,
     .permission = MX_PERM(CATALOG_READ),
     .flags = MX_R_LIST,
     .in = &staff_product_query_shape,
     .answers = {{200, &row}},
     .fn = api_admin_products_list,
     .doc = "List all products",
     .more = "Products in any state, newest first."},
    {.id = "admin.products.create",
     .method = MX_POST,
     .path = "/v1/admin/products",
     .who = MX_WHO_STAFF,
     .permission = MX_PERM(CATALOG_WRITE),
     .flags = MX_R_TX,
     .in = &mx_shape_product_write,
     .answers = {{201, &staff_product_shape}},
     .errors = MX_ROUTE_ERRORS(MX_E_CONFLICT),
     .fn = api_admin_product_create,
     .doc = "Create a product",
     .more = "Creates a product with its variants and their opening stock. It is a draft "
             "unless `status` is `active`. Opening stock requires the permission "
             "`stock.write`, too. 409: the slug or an article number is in use."},
    {.id = "admin.products.get",
     .method = MX_GET,
     .path = "/v1/admin/products/{id}",
     .who = MX_WHO_STAFF,
     .permission = MX_PERM(CATALOG_READ),
     .in = &product_id_shape,
     .answers = {{200, &staff_product_shape}},
     .fn = api_admin_product_get,
     .doc = "Get a product in any state",
     .more = "Returns the product with its stock, metadata and version."},
    {.id = "admin.products.update",
     .method = MX_PATCH,
     .path = "/v1/admin/products/{id}",
     .who = MX_WHO_STAFF,
     .permission = MX_PERM(CATALOG_WRITE),
     .flags = MX_R_TX,
     .in = &product_patch_shape,
     .answers = {{200, &staff_product_shape}},
     .errors = MX_ROUTE_ERRORS(MX_E_CONFLICT, MX_E_VERSION_CONFLICT),
     .fn = api_admin_product_update,
     .doc = "Update a product",
     .more = "Members that are not sent are unchanged. `variants` is the whole list: "
             "entries are matched by `id` or `sku`, and variants that are missing are "
             "withdrawn from sale. Send `If-Match` to detect changes by others: 412 "
             "`version_conflict`."},
    {.id = "admin.products.archive",
     .method = MX_DELETE,
     .path = "/v1/admin/products/{id}",
     .who = MX_WHO_STAFF,
     .permission = MX_PERM(CATALOG_WRITE),
     .flags = MX_R_TX,
     .in = &product_version_shape,
     .answers = {{204}},
     .errors = MX_ROUTE_ERRORS(MX_E_VERSION_CONFLICT),
     .fn = api_admin_product_archive,
     .doc = "Archive a product",
     .more = "Takes the product off sale for good; orders keep their lines. Its slug and "
             "article numbers can be used again."},
    {0}};
