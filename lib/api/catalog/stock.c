/* /v1/admin/stock */
#include "api/catalog/stock.h"

#include "catalog/stock.h"

static const struct mx_field stock_fields[] = {
    MX_O(struct mx_stock, variant_id, "Id of the variant."),
    MX_O(struct mx_stock, sku, "Stock keeping unit (SKU)."),
    MX_O(struct mx_stock, on_hand, "Units on hand."),
    MX_O(struct mx_stock, reserved, "Units reserved for orders."),
    MX_O(struct mx_stock, available, "on_hand - reserved."),
    MX_O(struct mx_stock, version, "Number of changes of the level."),
};
static MX_SHAPE(stock_shape, "Stock", struct mx_stock, stock_fields);

struct query {
    struct mx_id variant_id;
    struct mx_str sku;
};
static const struct mx_field query_fields[] = {
    MX_F(struct query, variant_id, MX_QUERY, 0, 0, 0, MX_LINE, "Only this variant."),
    MX_F(struct query, sku, MX_QUERY, 0, 1, 64, MX_SKU, "Only the variant with this SKU."),
};
static MX_SHAPE(stock_query_shape, "StockQuery", struct query, query_fields);

struct adjustment {
    struct mx_id variant_id;
    int64_t delta, set_to;
    bool has_delta, has_set_to;
    struct mx_str reason, if_match;
};
static const struct mx_field adjustment_fields[] = {
    MX_F_IF_MATCH(struct adjustment, if_match),
    MX_F(struct adjustment, variant_id, MX_BODY, MX_F_REQUIRED, 0, 0, MX_LINE,
         "Id of the variant."),
    MX_F_HAS(struct adjustment, delta, MX_BODY, 0, -MX_STOCK_MAX, MX_STOCK_MAX, MX_LINE,
             "Units to add, negative to remove; 0 changes nothing. Cannot be combined "
             "with `set_to`."),
    MX_F_HAS(struct adjustment, set_to, MX_BODY, 0, 0, MX_STOCK_MAX, MX_LINE,
             "Units on hand, as counted. Cannot be combined with `delta`."),
    MX_F(struct adjustment, reason, MX_BODY, MX_F_REQUIRED, 1, 200, MX_LINE,
         "Reason, which the stock ledger keeps."),
};
static MX_SHAPE(stock_adjustment_shape, "StockAdjustment", struct adjustment, adjustment_fields);

static enum mx_err api_admin_stock_list(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    const struct query *i = in;
    struct mx_stock_query q = {.variant_id = i->variant_id,
                               .sku = i->sku,
                               .after = reply->page.at.id,
                               .limit = reply->page.limit};

    return mx_stock_list(cx, &q, &reply->page.rows);
}

static enum mx_err api_admin_stock_adjust(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    const struct adjustment *i = in;
    struct mx_stock *out = MX_NEW(cx->arena, struct mx_stock);
    struct mx_stock_change change = {i->variant_id, i->has_set_to,
                                     i->has_set_to ? i->set_to : i->delta, i->if_match};
    enum mx_err e;

    if (i->has_delta == i->has_set_to) {
        mx_fault_at(cx->faults, MX_S("/delta"), i->has_delta ? "unknown_member" : "required",
                    "give either delta or set_to, not both");
        return MX_E_VALIDATION_FAILED;
    }
    reply->out = out;
    e = mx_stock_adjust(cx, &change, i->reason, out);
    if (e == MX_E_CONFLICT || e == MX_E_VALIDATION_FAILED)
        mx_fault_at(cx->faults, i->has_set_to ? MX_S("/set_to") : MX_S("/delta"), "out_of_range",
                    "%.*s", MX_FMT(cx->faults->detail));
    if (e == MX_E_NOT_FOUND) {
        mx_fault_at(cx->faults, MX_S("/variant_id"), "unknown_value", "is not a variant");
        return MX_E_VALIDATION_FAILED;
    }
    if (e == MX_OK)
        reply->etag = mx_str_fmt(cx->arena, "%lld", (long long)out->version);
    return e;
}

const struct mx_route mx_routes_stock[] = {
    {.id = "admin.stock.list",
     .method = MX_GET,
     .path = "/v1/admin/stock",
     .who = MX_WHO_STAFF,
     .permission = MX_PERM(CATALOG_READ),
     .flags = MX_R_LIST,
     .in = &stock_query_shape,
     .answers = {{200, &stock_shape}},
     .fn = api_admin_stock_list,
     .doc = "List stock levels",
     .more = "Units on hand, reserved and available for each variant."},
    {.id = "admin.stock.adjust",
     .method = MX_POST,
     .path = "/v1/admin/stock/adjustments",
     .who = MX_WHO_STAFF,
     .permission = MX_PERM(STOCK_WRITE),
     .flags = MX_R_TX,
     .in = &stock_adjustment_shape,
     .answers = {{201, &stock_shape}},
     .errors = MX_ROUTE_ERRORS(MX_E_CONFLICT),
     .fn = api_admin_stock_adjust,
     .doc = "Adjust a stock level",
     .more = "Adds `delta` to a level, or sets it to a counted number with `set_to`; the ledger "
             "keeps the reason. An adjustment that leaves the level as it is writes nothing. Send "
             "`If-Match` to detect changes by others: 412 `version_conflict`. 409: the level would "
             "fall below the units reserved for orders."},
    {0}};
