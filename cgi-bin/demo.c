/* merx demo: fills the database with a store to look at. The files of sql/demo are compiled in; its
 * products are what one would send to POST /v1/admin/products and go the same way. Running it again
 * changes the passwords of the two accounts and adds what is missing. */
#include "demo.h"

#include "account/account.h"
#include "api/catalog/products.h"
#include "base/clock.h"
#include "catalog/catalog.h"
#include "catalog/product.h"
#include "cmd.h"
#include "codec/phc.h"
#include "codec/secret.h"
#include "demo_files.h"
#include "io/db.h"
#include "io/shm.h"
#include "q/demo.h"
#include "q/product.h"
#include "shop/email.h"

#define ARENA_FIRST ((size_t)1 << 20)
#define ARENA_MAX ((size_t)256 << 20)
#define GENERATED_MAX 10000000

struct options {
    int64_t products;
    const char *customer, *staff, *role;
};

static void say_faults(const struct mx_demo *d, const char *what, enum mx_err e)
{
    fprintf(stderr, "merx demo: %s: %s\n", what, mx_err_code(e));
    for (int i = 0; i < d->faults.n; i++)
        fprintf(stderr, "  %.*s %.*s\n", MX_FMT(d->faults.at[i].pointer),
                MX_FMT(d->faults.at[i].detail));
    if (d->faults.detail.p)
        fprintf(stderr, "  %.*s\n", MX_FMT(d->faults.detail));
}

static void fresh(struct mx_demo *d)
{
    mx_arena_reset(d->cx.arena);
    mx_faults_init(&d->faults, d->cx.arena);
    mx_db_begin_request(d->cx.db, d->cx.arena);
    d->cx.now_ms = mx_wall_ms();
}

static bool done(struct mx_demo *d, const char *what, enum mx_err e)
{
    if (e != MX_OK)
        say_faults(d, what, e);
    return e == MX_OK;
}

bool mx_demo_tx(struct mx_demo *d, const char *what, enum mx_err (*fn)(void *arg), void *arg)
{
    fresh(d);
    return done(d, what, mx_db_tx(d->cx.db, fn, arg));
}

/* ---- files ---- */

static struct mx_str file(const char *name)
{
    for (const struct mx_demo_file *f = mx_demo_files; f->name; f++)
        if (strcmp(f->name, name) == 0)
            return mx_str_c(f->text);
    MX_BUG("sql/demo/%s.json is not built in", name);
}

static const struct mx_json *parse(struct mx_arena *a, const char *name, const char *text)
{
    const struct mx_json *root;
    const char *why = "";
    size_t offset = 0;

    if (mx_json_parse(a, mx_str_c(text), &root, &why, &offset) != MX_OK)
        MX_BUG("sql/demo/%s.json: %s at byte %zu", name, why, offset);
    return root;
}

/* ---- taxes, shipping ---- */

static enum mx_err load_tables(void *arg)
{
    struct mx_demo *d = arg;
    const struct q_demo_tax_rates_in taxes = {file("tax_rates")};
    const struct q_demo_shipping_methods_in methods = {file("shipping_methods")};
    const struct q_demo_shipping_rates_in rates = {methods.methods,
                                                   mx_str_c(d->cx.proc->conf->currency)};

    MX_TRY(q_demo_tax_rates(d->cx.db, &taxes, NULL));
    MX_TRY(q_demo_shipping_methods(d->cx.db, &methods, NULL));
    return q_demo_shipping_rates(d->cx.db, &rates, NULL);
}

/* ---- categories ---- */

static const struct mx_field category_rows[] = {
    MX_F(struct mx_category_new, slug, MX_BODY, MX_F_REQUIRED, 1, 120, MX_SLUG, NULL),
    MX_F(struct mx_category_new, title, MX_BODY, MX_F_REQUIRED, 1, 200, MX_LINE, NULL),
    MX_F(struct mx_category_new, parent, MX_BODY, 0, 1, 120, MX_SLUG, NULL),
    MX_F(struct mx_category_new, position, MX_BODY, 0, 0, 10000, MX_LINE, NULL),
    MX_F_METADATA(struct mx_category_new, metadata, NULL),
    MX_F_METADATA(struct mx_category_new, public_metadata, NULL),
};
static MX_SHAPE(category_shape, "DemoCategory", struct mx_category_new, category_rows);

