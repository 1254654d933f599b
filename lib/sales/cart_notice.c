#include "sales/cart_notice.h"

#include "codec/json.h"
#include "codec/params.h"

const char *const mx_cart_warning_reason_names[] = {"line_limit", "quantity_limit", "currency",
                                                    NULL};

static const char *const why[] = {
    [MX_CART_LINE_LIMIT] = "the cart is full",
    [MX_CART_QUANTITY_LIMIT] = "the quantity of a line is limited",
    [MX_CART_CURRENCY] = "it is sold in another currency",
};

/* ---- stored ---- */

static struct mx_str text_of(const struct mx_json *row, const char *name)
{
    return mx_json_string(mx_json_get(row, name));
}

static int64_t int_of(const struct mx_json *row, const char *name)
{
    int64_t n = 0;

    MX_ASSERT(mx_json_int(mx_json_get(row, name), &n));
    return n;
}

/* A later release may store reasons that this one cannot tell. */
static bool is_known(const struct mx_json *row)
{
    int64_t reason = int_of(row, "reason");

    return reason >= 0 && (size_t)reason < MX_LEN(why);
}

static struct mx_cart_warning read_one(struct mx_arena *a, const struct mx_json *row)
{
    struct mx_cart_warning w = {
        .code = MX_CART_NOT_KEPT,
        .title = text_of(row, "title"),
        .sku = text_of(row, "sku"),
        .quantity = int_of(row, "quantity"),
        .has_quantity = true,
        .reason = (int)int_of(row, "reason"),
    };

    MX_ASSERT(mx_id_parse(text_of(row, "variant_id"), &w.variant_id));
    w.detail = mx_str_fmt(a, "%lld of %.*s could not be kept: %s.", (long long)w.quantity,
                          MX_FMT(w.title), why[w.reason]);
    return w;
}

void mx_cart_notices_read(struct mx_arena *a, struct mx_str notices, struct mx_list *warnings)
{
    struct mx_list old = *warnings;
    const struct mx_json *root;
    const char *fault;
    size_t offset;

    if (mx_json_parse(a, notices, &root, &fault, &offset) != MX_OK)
        MX_BUG("notices of a cart are no JSON: %s", fault);
    *warnings =
        MX_LIST(MX_NEW_N(a, old.n + MX_CART_NOTICES_MAX, struct mx_cart_warning), warnings->n);
    if (old.n > 0)
        memcpy(warnings->at, old.at, old.n * sizeof(struct mx_cart_warning));
    for (const struct mx_json *row = mx_json_first(root); row; row = mx_json_next(row))
        if (is_known(row))
            *MX_AT(*warnings, struct mx_cart_warning, warnings->n++) = read_one(a, row);
}

struct mx_str mx_cart_notices_text(struct mx_arena *a, struct mx_list warnings)
{
    size_t first = warnings.n > MX_CART_NOTICES_MAX ? warnings.n - MX_CART_NOTICES_MAX : 0;
    struct mx_buf out;
    struct mx_jsonw w;

    mx_buf_init(&out, a, 1 << 20);
    mx_jsonw_init(&w, &out);
    mx_jsonw_array(&w);
    for (size_t i = first; i < warnings.n; i++) {
        const struct mx_cart_warning *one = MX_AT(warnings, struct mx_cart_warning, i);

        mx_jsonw_open(&w);
        mx_jsonw_name(&w, "reason");
        mx_jsonw_int(&w, one->reason);
        mx_jsonw_name(&w, "variant_id");
        mx_jsonw_id(&w, one->variant_id);
        mx_jsonw_name(&w, "sku");
        mx_jsonw_str(&w, one->sku);
        mx_jsonw_name(&w, "title");
        mx_jsonw_str(&w, one->title);
        mx_jsonw_name(&w, "quantity");
        mx_jsonw_int(&w, one->quantity);
        mx_jsonw_close(&w);
    }
    mx_jsonw_array_end(&w);
    MX_ASSERT(!out.overflow);
    return mx_buf_view(&out);
}

/* ---- told ---- */

struct mx_str mx_cart_items_params(struct mx_arena *a, const struct mx_cart_item *const *items,
                                   size_t n, const struct mx_cart_item *sent)
{
    struct mx_params p;

    mx_params_init(&p, a);
    mx_jsonw_name(&p.w, "items");
    mx_jsonw_array(&p.w);
    for (size_t i = 0; i < n; i++) {
        mx_jsonw_open(&p.w);
        if (sent)
            mx_params_str(&p, "pointer", mx_str_fmt(a, "/items/%td", items[i] - sent));
        else
            mx_params_id(&p, "item_id", items[i]->id);
        mx_params_id(&p, "variant_id", items[i]->variant_id);
        mx_params_str(&p, "sku", items[i]->sku);
        mx_params_str(&p, "title", items[i]->title);
        mx_params_int(&p, "quantity", items[i]->quantity);
        mx_jsonw_close(&p.w);
    }
    mx_jsonw_array_end(&p.w);
    return mx_params_text(&p);
}
