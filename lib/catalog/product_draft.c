#include "catalog/product_draft.h"

#include "catalog/search.h"
#include "codec/jsonw.h"
#include "codec/text_norm.h"
#include "codec/utf8.h"
#include "shop/currency.h"

#define TITLE_MAX 200
#define ATTRIBUTE_NAME_MAX 64

struct mx_str mx_slug_of(struct mx_arena *a, struct mx_str title, size_t max)
{
    struct mx_str folded = mx_text_fold(a, title);
    struct mx_buf out;
    bool gap = false;

    mx_buf_init(&out, a, max);
    for (size_t i = 0; i < folded.n && out.n + 1 < max; i++) {
        char c = folded.p[i];

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) {
            gap = out.n > 0;
            continue;
        }
        if (gap)
            mx_buf_byte(&out, '-');
        gap = false;
        mx_buf_byte(&out, c);
    }
    return mx_buf_view(&out);
}

struct mx_str mx_product_draft_title(struct mx_arena *a, const struct mx_product_draft *m,
                                     const struct mx_product_draft_variant *v)
{
    struct mx_buf out;

    mx_buf_init(&out, a, TITLE_MAX);
    for (size_t i = 0; i < m->options.n; i++) {
        struct mx_str name = MX_AT(m->options, const struct mx_option, i)->name;

        mx_buf_fmt(&out, "%s%.*s", i ? " / " : "", MX_FMT(mx_pair_value(&v->choices, name)));
    }
    return mx_buf_view(&out);
}

/* ---- laying over ---- */

static void size_member(struct mx_jsonw *w, const char *name, int64_t pixels)
{
    mx_jsonw_name(w, name);
    if (pixels > 0)
        mx_jsonw_int(w, pixels);
    else
        mx_jsonw_null(w);
}

static struct mx_str media_json(struct mx_arena *a, const struct mx_list *media)
{
    struct mx_jsonw w;
    struct mx_buf out;

    mx_buf_init(&out, a, 1 << 20);
    mx_jsonw_init(&w, &out);
    mx_jsonw_array(&w);
    for (size_t i = 0; i < media->n; i++) {
        const struct mx_media *m = MX_AT(*media, const struct mx_media, i);

        mx_jsonw_open(&w);
        mx_jsonw_name(&w, "url");
        mx_jsonw_str(&w, m->url);
        mx_jsonw_name(&w, "alt");
        mx_jsonw_str(&w, m->alt);
        size_member(&w, "width", m->width);
        size_member(&w, "height", m->height);
        mx_jsonw_close(&w);
    }
    mx_jsonw_array_end(&w);
    return mx_buf_view(&out);
}

static void overlay_media(struct mx_ctx *cx, struct mx_product_draft *m,
                          const struct mx_list *media)
{
    for (size_t i = 0; i < media->n; i++) {
        struct mx_str url = MX_AT(*media, const struct mx_media, i)->url;

        if (!mx_str_starts(url, MX_S("https://")) && !mx_str_starts(url, MX_S("/")))
            mx_fault_at(cx->faults, mx_str_fmt(cx->arena, "/media/%zu/url", i), "bad_format",
                        "must begin with https:// or /");
    }
    m->media = media_json(cx->arena, media);
    m->thumbnail = media->n ? MX_AT(*media, const struct mx_media, 0)->url : (struct mx_str){0};
}

/* The amount of a price in the shop's currency; a fault for another. */
static int64_t amount_of(struct mx_ctx *cx, struct mx_money price, size_t variant, const char *name)
{
    mx_currency_check(cx, mx_str_fmt(cx->arena, "/variants/%zu/%s", variant, name), price);
    return price.minor;
}

static void variant_fault(struct mx_ctx *cx, size_t i, const char *member, const char *code,
                          const char *detail)
{
    mx_fault_at(cx->faults, mx_str_fmt(cx->arena, "/variants/%zu/%s", i, member), code, "%s",
                detail);
}

