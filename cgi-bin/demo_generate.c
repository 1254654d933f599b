/* Generated products, for load: the same number gives the same products. */
#include "catalog/product.h"
#include "demo.h"
#include "io/db.h"
#include "q/demo.h"

#define BATCH 250
#define VARIANTS 4
#define WORDS_OF_TEXT 60

static const char *const makers[] = {"Alder & Finch", "Brack",     "Corvan", "Dunmore", "Elster",
                                     "Fjordvik",      "Gantry",    "Holm",   "Ivel",    "Juniper",
                                     "Kestrel",       "Lindqvist", "Morrow", "Nordhus", "Oakhurst"};
static const char *const qualities[] = {"Compact", "Classic", "Folding", "Heavy",   "Light",
                                        "Quiet",   "Rugged",  "Simple",  "Slim",    "Solid",
                                        "Sturdy",  "Tall",    "Wide",    "Weekend", "Everyday"};
static const char *const materials[] = {"Steel", "Oak",  "Wool",  "Linen", "Cork",
                                        "Glass", "Felt", "Nylon", "Beech", "Copper"};
static const char *const things[] = {
    "Kettle", "Lamp",  "Backpack", "Blanket", "Notebook", "Tray", "Basket", "Bottle", "Stool",
    "Shelf",  "Board", "Mug",      "Towel",   "Hook",     "Tent", "Stand",  "Box",    "Jacket"};
static const char *const colours[] = {"Black", "White", "Green", "Blue", "Red", "Grey", "Sand"};
static const char *const sizes[] = {"S", "M", "L", "XL"};
static const char *const origins[] = {"Germany", "Sweden", "Portugal", "Italy", "Poland"};
static const char *const categories[] = {
    "tents",   "sleeping",     "camp-kitchen", "packs",   "outdoor-clothing", "cookware", "knives",
    "brewers", "bed-and-bath", "lighting",     "storage", "writing",          "desk"};
static const char *const words[] = {
    "made",     "from",    "durable",  "material", "with",    "careful",  "seams",   "and",
    "handles",  "fits",    "any",      "corner",   "easy",    "to",       "clean",   "repair",
    "lasts",    "years",   "designed", "for",      "daily",   "use",      "at",      "home",
    "travel",   "weather", "proof",    "tested",   "quality", "stitched", "brushed", "finish",
    "balanced", "weight",  "soft",     "touch"};

/* A well mixed number from two (splitmix64). */
static uint64_t mix(uint64_t n, uint64_t salt)
{
    uint64_t x = n * UINT64_C(0x9e3779b97f4a7c15) + salt * UINT64_C(0xbf58476d1ce4e5b9);

    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

#define PICK(table, n, salt) ((table)[mix((n), (salt)) % MX_LEN(table)])

static struct mx_str description(struct mx_arena *a, uint64_t n)
{
    struct mx_buf out;

    mx_buf_init(&out, a, 4096);
    for (uint64_t i = 0; i < WORDS_OF_TEXT; i++)
        mx_buf_fmt(&out, "%s%s", i ? " " : "", PICK(words, n, 100 + i));
    mx_buf_byte(&out, '.');
    return mx_buf_view(&out);
}

static struct mx_list pairs(struct mx_arena *a, const char *const *names_and_values, size_t n)
{
    struct mx_list out = MX_LIST(MX_NEW_N(a, n, struct mx_pair), n);

    for (size_t i = 0; i < n; i++)
        *MX_AT(out, struct mx_pair, i) = (struct mx_pair){mx_str_c(names_and_values[2 * i]),
                                                          mx_str_c(names_and_values[2 * i + 1])};
    return out;
}

static struct mx_list variants(struct mx_arena *a, struct mx_currency currency, uint64_t n)
{
    struct mx_list out = MX_LIST(MX_NEW_N(a, VARIANTS, struct mx_variant_write), VARIANTS);
    int64_t base = 490 + (int64_t)(mix(n, 1) % 400) * 50;

    for (size_t i = 0; i < VARIANTS; i++) {
        struct mx_variant_write *v = MX_AT(out, struct mx_variant_write, i);
        const char *choice[] = {"Size", sizes[i]};

        *v = (struct mx_variant_write){.has_options = true, .has_price = true, .has_stock = true};
        v->sku = mx_str_fmt(a, "LOAD-%08llu-%s", (unsigned long long)n, sizes[i]);
        v->options = pairs(a, choice, 1);
        v->price = mx_money(base + (int64_t)i * 200, currency);
        v->stock = (int64_t)(mix(n, 10 + i) % 200);
        v->has_weight_grams = true;
        v->weight_grams = 100 + (int64_t)(mix(n, 20 + i) % 4000);
    }
    return out;
}

static struct mx_product_write product(struct mx_arena *a, struct mx_currency currency, uint64_t n)
{
    const char *const attributes[] = {"material", PICK(materials, n, 4),
                                      "colour",   PICK(colours, n, 5),
                                      "origin",   PICK(origins, n, 6)};
    struct mx_str *category = MX_NEW(a, struct mx_str);

    *category = mx_str_c(PICK(categories, n, 7));
    return (struct mx_product_write){
        .has_slug = true,
        .slug = mx_str_fmt(a, "load-%08llu", (unsigned long long)n),
        .has_title = true,
        .title = mx_str_fmt(a, "%s %s %s %llu", PICK(qualities, n, 2), PICK(materials, n, 4),
                            PICK(things, n, 3), (unsigned long long)n),
        .has_brand = true,
        .brand = mx_str_c(PICK(makers, n, 8)),
        .has_description = true,
        .description = description(a, n),
        .has_status = true,
        .status = MX_PRODUCT_ACTIVE,
        .has_category_slugs = true,
        .category_slugs = MX_LIST(category, 1),
        .has_attributes = true,
        .attributes = pairs(a, attributes, 3),
        .has_variants = true,
        .variants = variants(a, currency, n),
    };
}

struct batch {
    struct mx_demo *d;
    int64_t from, to, rows;
};

static enum mx_err load_batch(void *arg)
{
    struct batch *b = arg;
    struct mx_arena *a = b->d->cx.arena;
    struct mx_currency currency = {{0}};
    size_t n = (size_t)(b->to - b->from);
    struct mx_list writes = MX_LIST(MX_NEW_N(a, n, struct mx_product_write), n);

    if (!mx_currency_parse(mx_str_c(b->d->cx.proc->conf->currency), &currency))
        MX_BUG("currency %s in the settings", b->d->cx.proc->conf->currency);
    for (size_t i = 0; i < n; i++)
        *MX_AT(writes, struct mx_product_write, i) = product(a, currency, (uint64_t)b->from + i);
    return mx_product_load(&b->d->cx, &writes, &b->rows);
}

bool mx_demo_generate(struct mx_demo *d, int64_t n)
{
    struct batch b = {.d = d};
    struct mx_list rows;

    if (q_demo_generated(d->cx.db, &rows) != MX_OK) {
        fprintf(stderr, "merx demo: the database cannot be read\n");
        return false;
    }
    b.from = MX_AT(rows, const struct q_demo_generated_row, 0)->n;
    for (; b.from < n; b.from = b.to) {
        b.to = b.from + BATCH < n ? b.from + BATCH : n;
        if (!mx_demo_tx(d, "generated products", load_batch, &b))
            return false;
        d->rows += b.rows;
    }
    return true;
}
