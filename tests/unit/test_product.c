/* Input of staff laid over the stored product: without a database. */
#include "tap.h"

#include "base/arena.h"
#include "catalog/product_draft.h"

static struct mx_proc proc;
static struct mx_ctx cx = {.proc = &proc};
static struct mx_faults faults;
static struct mx_settings conf = {.currency = "EUR"};

static struct mx_list list(const void *at, size_t n, size_t size)
{
    return MX_LIST_OF(mx_arena_dup(cx.arena, at, n * size), n, size);
}
#define LIST(T, ...) list((const T[]){__VA_ARGS__}, MX_LEN(((const T[]){__VA_ARGS__})), sizeof(T))

static struct mx_money euro(int64_t minor)
{
    return mx_money(minor, (struct mx_currency){"EUR"});
}

/* A variant with one choice, or none when `size` is NULL. */
static struct mx_variant_write sent(const char *sku, const char *size, int64_t price)
{
    struct mx_variant_write v = {.sku = mx_str_c(sku), .has_price = true, .price = euro(price)};

    if (size) {
        v.has_options = true;
        v.options = LIST(struct mx_pair, {MX_S("Size"), mx_str_c(size)});
    }
    return v;
}

static struct mx_product_draft empty(void)
{
    return (struct mx_product_draft){
        .title = MX_S("T"), .description = MX_S(""), .media = MX_S("[]")};
}

/* Lay variants over the model. */
static enum mx_err overlay(struct mx_product_draft *m, struct mx_list variants)
{
    const struct mx_product_write in = {.has_variants = true, .variants = variants};

    mx_faults_init(&faults, cx.arena);
    mx_product_draft_overlay(&cx, m, &in);
    return mx_product_draft_check(&cx, m);
}

static struct mx_product_draft_variant *variant(struct mx_product_draft *m, size_t i)
{
    return MX_AT(m->variants, struct mx_product_draft_variant, i);
}

static void test_slugs(void)
{
    static const struct {
        const char *title, *want;
    } cases[] = {
        {"Red Lamp", "red-lamp"},
        {"  --Ärger & Maß!  ", "arger-mass"},
        {"\xc5\x81\xc3\xb3\x64\xc5\xba b\xc5\x82\x61watek", "lodz-blawatek"},
        {"Fa\xc3\xa7\x61\x64\x65 \xef\xac\x81rst", "facade-first"},
        {"\xe6\x97\xa5", ""},
        {"4\xc3\x97"
         "5",
         "4-5"},
        {"Façade No 1", "facade-no-1"},
        {"", ""},
    };
    char text[400];

    for (size_t i = 0; i < MX_LEN(cases); i++)
        tap_str(mx_slug_of(cx.arena, mx_str_c(cases[i].title), 120), cases[i].want, cases[i].title);
    memset(text, 'a', sizeof(text));
    text[99] = ' ';
    for (size_t max = 90; max < 120; max++) {
        struct mx_str slug = mx_slug_of(cx.arena, (struct mx_str){text, sizeof(text)}, max);

        tap_ok(slug.n > 0 && slug.n <= max && slug.p[slug.n - 1] == 'a', "cut at %zu", max);
    }
}

static void test_options_are_gathered(void)
{
    struct mx_product_draft m = empty();
    const struct mx_option *o;

    tap_err(overlay(&m, LIST(struct mx_variant_write, sent("a", "S", 5), sent("b", "M", 7))), MX_OK,
            "two sizes");
    tap_int((int64_t)m.options.n, 1, "one option");
    o = MX_AT(m.options, const struct mx_option, 0);
    tap_str(o->name, "Size", "its name");
    tap_int((int64_t)o->values.n, 2, "its values");
    tap_str(variant(&m, 1)->title, "M", "title of the choices");
}