/* An opening level, of what has none yet. */
static void overlay_stock(struct mx_ctx *cx, struct mx_product_draft_variant *v,
                          const struct mx_variant_write *in, size_t i)
{
    if (!in->has_stock)
        return;
    if (v->is_new)
        v->stock = in->stock;
    else
        variant_fault(cx, i, "stock", "level_exists",
                      "is only for new variants; change existing stock with an adjustment");
}

static void overlay_texts(struct mx_product_draft_variant *v, const struct mx_variant_write *in)
{
    if (in->sku.p) {
        v->other_sku = !mx_str_eq(v->sku, in->sku);
        v->sku = in->sku;
    }
    if (in->has_title) {
        v->title = in->title.p ? in->title : MX_S("");
        v->own_title = in->title.p != NULL;
    }
    if (in->has_options)
        v->choices = in->options;
    if (in->has_metadata)
        v->metadata = in->metadata;
    if (in->has_public_metadata)
        v->public_metadata = in->public_metadata;
}

static void overlay_variant(struct mx_ctx *cx, struct mx_product_draft_variant *v,
                            const struct mx_variant_write *in, size_t i)
{
    v->sent = (int)i;
    v->active = true;
    overlay_texts(v, in);
    if (in->has_price)
        v->price = amount_of(cx, in->price, i, "price");
    else if (v->is_new)
        variant_fault(cx, i, "price", "required", "is required for a new variant");
    if (in->has_compare_at_price) {
        v->has_compare_at = in->compare_at_price.currency.code[0] != 0;
        if (v->has_compare_at)
            v->compare_at = amount_of(cx, in->compare_at_price, i, "compare_at_price");
    }
    if ((in->has_price || in->has_compare_at_price) && v->has_compare_at &&
        v->compare_at < v->price)
        variant_fault(cx, i, "compare_at_price", "out_of_range", "must not be below the price");
    if (in->has_weight_grams) {
        v->weight_grams = in->weight_grams;
        v->has_weight_grams = in->weight_grams > 0;
    }
    overlay_stock(cx, v, in, i);
}

static struct mx_product_draft_variant *find_sku(const struct mx_list *variants, struct mx_str sku)
{
    for (size_t i = 0; i < variants->n; i++) {
        struct mx_product_draft_variant *v = MX_AT(*variants, struct mx_product_draft_variant, i);

        if (mx_str_eq(v->sku, sku))
            return v;
    }
    return NULL;
}

static struct mx_product_draft_variant *find_id(const struct mx_list *variants, struct mx_id id)
{
    for (size_t i = 0; i < variants->n; i++) {
        struct mx_product_draft_variant *v = MX_AT(*variants, struct mx_product_draft_variant, i);

        if (mx_id_eq(v->id, id))
            return v;
    }
    return NULL;
}

/* The stored variant that is meant, or a new one. */
static struct mx_product_draft_variant meant(struct mx_ctx *cx, const struct mx_list *stored,
                                             const struct mx_variant_write *in, size_t i)
{
    const struct mx_product_draft_variant *v =
        mx_id_none(in->id) ? find_sku(stored, in->sku) : find_id(stored, in->id);

    if (v)
        return *v;
    if (!mx_id_none(in->id))
        variant_fault(cx, i, "id", "unknown_value", "is not a variant of this product");
    else if (!in->sku.p)
        variant_fault(cx, i, "sku", "required", "is required for a new variant");
    return (struct mx_product_draft_variant){
        .id = mx_id_new(), .is_new = true, .sku = in->sku, .title = MX_S("")};
}

/* Those sent come first and in their order; those not sent are withdrawn, and keep their article
 * numbers. */
