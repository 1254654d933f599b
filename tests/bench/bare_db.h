/* The database of the bare loop: its statements, prepared once, by hand on libmysqlclient. */
#ifndef MX_TESTS_BENCH_BARE_DB_H
#define MX_TESTS_BENCH_BARE_DB_H

#include <mysql.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "io/db.h"

#define COLUMNS_MAX 40
#define TEXT_MAX 65536
#define LINES 2 /* of a cart: those of the bench have no other number */

typedef unsigned char uuid[16];

static MX_NORETURN void die(const char *what, const char *why)
{
    fprintf(stderr, "bare: %s: %s\n", what, why);
    exit(1);
}

struct column {
    unsigned long n;
    my_bool null;
    char *s;
    long long i;
};

enum { READ, WRITE, LINKS };
static MYSQL *links[LINKS];

#define CARD "sssssdddsddd" /* id, slug, title, ...: the columns of a product in a list */
enum { PROFILE, PRODUCTS, PRODUCT, VARIANTS, AROUND, CART, ORDER, ITEMS, PAYMENT, EVENTS, LEDGER };
enum { KEPT = LEDGER + 1, STORE, STORED, TAKE, STATEMENTS };
static struct statement {
    const char *name;
    int link;
    const char *columns; /* a letter each; s: text, time or bytes, d: integer */
    MYSQL_STMT *h;
    int n_in, n_args, arg_of[COLUMNS_MAX]; /* a parameter may stand in the text several times */
    struct column at[COLUMNS_MAX];
    size_t rows; /* of the statements of this name, the one for so many rows; 0: there is one */
} statements[STATEMENTS] = {
    {.name = "account.profile", READ, "sdssssssdss"},
    {.name = "catalog.by_newest", READ, CARD "ds"},
    {.name = "product.load", READ, "sssssdssssssddddddssss"},
    {.name = "product.variants", READ, "sssssddsdddss"},
    {.name = "catalog.around", READ, "d" CARD},
    {.name = "cart.load_live", WRITE, "ssdsssddsssdddddssddssdsdsssdds"},
    {.name = "order.insert", WRITE, ""},
    {.name = "order.insert_items", WRITE, "", .rows = LINES},
    {.name = "payment.insert", WRITE, ""},
    {.name = "audit.insert", WRITE, "", .rows = 2},
    {.name = "order.ledger_take", WRITE, "", .rows = LINES},
    {.name = "idempotency.kept", WRITE, "dd"},
    {.name = "idempotency.store", WRITE, ""},
    {.name = "idempotency.find", WRITE, "sdss"},
    {.name = "order.take_stock", WRITE, ""},
};

static void connect_to_database(int link)
{
    static const char session[] = "SET SESSION time_zone = '+00:00', tx_isolation = "
                                  "'READ-COMMITTED', collation_connection = 'utf8mb4_bin'";
    MYSQL *my = links[link] = mysql_init(NULL);
    mysql_options(my, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    if (!mysql_real_connect(my, NULL, "merx", getenv("BARE_DB_PASSWORD"), "merx", 0,
                            getenv("BARE_DB_SOCKET"), CLIENT_FOUND_ROWS) ||
        mysql_query(my, session) != 0 || mysql_autocommit(my, link == READ) != 0)
        die("database", mysql_error(my));
}

static void prepare(struct statement *s)
{
    const struct mx_sql *sql = mx_sql_all;
    MYSQL_BIND b[COLUMNS_MAX] = {0};
    while (sql < mx_sql_all + mx_sql_n && strcmp(sql->name, s->name) != 0)
        sql++;
    sql += s->rows > 0 ? s->rows - 1 : 0;
    s->h = mysql_stmt_init(links[s->link]);
    if (sql >= mx_sql_all + mx_sql_n || mysql_stmt_prepare(s->h, sql->text, strlen(sql->text)) ||
        mysql_stmt_field_count(s->h) != strlen(s->columns))
        die(s->name, mysql_stmt_error(s->h));
    for (s->n_in = 0; s->n_in < sql->n_in; s->n_in++) {
        int first = 0;
        while (strcmp(sql->in[first].name, sql->in[s->n_in].name) != 0)
            first++;
        s->arg_of[s->n_in] = first < s->n_in ? s->arg_of[first] : s->n_args++;
    }
    for (int i = 0; s->columns[i]; i++) {
        struct column *c = &s->at[i];
        b[i].length = &c->n;
        b[i].is_null = &c->null;
        b[i].buffer_type = s->columns[i] == 'd' ? MYSQL_TYPE_LONGLONG : MYSQL_TYPE_STRING;
        b[i].buffer = s->columns[i] == 'd' ? (void *)&c->i : (c->s = malloc(TEXT_MAX));
        b[i].buffer_length = TEXT_MAX;
    }
    if (*s->columns && mysql_stmt_bind_result(s->h, b))
        die(s->name, mysql_stmt_error(s->h));
}

/* Run with one argument a letter, in the order in which the text names them first. i: id; s:
 * string; d: long long; b: bytes and their number. A null pointer is NULL. */
static bool run(int which, const char *types, ...)
{
    static MYSQL_BIND b[COLUMNS_MAX], all[COLUMNS_MAX];
    static long long numbers[COLUMNS_MAX];
    struct statement *s = &statements[which];
    int n;
    va_list ap;
    va_start(ap, types);
    for (n = 0; types[n]; n++) {
        b[n] = (MYSQL_BIND){.buffer_type = MYSQL_TYPE_BLOB, .buffer_length = sizeof(uuid)};
        if (types[n] == 'd') {
            numbers[n] = va_arg(ap, long long);
            b[n] = (MYSQL_BIND){.buffer_type = MYSQL_TYPE_LONGLONG, .buffer = &numbers[n]};
            continue;
        }
        b[n].buffer = va_arg(ap, void *);
        if (types[n] == 'b')
            b[n].buffer_length = va_arg(ap, size_t);
        else if (types[n] == 's')
            b[n].buffer_length = b[n].buffer ? strlen(b[n].buffer) : 0;
        if (!b[n].buffer)
            b[n].buffer_type = MYSQL_TYPE_NULL;
    }
    va_end(ap);
    if (n != s->n_args)
        die(s->name, "number of arguments");
    for (int i = 0; i < s->n_in; i++)
        all[i] = b[s->arg_of[i]];
    return !mysql_stmt_bind_param(s->h, all) && mysql_stmt_execute(s->h) == 0;
}

/* The columns of the next row, NULL behind the last; *good becomes false on a failure. */
static const struct column *fetch(int which, bool *good)
{
    struct statement *s = &statements[which];
    int status = mysql_stmt_fetch(s->h);
    if (status == 0)
        return s->at;
    *good &= status == MYSQL_NO_DATA;
    mysql_stmt_free_result(s->h);
    return NULL;
}

#endif