/* One element of a file, read by a shape, with what it becomes. */
struct element {
    struct mx_demo *d;
    void *in;
};

static enum mx_err make_category(void *arg)
{
    struct element *x = arg;
    struct mx_id id;

    return mx_category_create(&x->d->cx, x->in, &id);
}

static enum mx_err make_product(void *arg)
{
    struct element *x = arg;
    struct mx_product p;

    return mx_product_create(&x->d->cx, x->in, &p);
}

/* Read `v` by `shape` into *x->in. */
static bool read_element(struct element *x, const struct mx_shape *shape, const struct mx_json *v,
                         const char *what)
{
    const struct mx_sources src = {.body = v};

    return done(x->d, what, mx_fields_read(x->d->cx.arena, shape, &src, &x->d->faults, x->in));
}

static bool load_category(struct mx_demo *d, const struct mx_json *v)
{
    struct mx_category_new in;
    struct mx_category found;
    struct element x = {d, &in};
    enum mx_err e;

    if (!read_element(&x, &category_shape, v, "category"))
        return false;
    e = mx_category_get(&d->cx, in.slug, &found);
    if (e == MX_E_NOT_FOUND)
        e = mx_db_tx(d->cx.db, make_category, &x);
    return done(d, "category", e);
}

static bool load_product(struct mx_demo *d, const struct mx_json *v)
{
    struct mx_product_write in;
    struct mx_list found;
    struct element x = {d, &in};
    enum mx_err e;

    if (!read_element(&x, &mx_shape_product_write, v, "product"))
        return false;
    e = q_product_load(d->cx.db, &(struct q_product_load_in){.slug = in.slug}, &found);
    if (e == MX_OK && found.n == 0)
        e = mx_db_tx(d->cx.db, make_product, &x);
    return done(d, mx_str_z(d->cx.arena, in.slug), e);
}

/* Load each element of a file with a fresh arena. The tree lives in `a`. */
static bool load_file(struct mx_demo *d, struct mx_arena *a, const struct mx_demo_file *f,
                      bool (*load)(struct mx_demo *d, const struct mx_json *v))
{
    const struct mx_json *root = parse(a, f->name, f->text);

    for (const struct mx_json *v = mx_json_first(root); v; v = mx_json_next(v)) {
        fresh(d);
        if (!load(d, v))
            return false;
    }
    return true;
}

static bool load_catalog(struct mx_demo *d, struct mx_arena *a)
{
    const struct mx_demo_file categories = {"categories", file("categories").p};

    if (!load_file(d, a, &categories, load_category))
        return false;
    for (const struct mx_demo_file *f = mx_demo_files; f->name; f++)
        if (mx_str_starts(mx_str_c(f->name), MX_S("products/")) &&
            !load_file(d, a, f, load_product))
            return false;
    return true;
}

/* ---- accounts ---- */

struct person {
    enum mx_account_kind kind;
    const char *name, *email; /* email NULL: is not wanted */
    const char *role;         /* of staff */
    const char *password_env; /* variable of the environment that holds the password */
};

struct account {
    struct mx_demo *d;
    const char *role; /* NULL: none */
    struct q_demo_account_in row;
};

static enum mx_err save_account(void *arg)
{
    struct account *x = arg;
    struct mx_db *db = x->d->cx.db;

    MX_TRY(q_demo_account(db, &x->row, NULL));
    if (!x->role)
        return MX_OK;
    return q_demo_role(db, &(struct q_demo_role_in){x->row.email_key, mx_str_c(x->role)}, NULL);
}