static void overlay_variants(struct mx_ctx *cx, struct mx_product_draft *m,
                             const struct mx_list *sent)
{
    struct mx_list out =
        MX_LIST(MX_NEW_N(cx->arena, sent->n + m->variants.n, struct mx_product_draft_variant), 0);

    for (size_t i = 0; i < sent->n; i++) {
        const struct mx_variant_write *in = MX_AT(*sent, const struct mx_variant_write, i);
        struct mx_product_draft_variant v = meant(cx, &m->variants, in, i);
        struct mx_str sku = in->sku.p ? in->sku : v.sku;

        if (find_id(&out, v.id))
            variant_fault(cx, i, mx_id_none(in->id) ? "sku" : "id", "repeated", "is listed twice");
        else if (sku.p && find_sku(&out, sku))
            variant_fault(cx, i, "sku", "repeated", "is listed twice");
        overlay_variant(cx, &v, in, i);
        *MX_AT(out, struct mx_product_draft_variant, out.n++) = v;
    }
    for (size_t i = 0; i < m->variants.n; i++) {
        struct mx_product_draft_variant v = *MX_AT(m->variants, struct mx_product_draft_variant, i);
        const struct mx_product_draft_variant *other = find_sku(&out, v.sku);

        if (find_id(&out, v.id))
            continue;
        if (other)
            variant_fault(cx, (size_t)other->sent, "sku", "taken",
                          "is already used by a variant that was withdrawn");
        v.active = false;
        *MX_AT(out, struct mx_product_draft_variant, out.n++) = v;
    }
    m->variants = out;
}

/* Products are asked for by slug or id, and an id comes first. */
static void check_slug(struct mx_ctx *cx, struct mx_str slug)
{
    struct mx_id id;

    if (mx_id_parse(slug, &id))
        mx_fault_at(cx->faults, MX_S("/slug"), "bad_format", "must not look like an id");
}

void mx_product_draft_overlay(struct mx_ctx *cx, struct mx_product_draft *m,
                              const struct mx_product_write *in)
{
    if (in->has_slug) {
        m->slug = in->slug;
        m->own_slug = true;
        check_slug(cx, in->slug);
    }
    if (in->has_title)
        m->title = in->title;
    if (in->has_description)
        m->description = in->description.p ? in->description : MX_S("");
    if (in->has_brand)
        m->brand = in->brand;
    if (in->has_tax_class)
        m->tax_class = in->tax_class;
    if (in->has_status)
        m->status = in->status;
    if (in->has_category_slugs)
        m->categories = in->category_slugs;
    if (in->has_attributes)
        m->attributes = in->attributes;
    if (in->has_media)
        overlay_media(cx, m, &in->media);
    if (in->has_metadata)
        m->metadata = in->metadata;
    if (in->has_public_metadata)
        m->public_metadata = in->public_metadata;
    if (in->has_variants)
        overlay_variants(cx, m, &in->variants);
    if (in->has_options) {
        m->options = in->options;
        m->own_options = true;
    }
}

/* ---- checks ---- */

static bool has_value(const struct mx_list *values, struct mx_str value)
{
    for (size_t i = 0; i < values->n; i++)
        if (mx_str_eq(*MX_AT(*values, const struct mx_str, i), value))
            return true;
    return false;
}

static struct mx_option *find_option(const struct mx_list *options, struct mx_str name)
{
    for (size_t i = 0; i < options->n; i++) {
        struct mx_option *o = MX_AT(*options, struct mx_option, i);

        if (mx_str_eq(o->name, name))
            return o;
    }
    return NULL;
}

static void append(struct mx_arena *a, struct mx_list *list, size_t size, const void *element)
{
    char *at = mx_arena_alloc(a, (list->n + 1) * size);

    if (list->n > 0)
        memcpy(at, list->at, list->n * size);
    memcpy(at + list->n * size, element, size);
    *list = MX_LIST_OF(at, list->n + 1, size);
}

static void gather_choice(struct mx_arena *a, struct mx_list *options, const struct mx_pair *choice)
{
    struct mx_option *o = find_option(options, choice->name);

    if (!o) {
        append(a, options, sizeof(*o), &(struct mx_option){.name = choice->name});
        o = MX_AT(*options, struct mx_option, options->n - 1);
    }
    if (!has_value(&o->values, choice->value))
        append(a, &o->values, sizeof(choice->value), &choice->value);
}

/* Options that were not sent: what is there and whatever else the variants choose. */
static void gather_options(struct mx_arena *a, struct mx_product_draft *m)
{
    for (size_t i = 0; i < m->variants.n; i++) {
        const struct mx_product_draft_variant *v =
            MX_AT(m->variants, const struct mx_product_draft_variant, i);

        for (size_t k = 0; v->active && k < v->choices.n; k++)
            gather_choice(a, &m->options, MX_AT(v->choices, const struct mx_pair, k));
    }
}

