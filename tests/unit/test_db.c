/* The database driver without a database: the table of errors, the texts that are parsed, and how
 * it fails while nobody answers. */
#include "tap.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "io/db.h"
#include "io/db_errno.h"
#include "io/migrate.h"

static void faults(void)
{
    static const struct {
        unsigned no;
        enum mx_err err;
        bool drop, lost, refused;
    } cases[] = {
        {1213, MX_E_RETRY, false, false, true},
        {1205, MX_E_RETRY, false, false, true},
        {1020, MX_E_RETRY, false, false, true},
        {3101, MX_E_RETRY, false, false, true},
        {9007, MX_E_RETRY, false, false, true},
        {1047, MX_E_UNAVAILABLE, true, false, true},
        {1290, MX_E_UNAVAILABLE, true, false, true},
        {1836, MX_E_UNAVAILABLE, true, false, true},
        {2002, MX_E_UNAVAILABLE, true, false, false},
        {2003, MX_E_UNAVAILABLE, true, false, false},
        {2006, MX_E_UNAVAILABLE, true, true, true},
        {2013, MX_E_UNAVAILABLE, true, true, false},
        {1053, MX_E_UNAVAILABLE, true, true, false},
        {1927, MX_E_UNAVAILABLE, true, true, false},
        {1040, MX_E_UNAVAILABLE, true, false, false},
        {1317, MX_E_DEADLINE, false, false, false},
        {1969, MX_E_DEADLINE, false, false, false},
        {3024, MX_E_DEADLINE, false, false, false},
        {1062, MX_E_DUPLICATE, false, false, false},
        {1451, MX_E_CONFLICT, false, false, false},
        {1452, MX_E_CONFLICT, false, false, false},
        {4025, MX_E_CONFLICT, false, false, false},
        {3819, MX_E_CONFLICT, false, false, false},
        {1114, MX_E_UNAVAILABLE, false, false, false},
        {1461, MX_E_UNAVAILABLE, false, false, false},
        {1146, MX_E_INTERNAL, false, false, false},
        {1064, MX_E_INTERNAL, false, false, false},
    };

    for (size_t i = 0; i < MX_LEN(cases); i++) {
        struct mx_db_errno f = mx_db_errno(cases[i].no);

        tap_ok(f.no == cases[i].no && f.err == cases[i].err && f.drop == cases[i].drop &&
                   f.lost == cases[i].lost && mx_db_commit_refused(cases[i].no) == cases[i].refused,
               "error %u", cases[i].no);
    }
    tap_ok(mx_db_quotes_data(1062, "23000"), "a duplicate quotes data");
    tap_ok(mx_db_quotes_data(1366, "HY000"), "a bad string quotes data");
    tap_ok(!mx_db_quotes_data(1146, "42S02"), "a missing table does not");
}

static void scripts(void)
{
    static const struct {
        const char *text, *want[4];
    } cases[] = {
        {"", {NULL}},
        {" \n ; ;; ", {NULL}},
        {"-- only; a comment", {NULL}},
        {"SELECT 1", {"SELECT 1"}},
        {"A; B;\nC", {"A", "B", "C"}},
        {"-- a; b\nA 'x;''y' ; # c;\nB \"\\\";\" `;`;/* ; */ C -- ;\n + 1;",
         {"A 'x;''y' ", "B \"\\\";\" `;`", "C -- ;\n + 1"}},
        {"SELECT 3 - 2; A /* open ;", {"SELECT 3 - 2", "A /* open ;"}},
        {"SELECT 'open ; \\", {"SELECT 'open ; \\"}},
    };

    for (size_t i = 0; i < MX_LEN(cases); i++) {
        struct mx_str rest = mx_str_c(cases[i].text), one;
        int n = 0;

        while (mx_db_split(&rest, &one) && n < 4) {
            tap_str(one, cases[i].want[n], cases[i].text);
            n++;
        }
        tap_ok(n == 4 || cases[i].want[n] == NULL, "script %zu has no more", i);
    }
}

static enum mx_err ask(void *arg)
{
    int64_t version;

    return mx_db_ready(arg, &version);
}

static enum mx_err give_up(void *arg)
{
    (*(int *)arg)++;
    return MX_E_OUT_OF_STOCK;
}

static enum mx_err want_retry(void *arg)
{
    (*(int *)arg)++;
    return MX_E_RETRY;
}

static enum mx_err hide(void *arg)
{
    return ask(arg) == MX_E_UNAVAILABLE ? MX_OK : MX_E_INTERNAL;
}

/* Acts of a transaction at its end, noted in a text. */
struct ending {
    struct mx_db *db;
    struct mx_buf told;
    int runs;
    enum mx_err before; /* what the hook returns before the first COMMIT */
    enum mx_err own;    /* what the transaction returns in its last run */
};

static enum mx_err before_first(void *arg)
{
    struct ending *x = arg;

    mx_buf_c(&x->told, "b1 ");
    return x->runs == 1 ? x->before : MX_OK;
}

static enum mx_err before_second(void *arg)
{
    struct ending *x = arg;

    mx_buf_c(&x->told, "b2 ");
    return MX_OK;
}

static void after(void *arg, bool certain)
{
    struct ending *x = arg;

    mx_buf_c(&x->told, mx_db_in_tx(x->db) || !certain ? "early " : "after ");
}

static void undo(void *arg)
{
    struct ending *x = arg;

    mx_buf_c(&x->told, mx_db_in_tx(x->db) ? "early " : "undo ");
}