static void test_variants_are_matched(void)
{
    struct mx_product_draft m = empty();
    struct mx_variant_write change = {
        .sku = MX_S("b"), .has_weight_grams = true, .weight_grams = 3};

    tap_err(overlay(&m, LIST(struct mx_variant_write, sent("a", "S", 5), sent("b", "M", 7))), MX_OK,
            "stored");
    variant(&m, 0)->is_new = variant(&m, 1)->is_new = false;
    tap_err(overlay(&m, LIST(struct mx_variant_write, change, sent("c", "L", 9))), MX_OK,
            "changed");
    tap_int((int64_t)m.variants.n, 3, "three by now");
    tap_str(variant(&m, 0)->sku, "b", "in the order sent");
    tap_int(variant(&m, 0)->price, 7, "what was not sent stays");
    tap_int(variant(&m, 0)->weight_grams, 3, "what was sent changes");
    tap_ok(variant(&m, 1)->is_new, "an unknown one is new");
    tap_ok(!variant(&m, 2)->active, "a missing one is withdrawn");
}

/* Store two variants, as if they had been read. */
static struct mx_product_draft stored(void)
{
    struct mx_product_draft m = empty();

    tap_err(overlay(&m, LIST(struct mx_variant_write, sent("a", "S", 5), sent("b", "M", 7))), MX_OK,
            "stored");
    variant(&m, 0)->is_new = variant(&m, 1)->is_new = false;
    variant(&m, 0)->sent = variant(&m, 1)->sent = -1;
    return m;
}

static void test_variants_have_ids(void)
{
    struct mx_product_draft m = stored();
    struct mx_id a = variant(&m, 0)->id, b = variant(&m, 1)->id;
    struct mx_variant_write one = {.id = a, .sku = MX_S("b")}, two = {.id = b, .sku = MX_S("a")};

    tap_err(overlay(&m, LIST(struct mx_variant_write, one, two)), MX_OK, "two swap their numbers");
    tap_ok(mx_id_eq(variant(&m, 0)->id, a) && !variant(&m, 0)->is_new, "one stays itself");
    tap_str(variant(&m, 0)->sku, "b", "with the other's number");
    tap_ok(variant(&m, 0)->other_sku && variant(&m, 1)->other_sku, "which both are new to");
    m = stored();
    one = (struct mx_variant_write){.id = variant(&m, 0)->id};
    tap_err(overlay(&m, LIST(struct mx_variant_write, one)), MX_OK, "an id is enough");
    tap_str(variant(&m, 0)->sku, "a", "the number stays");
    tap_ok(!variant(&m, 0)->other_sku, "as it is");
    tap_ok(!variant(&m, 1)->active, "and the other is withdrawn");
}

static void test_faults_of_ids(void)
{
    struct mx_product_draft m = stored();
    struct mx_variant_write unknown = {.id = mx_id_new(), .sku = MX_S("c")}, none = {.sku = {0}};
    struct mx_variant_write one = {.id = variant(&m, 0)->id}, same = {.sku = MX_S("a")};
    struct mx_variant_write taken = {.id = one.id, .sku = MX_S("b")};

    tap_err(overlay(&m, LIST(struct mx_variant_write, one, same)), MX_E_VALIDATION_FAILED,
            "one by id and by number");
    tap_str(faults.at[0].pointer, "/variants/1/sku", "stands there twice");
    m = stored();
    one.id = unknown.id = mx_id_new();
    tap_err(overlay(&m, LIST(struct mx_variant_write, unknown)), MX_E_VALIDATION_FAILED,
            "no such id");
    tap_str(faults.at[0].pointer, "/variants/0/id", "is told");
    m = stored();
    tap_err(overlay(&m, LIST(struct mx_variant_write, none)), MX_E_VALIDATION_FAILED, "neither");
    tap_str(faults.at[0].pointer, "/variants/0/sku", "is needed");
    m = stored();
    taken.id = variant(&m, 0)->id;
    tap_err(overlay(&m, LIST(struct mx_variant_write, taken)), MX_E_VALIDATION_FAILED,
            "the number of one that is withdrawn");
    tap_str(faults.at[0].pointer, "/variants/0/sku", "is taken");
}

/* A2, A3 */
static void test_levels_are_opened_once(void)
{
    struct mx_product_draft m = stored();
    struct mx_variant_write again = {.sku = MX_S("a"), .has_stock = true, .stock = 9};
    struct mx_variant_write new = sent("c", "L", 9);

    new.has_stock = true;
    new.stock = 4;
    tap_err(overlay(&m, LIST(struct mx_variant_write, again, new)), MX_E_VALIDATION_FAILED,
            "a level that exists");
    tap_int(faults.n, 1, "is refused");
    tap_str(faults.at[0].pointer, "/variants/0/stock", "where it stands");
    tap_int(variant(&m, 1)->stock, 4, "a new variant has its opening level");
}