static void check_options(struct mx_ctx *cx, const struct mx_product_draft *m)
{
    for (size_t i = 0; i < m->options.n; i++) {
        const struct mx_option *o = MX_AT(m->options, const struct mx_option, i);

        if (find_option(&m->options, o->name) != o)
            mx_fault_at(cx->faults, mx_str_fmt(cx->arena, "/options/%zu/name", i), "repeated",
                        "is listed twice");
        for (size_t k = 1; k < o->values.n; k++) {
            const struct mx_list before = MX_LIST_OF(o->values.at, k, o->values.size);

            if (has_value(&before, *MX_AT(o->values, const struct mx_str, k)))
                mx_fault_at(cx->faults, mx_str_fmt(cx->arena, "/options/%zu/values/%zu", i, k),
                            "repeated", "is listed twice");
        }
    }
}

/* Tell a fault of a variant's choices where the sender can see it. */
static void choice_fault(struct mx_ctx *cx, const struct mx_product_draft_variant *v,
                         const char *code, struct mx_str detail)
{
    struct mx_str at = MX_S("/options");

    if (v->sent >= 0)
        at = mx_str_fmt(cx->arena, "/variants/%d/options", v->sent);
    mx_fault_at(cx->faults, at, code, "%.*s: %.*s", MX_FMT(v->sku), MX_FMT(detail));
}

/* One known value of each option and nothing else. */
static void check_choices(struct mx_ctx *cx, const struct mx_product_draft *m,
                          const struct mx_product_draft_variant *v)
{
    for (size_t i = 0; i < m->options.n; i++) {
        const struct mx_option *o = MX_AT(m->options, const struct mx_option, i);
        struct mx_str value = mx_pair_value(&v->choices, o->name);

        if (!value.p)
            choice_fault(cx, v, "required",
                         mx_str_fmt(cx->arena, "a value for %.*s is required", MX_FMT(o->name)));
        else if (!has_value(&o->values, value))
            choice_fault(
                cx, v, "unknown_value",
                mx_str_fmt(cx->arena, "%.*s has no value %.*s", MX_FMT(o->name), MX_FMT(value)));
    }
    for (size_t i = 0; i < v->choices.n; i++) {
        struct mx_str name = MX_AT(v->choices, const struct mx_pair, i)->name;

        if (!find_option(&m->options, name))
            choice_fault(
                cx, v, "unknown_value",
                mx_str_fmt(cx->arena, "%.*s is not an option of the product", MX_FMT(name)));
    }
}

static bool same_choices(const struct mx_product_draft *m, const struct mx_product_draft_variant *a,
                         const struct mx_product_draft_variant *b)
{
    for (size_t i = 0; i < m->options.n; i++) {
        struct mx_str name = MX_AT(m->options, const struct mx_option, i)->name;

        if (!mx_str_eq(mx_pair_value(&a->choices, name), mx_pair_value(&b->choices, name)))
            return false;
    }
    return m->options.n > 0;
}

static void check_variants(struct mx_ctx *cx, struct mx_product_draft *m)
{
    for (size_t i = 0; i < m->variants.n; i++) {
        struct mx_product_draft_variant *v = MX_AT(m->variants, struct mx_product_draft_variant, i);

        if (!v->active)
            continue;
        check_choices(cx, m, v);
        for (size_t k = 0; k < i; k++) {
            const struct mx_product_draft_variant *other =
                MX_AT(m->variants, const struct mx_product_draft_variant, k);

            if (other->active && same_choices(m, v, other))
                choice_fault(cx, v, "repeated",
                             mx_str_fmt(cx->arena, "has the same option values as %.*s",
                                        MX_FMT(other->sku)));
        }
        if (!v->own_title)
            v->title = mx_product_draft_title(cx->arena, m, v);
    }
}

/* RFC 6901: "~" and "/" in a member's name. */
static struct mx_str pointer_to(struct mx_arena *a, const char *parent, struct mx_str name)
{
    struct mx_buf out;