static enum mx_err end_well(void *arg)
{
    struct ending *x = arg;
    int *memo = mx_db_memo(x->db, &x->runs, sizeof(int));
    const int *other = mx_db_memo(x->db, &x->told, sizeof(int));

    x->runs++;
    mx_db_after_commit(x->db, after, x);
    mx_db_after_rollback(x->db, undo, x);
    mx_db_before_commit(x->db, before_first, x);
    mx_db_before_commit(x->db, before_second, x);
    mx_buf_fmt(&x->told, "run%d memo%d ", x->runs, *memo + *other);
    *memo = 7;
    if (mx_db_memo(x->db, &x->runs, sizeof(int)) != memo)
        mx_buf_c(&x->told, "lost ");
    return x->own;
}

/* Without a statement a transaction needs no server. */
static void endings(void)
{
    static const struct mx_settings conf = {.db_statement_timeout_ms = 60000};
    static const struct {
        enum mx_err before, own, want;
        const char *told;
    } cases[] = {
        {MX_OK, MX_OK, MX_OK, "run1 memo0 b1 b2 after "},
        {MX_E_RETRY, MX_OK, MX_OK, "run1 memo0 b1 undo run2 memo0 b1 b2 after "},
        {MX_E_OUT_OF_STOCK, MX_OK, MX_E_OUT_OF_STOCK, "run1 memo0 b1 undo "},
        {MX_OK, MX_E_CART_EMPTY, MX_E_CART_EMPTY, "run1 memo0 undo "},
    };
    struct mx_arena *a = mx_arena_new(4096, 1 << 20), *notes = mx_arena_new(4096, 1 << 20);
    struct ending x = {.db = mx_db_new(&conf)};

    mx_db_begin_request(x.db, a);
    for (size_t i = 0; i < MX_LEN(cases); i++) {
        x.runs = 0;
        x.before = cases[i].before;
        x.own = cases[i].own;
        mx_buf_init(&x.told, notes, 1024);
        tap_err(mx_db_tx(x.db, end_well, &x), cases[i].want, "what ends a transaction");
        tap_str(mx_buf_view(&x.told), cases[i].told, "what it does at its end");
    }
    mx_buf_init(&x.told, notes, 1024);
    mx_db_after_commit(x.db, after, &x);
    tap_str(mx_buf_view(&x.told), "after ", "outside of a transaction it is done at once");
    mx_db_free(x.db);
    mx_arena_free(notes);
    mx_arena_free(a);
}

static void nobody_answers(void)
{
    static const struct mx_settings conf = {.db_host = "",
                                            .db_socket = "/nonexistent/merx.sock",
                                            .db_user = "merx",
                                            .db_password = "",
                                            .db_name = "merx",
                                            .db_tls_ca = "",
                                            .db_connect_timeout_s = 1,
                                            .db_lock_timeout_s = 1,
                                            .db_statement_timeout_ms = 5000};
    struct mx_arena *a = mx_arena_new(4096, 1 << 20);
    struct mx_db *db = mx_db_new(&conf);
    int64_t version = -1, began_ms;
    const char *why;
    int runs = 0;

    mx_db_begin_request(db, a);
    tap_err(mx_db_ready(db, &version), MX_E_UNAVAILABLE, "ready: nobody answers");
    tap_int(version, -1, "no version is given");
    began_ms = mx_mono_ms();
    for (int i = 0; i < 1000; i++)
        if (mx_db_ready(db, &version) != MX_E_UNAVAILABLE)
            MX_BUG("the database answered");
    tap_ok(mx_mono_ms() - began_ms < 1000, "1000 refusals do not wait");
    tap_err(mx_db_tx(db, ask, db), MX_E_UNAVAILABLE, "transaction: nobody answers");
    tap_err(mx_db_tx(db, hide, db), MX_E_UNAVAILABLE, "a failed statement cannot be hidden");
    tap_err(mx_db_tx(db, give_up, &runs), MX_E_OUT_OF_STOCK,
            "a refusal of the shop stays as it is");
    tap_int(runs, 1, "and is not repeated");
    runs = 0;
    tap_err(mx_db_tx(db, want_retry, &runs), MX_E_UNAVAILABLE, "repetitions end");
    tap_int(runs, 6, "after five more runs");
    tap_ok(!mx_db_in_tx(db), "no transaction is left open");
    tap_int(mx_db_spent(db)->trips, 0, "no round trip was made");
    tap_err(mx_db_script(db, MX_S("SELECT 1"), &why), MX_E_UNAVAILABLE, "script: nobody answers");
    mx_db_free(db);
    mx_arena_free(a);
}

static void versions(void)
{
    struct mx_arena *a = mx_arena_new(4096, 65536);
    bool ordered = mx_migrations_n > 0;

    for (int i = 0; i < mx_migrations_n; i++)
        ordered = ordered && mx_migrations[i].version == i + 1 && *mx_migrations[i].sql;
    tap_ok(ordered, "migrations are numbered without gaps");
    tap_int(mx_schema_version(), mx_migrations_n, "the newest is the schema's version");
    tap_ok(mx_schema_refused(a, mx_schema_version()) == NULL, "its own schema will do");
    tap_ok(mx_schema_refused(a, mx_schema_version() + 9) == NULL, "so will a newer one");
    tap_str(mx_str_c(mx_schema_refused(a, 1)),
            mx_str_fmt(a, "the schema has version 1, this program needs %d", mx_migrations_n).p,
            "an older one will not");
    mx_arena_free(a);
}

int main(void)
{
    mx_log_open("/dev/null");
    faults();
    scripts();
    nobody_answers();
    endings();
    versions();
    return tap_done();
}