static void test_slugs_are_no_ids(void)
{
    const struct mx_product_write in = {.has_slug = true,
                                        .slug = MX_S("01890a5d-ac96-774b-bcce-b302099a8057")};
    struct mx_product_draft m = empty();

    mx_faults_init(&faults, cx.arena);
    mx_product_draft_overlay(&cx, &m, &in);
    tap_err(mx_product_draft_check(&cx, &m), MX_E_VALIDATION_FAILED, "a slug that is an id");
    tap_str(faults.at[0].pointer, "/slug", "is told");
}

static void test_faults(void)
{
    struct mx_product_draft m = empty();
    struct mx_variant_write no_price = {.sku = MX_S("n")};
    struct mx_variant_write dollars = sent("d", NULL, 5);

    dollars.price.currency = (struct mx_currency){"USD"};
    tap_err(overlay(&m, LIST(struct mx_variant_write, no_price, dollars, dollars)),
            MX_E_VALIDATION_FAILED, "three faults");
    tap_int(faults.n, 4, "are told");
    tap_str(faults.at[0].pointer, "/variants/0/price", "a price is missing");
    tap_str(faults.at[1].pointer, "/variants/1/price/currency", "of another currency");
    tap_str(faults.at[2].pointer, "/variants/2/sku", "twice the same");
    m = empty();
    tap_err(overlay(&m, LIST(struct mx_variant_write, sent("a", "S", 5), sent("b", "S", 7))),
            MX_E_VALIDATION_FAILED, "the same choices twice");
    tap_str(faults.at[0].pointer, "/variants/1/options", "told at the second");
    m = empty();
    tap_err(overlay(&m, LIST(struct mx_variant_write, sent("a", "S", 5), sent("b", NULL, 7))),
            MX_E_VALIDATION_FAILED, "no choice");
}

static void test_derived(void)
{
    struct mx_product_draft m = empty();
    struct mx_variant_write cheap = sent("a", "S", 500), dear = sent("b", "M", 900);
    struct mx_product_draft_derived d;

    cheap.has_compare_at_price = true;
    cheap.compare_at_price = euro(700);
    tap_err(overlay(&m, LIST(struct mx_variant_write, dear, cheap)), MX_OK, "two prices");
    d = mx_product_draft_derive(cx.arena, &m);
    tap_int(d.price_min, 500, "lowest");
    tap_int(d.price_max, 900, "highest");
    tap_ok(d.has_compare_at && d.compare_at == 700, "what the cheapest cost before");
    tap_ok(mx_str_starts(d.search_text, MX_S("t___ t___ b___ a___ ")), "words");
    variant(&m, 1)->active = false;
    d = mx_product_draft_derive(cx.arena, &m);
    tap_int(d.price_min, 900, "a withdrawn variant does not count");
    tap_ok(!d.has_compare_at, "nor what it cost before");
}

static void test_long_texts(void)
{
    struct mx_product_draft m = empty();
    size_t n = 90000;
    char *text = mx_arena_alloc(cx.arena, n);
    struct mx_product_draft_derived d;

    memset(text, 'w', n);
    for (size_t i = 9; i < n; i += 10)
        text[i] = ' ';
    m.description = (struct mx_str){text, n};
    d = mx_product_draft_derive(cx.arena, &m);
    tap_ok(d.search_text.n <= MX_SEARCH_TEXT_MAX, "the words of a long text are cut");
    tap_ok(d.search_text.n > MX_SEARCH_TEXT_MAX - 20, "late");
    tap_ok(mx_str_ends(d.search_text, MX_S("wwwwwwwww ")), "between two words");
}

int main(void)
{
    cx.arena = mx_arena_new(65536, 64 << 20);
    cx.faults = &faults;
    proc.conf = &conf;
    test_slugs();
    test_options_are_gathered();
    test_variants_are_matched();
    test_variants_have_ids();
    test_faults_of_ids();
    test_levels_are_opened_once();
    test_slugs_are_no_ids();
    test_faults();
    test_derived();
    test_long_texts();
    mx_arena_free(cx.arena);
    return tap_done();
}