    mx_buf_init(&out, a, strlen(parent) + 2 * name.n + 1);
    mx_buf_c(&out, parent);
    mx_buf_byte(&out, '/');
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] == '~' || name.p[i] == '/')
            mx_buf_c(&out, name.p[i] == '~' ? "~0" : "~1");
        else
            mx_buf_byte(&out, name.p[i]);
    }
    return mx_buf_view(&out);
}

static void check_attributes(struct mx_ctx *cx, const struct mx_product_draft *m)
{
    for (size_t i = 0; i < m->attributes.n; i++) {
        struct mx_str name = MX_AT(m->attributes, const struct mx_pair, i)->name;

        if (mx_utf8_length(name) > ATTRIBUTE_NAME_MAX)
            mx_fault_at(cx->faults, pointer_to(cx->arena, "/attributes", name), "too_long",
                        "has a name of more than %d characters", ATTRIBUTE_NAME_MAX);
    }
}

enum mx_err mx_product_draft_check(struct mx_ctx *cx, struct mx_product_draft *m)
{
    if (!m->own_options)
        gather_options(cx->arena, m);
    check_options(cx, m);
    check_variants(cx, m);
    check_attributes(cx, m);
    return cx->faults->n > 0 ? MX_E_VALIDATION_FAILED : MX_OK;
}

/* ---- compared ---- */

static struct mx_list copy_of(struct mx_arena *a, struct mx_list list)
{
    void *at = mx_arena_zalloc(a, list.n, list.size);

    if (list.n > 0)
        memcpy(at, list.at, list.n * list.size);
    return MX_LIST_OF(at, list.n, list.size);
}

struct mx_product_draft mx_product_draft_copy(struct mx_arena *a, const struct mx_product_draft *m)
{
    struct mx_product_draft copy = *m;

    copy.options = copy_of(a, m->options);
    copy.variants = copy_of(a, m->variants);
    return copy;
}

static bool same_strs(const struct mx_list *a, const struct mx_list *b)
{
    size_t i = 0;

    while (i < a->n && i < b->n &&
           mx_str_eq(*MX_AT(*a, const struct mx_str, i), *MX_AT(*b, const struct mx_str, i)))
        i++;
    return i == a->n && i == b->n;
}

static bool all_in(const struct mx_list *a, const struct mx_list *b)
{
    size_t i = 0;

    while (i < a->n && has_value(b, *MX_AT(*a, const struct mx_str, i)))
        i++;
    return i == a->n;
}

/* Names are unique in each. */
static bool same_pairs(const struct mx_list *a, const struct mx_list *b)
{
    size_t i = 0;

    while (i < a->n) {
        const struct mx_pair *p = MX_AT(*a, const struct mx_pair, i);
        struct mx_str value = mx_pair_value(b, p->name);

        if (!value.p || !mx_str_eq(p->value, value))
            break;
        i++;
    }
    return i == a->n && a->n == b->n;
}

static bool same_options(const struct mx_list *a, const struct mx_list *b)
{
    size_t i = 0;

    while (i < a->n && i < b->n) {
        const struct mx_option *x = MX_AT(*a, const struct mx_option, i);
        const struct mx_option *y = MX_AT(*b, const struct mx_option, i);

        if (!mx_str_eq(x->name, y->name) || !same_strs(&x->values, &y->values))
            break;
        i++;
    }
    return i == a->n && i == b->n;
}

static bool same_variant(const struct mx_product_draft_variant *v,
                         const struct mx_product_draft_variant *w)
{
    return mx_id_eq(v->id, w->id) && v->active == w->active && mx_str_eq(v->sku, w->sku) &&
           mx_str_eq(v->title, w->title) && same_pairs(&v->choices, &w->choices) &&
           v->price == w->price && v->has_compare_at == w->has_compare_at &&
           (!v->has_compare_at || v->compare_at == w->compare_at) &&
           v->has_weight_grams == w->has_weight_grams &&
           (!v->has_weight_grams || v->weight_grams == w->weight_grams) &&
           mx_str_eq(v->metadata, w->metadata) && mx_str_eq(v->public_metadata, w->public_metadata);
}