/* A verified account. */
static bool load_account(struct mx_demo *d, const struct person *p)
{
    const char *password = getenv(p->password_env);
    char phc[MX_PASSWORD_PHC];
    struct account x = {.d = d, .role = p->role};

    if (!p->email)
        return true;
    if (!password || !*password) {
        fprintf(stderr, "merx demo: %s is not set\n", p->password_env);
        return false;
    }
    fresh(d);
    if (!mx_email_key(d->cx.arena, mx_str_c(p->email), &x.row.email_key)) {
        fprintf(stderr, "merx demo: %s is not an e-mail address\n", p->email);
        return false;
    }
    if (!done(d, "password", mx_password_hash(mx_str_c(password), phc)))
        return false;
    x.row.id = mx_id_new();
    x.row.kind = p->kind;
    x.row.email = mx_str_c(p->email);
    x.row.name = mx_str_c(p->name);
    x.row.password_hash = mx_str_c(phc);
    x.row.now.ms = d->cx.now_ms;
    return done(d, p->email, mx_db_tx(d->cx.db, save_account, &x));
}

static bool load_accounts(struct mx_demo *d, const struct options *o)
{
    const struct person customer = {MX_ACCOUNT_CUSTOMER, "Demo Customer", o->customer, NULL,
                                    "MERX_DEMO_CUSTOMER_PASSWORD"};
    const struct person staff = {MX_ACCOUNT_STAFF, "Demo Staff", o->staff, o->role,
                                 "MERX_DEMO_STAFF_PASSWORD"};

    return load_account(d, &customer) && load_account(d, &staff);
}

/* ---- the command ---- */

static bool read_options(const struct mx_cmd *c, struct options *o)
{
    for (int i = 0; i < c->argc; i += 2) {
        const char *value = i + 1 < c->argc ? c->argv[i + 1] : NULL;

        if (value && strcmp(c->argv[i], "--products") == 0) {
            if (!mx_str_i64(mx_str_c(value), 0, GENERATED_MAX, &o->products))
                return false;
        } else if (value && strcmp(c->argv[i], "--customer-email") == 0) {
            o->customer = value;
        } else if (value && strcmp(c->argv[i], "--staff-email") == 0) {
            o->staff = value;
        } else if (value && strcmp(c->argv[i], "--staff-role") == 0) {
            o->role = value;
        } else {
            return false;
        }
    }
    return true;
}

static bool load_all(struct mx_demo *d, struct mx_arena *a, const struct options *o)
{
    int64_t start = mx_mono_ms(), ms;

    if (!mx_demo_tx(d, "taxes and shipping", load_tables, d) || !load_catalog(d, a) ||
        !load_accounts(d, o))
        return false;
    printf("demo store loaded in %lld ms\n", (long long)(mx_mono_ms() - start));
    if (o->products == 0)
        return true;
    start = mx_mono_ms();
    if (!mx_demo_generate(d, o->products))
        return false;
    ms = mx_mono_ms() - start;
    printf("generated products: %lld rows in %lld ms, %lld rows/s\n", (long long)d->rows,
           (long long)ms, (long long)(d->rows * 1000 / (ms > 0 ? ms : 1)));
    return true;
}

void mx_usage_demo(FILE *out)
{
    fprintf(out, "usage: merx demo [--products N] [--customer-email E]\n"
                 "                 [--staff-email E] [--staff-role ROLE]\n"
                 "The passwords are MERX_DEMO_CUSTOMER_PASSWORD and "
                 "MERX_DEMO_STAFF_PASSWORD.\n");
}

int mx_cmd_demo(struct mx_cmd *c)
{
    struct options o = {.role = "owner"};
    const struct mx_proc proc = {.conf = c->settings, .shared = mx_shared_new()};
    struct mx_demo d = {.cx = {.proc = &proc}};
    bool ok;

    if (!read_options(c, &o)) {
        mx_usage_demo(stderr);
        return 2;
    }
    mx_secret_init();
    d.cx.faults = &d.faults;
    d.cx.arena = mx_arena_new(ARENA_FIRST, ARENA_MAX);
    d.cx.db = mx_db_new(c->settings);
    ok = load_all(&d, c->arena, &o);
    mx_db_free(d.cx.db);
    mx_arena_free(d.cx.arena);
    return ok ? 0 : 1;
}
