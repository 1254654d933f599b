#include "catalog/product_store.h"
#include "codec/jsonw.h"
#include "codec/secret.h"
#include "shop/audit.h"

/* A side of a row keeps whole values up to so many bytes; of a value beyond them it says how large
 * it was, and its hash. All members of 100 variants are below SIDE_MAX then. */
#define WHOLE_MAX ((size_t)64 << 10)
#define SIDE_MAX ((size_t)256 << 10)
#define VALUE_MAX ((size_t)1 << 20)
#define MEMBERS_MAX 12

struct member {
    const char *name;
    struct mx_str json;
};

struct members {
    struct mx_arena *arena;
    size_t n;
    struct member at[MEMBERS_MAX];
};

/* ---- members as JSON texts ---- */

static void add(struct members *m, const char *name, struct mx_str json)
{
    MX_ASSERT(m->n < MEMBERS_MAX);
    m->at[m->n++] = (struct member){name, json};
}

static void add_text(struct members *m, const char *name, struct mx_str s)
{
    struct mx_jsonw w;
    struct mx_buf out;

    mx_buf_init(&out, m->arena, VALUE_MAX);
    mx_jsonw_init(&w, &out);
    mx_jsonw_str(&w, s);
    add(m, name, mx_buf_view(&out));
}

static void add_int(struct members *m, const char *name, bool has, int64_t v)
{
    add(m, name, has ? mx_str_fmt(m->arena, "%lld", (long long)v) : MX_S("null"));
}

/* A JSON object; absent: empty. */
static void add_object(struct members *m, const char *name, struct mx_str json)
{
    add(m, name, json.p ? json : MX_S("{}"));
}

static struct mx_str slugs_json(struct mx_arena *a, const struct mx_list *categories)
{
    struct mx_jsonw w;
    struct mx_buf out;

    mx_buf_init(&out, a, VALUE_MAX);
    mx_jsonw_init(&w, &out);
    mx_jsonw_array(&w);
    for (size_t i = 0; i < categories->n; i++)
        mx_jsonw_str(&w, MX_AT(*categories, const struct mx_product_category, i)->slug);
    mx_jsonw_array_end(&w);
    return mx_buf_view(&out);
}

/* All but the variants, and the version, which every row has. */
static struct members of_product(struct mx_arena *a, const struct mx_product *p)
{
    struct members m = {.arena = a};

    add_text(&m, "slug", p->card.slug);
    add_text(&m, "title", p->card.title);
    add_text(&m, "description", p->description);
    add_text(&m, "brand", p->card.brand);
    add_text(&m, "status", mx_str_name(mx_product_status_names, p->status));
    add_text(&m, "tax_class", p->tax_class);
    add(&m, "category_slugs", slugs_json(a, &p->categories));
    add(&m, "options", p->options);
    add(&m, "attributes", p->attributes);
    add(&m, "media", p->media);
    add_object(&m, "metadata", p->metadata);
    add_object(&m, "public_metadata", p->public_metadata);
    return m;
}

/* All but the id. Prices are in the shop's currency. */
static struct members of_variant(struct mx_arena *a, const struct mx_product *p, size_t i)
{
    const struct mx_variant *v = MX_AT(p->variants, const struct mx_variant, i);
    struct members m = {.arena = a};

    add_int(&m, "position", true, (int64_t)i);
    add_text(&m, "sku", v->sku);
    add_text(&m, "title", v->title);
    add(&m, "options", v->options);
    add_int(&m, "price", true, v->price.minor);
    add_int(&m, "compare_at_price", v->compare_at_price.currency.code[0] != 0,
            v->compare_at_price.minor);
    add_int(&m, "weight_grams", v->has_weight_grams, v->weight_grams);
    add_int(&m, "stock", true, v->stock);
    add_object(&m, "metadata", v->metadata);
    add_object(&m, "public_metadata", v->public_metadata);
    return m;
}

/* ---- one side of a row ---- */

static void put_value(struct mx_jsonw *w, struct mx_str json)
{
    struct mx_hash hash;

    if (w->out->n + json.n <= WHOLE_MAX) {
        mx_jsonw_raw(w, json);
        return;
    }
    hash = mx_sha256(json);
    mx_jsonw_open(w);
    mx_jsonw_name(w, "bytes");
    mx_jsonw_int(w, (int64_t)json.n);
    mx_jsonw_name(w, "sha256");
    mx_jsonw_hex(w, hash.b, sizeof(hash.b));
    mx_jsonw_close(w);
}

/* `other` is the other side; NULL: there is none. */
static bool same_member(const struct members *m, const struct members *other, size_t i)
{
    return other && mx_str_eq(m->at[i].json, other->at[i].json);
}

static bool same(const struct members *m, const struct members *other)
{
    size_t i = 0;

    while (i < m->n && same_member(m, other, i))
        i++;
    return i == m->n;
}

/* The members that are not the same on the other side. */
static void put_members(struct mx_jsonw *w, const struct members *m, const struct members *other)
{
    for (size_t i = 0; i < m->n; i++) {
        if (same_member(m, other, i))
            continue;
        mx_jsonw_name(w, m->at[i].name);
        put_value(w, m->at[i].json);
    }
}

/* The members of the variant with that id. False when the product (NULL: none) has none. */
static bool find_variant(struct mx_arena *a, const struct mx_product *p, struct mx_id id,
                         struct members *ret_members)
{
    for (size_t i = 0; p && i < p->variants.n; i++)
        if (mx_id_eq(MX_AT(p->variants, const struct mx_variant, i)->id, id)) {
            *ret_members = of_variant(a, p, i);
            return true;
        }
    return false;
}

static void put_variants(struct mx_arena *a, struct mx_jsonw *w, const struct mx_product *p,
                         const struct mx_product *other)
{
    bool any = false;

    for (size_t i = 0; i < p->variants.n; i++) {
        struct mx_id id = MX_AT(p->variants, const struct mx_variant, i)->id;
        struct members m = of_variant(a, p, i), others;
        const struct members *than = find_variant(a, other, id, &others) ? &others : NULL;

        if (same(&m, than))
            continue;
        if (!any) {
            mx_jsonw_name(w, "variants");
            mx_jsonw_array(w);
        }
        any = true;
        mx_jsonw_open(w);
        mx_jsonw_name(w, "id");
        mx_jsonw_id(w, id);
        put_members(w, &m, than);
        mx_jsonw_close(w);
    }
    if (any)
        mx_jsonw_array_end(w);
}

static struct mx_str side(struct mx_arena *a, const struct mx_product *p,
                          const struct mx_product *other)
{
    struct members m = of_product(a, p), others;
    struct mx_jsonw w;
    struct mx_buf out;

    if (other)
        others = of_product(a, other);
    mx_buf_init(&out, a, SIDE_MAX);
    mx_jsonw_init(&w, &out);
    mx_jsonw_open(&w);
    put_members(&w, &m, other ? &others : NULL);
    put_variants(a, &w, p, other);
    mx_jsonw_name(&w, "version");
    mx_jsonw_int(&w, p->version);
    mx_jsonw_close(&w);
    MX_ASSERT(!out.overflow);
    return mx_buf_view(&out);
}

enum mx_err mx_product_audit(struct mx_ctx *cx, const char *action, const struct mx_product *before,
                             const struct mx_product *after)
{
    struct mx_audit row = {.action = action,
                           .object_type = "product",
                           .object = after->card.id,
                           .after = side(cx->arena, after, before)};

    if (before)
        row.before = side(cx->arena, before, after);
    return mx_audit_write(cx, &row);
}