static bool same_variants(const struct mx_list *a, const struct mx_list *b)
{
    size_t i = 0;

    while (i < a->n && i < b->n &&
           same_variant(MX_AT(*a, const struct mx_product_draft_variant, i),
                        MX_AT(*b, const struct mx_product_draft_variant, i)))
        i++;
    return i == a->n && i == b->n;
}

static bool same_texts(const struct mx_product_draft *a, const struct mx_product_draft *b)
{
    return mx_str_eq(a->slug, b->slug) && mx_str_eq(a->title, b->title) &&
           mx_str_eq(a->description, b->description) && mx_str_eq(a->brand, b->brand) &&
           mx_str_eq(a->tax_class, b->tax_class) && mx_str_eq(a->media, b->media) &&
           mx_str_eq(a->metadata, b->metadata) && mx_str_eq(a->public_metadata, b->public_metadata);
}

bool mx_product_draft_same(const struct mx_product_draft *a, const struct mx_product_draft *b)
{
    return a->status == b->status && same_texts(a, b) &&
           same_pairs(&a->attributes, &b->attributes) && all_in(&a->categories, &b->categories) &&
           all_in(&b->categories, &a->categories) && same_options(&a->options, &b->options) &&
           same_variants(&a->variants, &b->variants);
}

/* ---- derived ---- */

static struct mx_str search_text(struct mx_arena *a, const struct mx_product_draft *m)
{
    struct mx_buf out, cut;

    mx_buf_init(&out, a, 1 << 20);
    /* Twice, so that a word of the title counts for more. */
    mx_search_index(&out, m->title);
    mx_search_index(&out, m->title);
    if (m->brand.p)
        mx_search_index(&out, m->brand);
    for (size_t i = 0; i < m->variants.n; i++) {
        const struct mx_product_draft_variant *v =
            MX_AT(m->variants, const struct mx_product_draft_variant, i);

        if (v->active)
            mx_search_index(&out, v->sku);
    }
    for (size_t i = 0; i < m->options.n; i++) {
        const struct mx_option *o = MX_AT(m->options, const struct mx_option, i);

        for (size_t k = 0; k < o->values.n; k++)
            mx_search_index(&out, *MX_AT(o->values, const struct mx_str, k));
    }
    for (size_t i = 0; i < m->attributes.n; i++)
        mx_search_index(&out, MX_AT(m->attributes, const struct mx_pair, i)->value);
    mx_search_index(&out, m->description);
    mx_buf_init(&cut, a, MX_SEARCH_TEXT_MAX);
    for (struct mx_str rest = mx_buf_view(&out), word; mx_str_split(&rest, ' ', &word);) {
        if (cut.n + word.n + 1 > MX_SEARCH_TEXT_MAX)
            break;
        mx_buf_str(&cut, word);
        mx_buf_byte(&cut, ' ');
    }
    return mx_buf_view(&cut);
}

static struct mx_str search_title(struct mx_arena *a, const struct mx_product_draft *m)
{
    struct mx_buf out;
    struct mx_str words;
    size_t n = MX_SEARCH_TITLE_MAX;

    mx_buf_init(&out, a, 1 << 20);
    mx_search_words(&out, m->title);
    if (m->brand.p)
        mx_search_words(&out, m->brand);
    words = mx_buf_view(&out);
    if (words.n <= n)
        return words;
    while (words.p[n] != ' ')
        n--;
    return mx_str_sub(words, 0, n);
}

struct mx_product_draft_derived mx_product_draft_derive(struct mx_arena *a,
                                                        const struct mx_product_draft *m)
{
    struct mx_product_draft_derived d = {.search_text = search_text(a, m),
                                         .search_title = search_title(a, m)};
    bool first = true;

    for (size_t i = 0; i < m->variants.n; i++) {
        const struct mx_product_draft_variant *v =
            MX_AT(m->variants, const struct mx_product_draft_variant, i);

        if (!v->active)
            continue;
        if (first || v->price < d.price_min) {
            d.price_min = v->price;
            d.has_compare_at = v->has_compare_at && v->compare_at > v->price;
            d.compare_at = v->compare_at;
        }
        if (first || v->price > d.price_max)
            d.price_max = v->price;
        first = false;
    }
    return d;
}
