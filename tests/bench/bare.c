/* The other side of the benchmark: the same five routes as a plain prefork loop around
 * FCGX_Accept_r, the way one writes it by hand. No framework, no arena, no log, no keys but one, no
 * caches: a blocking accept, one request a connection, statements prepared once, JSON by snprintf,
 * the token checked by libjwt each time. The texts of the statements are merx's own (their rows are
 * all that is used of it), so are the two connections and their session; the answers are the same.
 *
 * BARE_SOCKET BARE_WORKERS BARE_PEM BARE_ISSUER BARE_AUDIENCE BARE_DB_SOCKET BARE_DB_PASSWORD */
#include <fcgiapp.h>
#include <jwt.h>
#include <mysql.h>
#include <mysqld_error.h>

#include <cjson/cJSON.h>
#include <errno.h>
#include <openssl/sha.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <signal.h>
#include <unistd.h>

#include "statements.h"

#define COLUMNS_MAX 40
#define TEXT_MAX 65536
#define LINES_MAX 200
#define TRIES 5
#define STOCK_LOW 5

typedef __typeof__(*((MYSQL_BIND *)0)->is_null) db_bool;
typedef unsigned char uuid_t[16];

static void die(const char *what, const char *why)
{
    fprintf(stderr, "bare: %s: %s\n", what, why);
    exit(1);
}

static const char *setting(const char *name)
{
    const char *value = getenv(name);

    if (!value)
        die(name, "is not set");
    return value;
}

/* ==== statements ==== */

enum { READ, WRITE, LINKS };

/* Parameters by name and columns, in the order of the bindings below; `#`: integer, `@`: time. */
#define CARD_COLUMNS                                                                               \
    "id slug title brand currency #price_min #price_max #compare_at thumbnail #rating_sum "        \
    "#rating_count #in_stock"
enum { PROFILE, LIST, PRODUCT, VARIANTS, AROUND, CART, ORDER, ITEMS, PAYMENT, EVENTS, LEDGER };
enum { STORE = LEDGER + 1, STORED, TAKE, STATEMENTS };
static struct statement {
    const char *name;
    int link;
    const char *in, *out;
    MYSQL_STMT *h;
    struct column {
        unsigned long n;
        db_bool null;
        char *s;
        long long i;
        MYSQL_TIME t;
    } out_at[COLUMNS_MAX];
} statements[STATEMENTS] = {
    {"account.profile", READ, "id",
     "id #kind email @verified_at name phone locale @created_at role"},
    {"catalog.by_newest", READ,
     "after after_time after after_time after brand brand min_price min_price max_price max_price "
     "category category n_attributes n_attributes attributes in_stock limit",
     CARD_COLUMNS " #sort_number sort_text"},
    {"product.load", READ, "id slug active_only",
     "id slug title brand description #status tax_class options attributes media thumbnail "
     "currency #price_min #price_max #compare_at #rating_sum #rating_count #version @created_at "
     "@updated_at"},
    {"product.variants", READ, "product",
     "id sku title options media #price #compare_at currency #weight_grams #on_hand #reserved"},
    {"catalog.around", READ, "product product product product product", "#kind " CARD_COLUMNS},
    {"cart.load", WRITE, "account",
     "cart_id currency #version address_id method_id ship_name ship_company ship_line1 ship_line2 "
     "ship_city ship_region ship_postal_code ship_country ship_phone method_name #days_min "
     "#days_max #rate #free_from #shipping_ppm item_id variant_id #quantity #seen_price sku "
     "variant_title #price variant_currency #sellable product_id slug title #available #tax_ppm"},
    {"order.insert", WRITE,
     "id number account cart status payment_status currency subtotal discount_total "
     "shipping_total tax_total total email note address method shipping_name placed_at expires_at "
     "now now",
     ""},
    {"order.insert_items", WRITE, "order lines", ""},
    {"payment.insert", WRITE,
     "id order attempt provider status amount captured currency provider_ref failure_code now now",
     ""},
    {"event.insert_two", WRITE,
     "id type subject payload now now id2 type2 subject payload now now", ""},
    {"order.ledger_take", WRITE, "actor now order", ""},
    {"idempotency.store_if_live", WRITE,
     "principal key request_hash status body now session now", ""},
    {"idempotency.find", WRITE, "principal key", "request_hash #status body @created_at"},
    {"order.take_stock", WRITE, "order now now cart version", ""},
};
static MYSQL *links[LINKS];

/* The next parameters of the statement about to run. */
static MYSQL_BIND args[COLUMNS_MAX];
static long long numbers[COLUMNS_MAX];
static int n_args;

static void arg_bytes(const void *p, size_t n)
{
    args[n_args++] = (MYSQL_BIND){.buffer_type = p ? MYSQL_TYPE_BLOB : MYSQL_TYPE_NULL,
                                  .buffer = (void *)(uintptr_t)p,
                                  .buffer_length = n};
}

static void arg_id(const uuid_t id)
{
    arg_bytes(id, sizeof(uuid_t));
}

static void arg_text(const char *s)
{
    args[n_args++] = (MYSQL_BIND){.buffer_type = s ? MYSQL_TYPE_STRING : MYSQL_TYPE_NULL,
                                  .buffer = (void *)(uintptr_t)s,
                                  .buffer_length = s ? strlen(s) : 0};
}

static void arg_int(long long v)
{
    numbers[n_args] = v;
    args[n_args] = (MYSQL_BIND){.buffer_type = MYSQL_TYPE_LONGLONG, .buffer = &numbers[n_args]};
    n_args++;
}

static void arg_time(MYSQL_TIME *t)
{
    args[n_args++] = (MYSQL_BIND){.buffer_type = MYSQL_TYPE_DATETIME, .buffer = t};
}

static void connect_to_database(int link)
{
    const char *session =
        "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,"
        "ERROR_FOR_DIVISION_BY_ZERO,NO_ZERO_DATE,NO_ZERO_IN_DATE', time_zone = '+00:00', "
        "collation_connection = 'utf8mb4_bin', tx_isolation = 'READ-COMMITTED'";
    MYSQL *my = mysql_init(NULL);

    mysql_options(my, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    if (!mysql_real_connect(my, NULL, "merx", setting("BARE_DB_PASSWORD"), "merx", 0,
                            setting("BARE_DB_SOCKET"), CLIENT_FOUND_ROWS) ||
        mysql_query(my, session) != 0 || mysql_autocommit(my, link == READ) != 0)
        die("database", mysql_error(my));
    links[link] = my;
}

/* A list of names above against what the statement has now. */
static void check_names(const struct statement *s, const char *names, const struct mx_sql_slot *at,
                        int n)
{
    for (int i = 0; i < n; i++) {
        size_t length;

        names += strspn(names, " #@");
        length = strcspn(names, " ");
        if (strlen(at[i].name) != length || strncmp(at[i].name, names, length) != 0)
            die(s->name, at[i].name);
        names += length;
    }
    if (*names)
        die(s->name, names);
}

static void bind_columns(struct statement *s)
{
    MYSQL_BIND b[COLUMNS_MAX] = {0};
    const char *names = s->out;

    for (int i = 0; *names; i++) {
        struct column *c = &s->out_at[i];
        char kind = *names;

        b[i].length = &c->n;
        b[i].is_null = &c->null;
        if (kind == '#') {
            b[i].buffer_type = MYSQL_TYPE_LONGLONG;
            b[i].buffer = &c->i;
        } else if (kind == '@') {
            b[i].buffer_type = MYSQL_TYPE_DATETIME;
            b[i].buffer = &c->t;
        } else {
            c->s = malloc(TEXT_MAX);
            b[i].buffer_type = MYSQL_TYPE_STRING;
            b[i].buffer = c->s;
            b[i].buffer_length = TEXT_MAX;
        }
        names += strcspn(names, " ");
        names += *names == ' ';
    }
    if (mysql_stmt_bind_result(s->h, b))
        die(s->name, mysql_stmt_error(s->h));
}

static void prepare(struct statement *s)
{
    for (int i = 0; i < mx_sql_n; i++) {
        const struct mx_sql *sql = &mx_sql_all[i];

        if (strcmp(sql->name, s->name) != 0)
            continue;
        check_names(s, s->in, sql->in, sql->n_in);
        check_names(s, s->out, sql->out, sql->n_out);
        s->h = mysql_stmt_init(links[s->link]);
        if (mysql_stmt_prepare(s->h, sql->text, strlen(sql->text)) != 0)
            die(s->name, mysql_stmt_error(s->h));
        if (*s->out)
            bind_columns(s);
        return;
    }
    die(s->name, "no such statement");
}

/* Run with the arguments gathered. False: mysql_stmt_errno tells. */
static bool run(int which)
{
    struct statement *s = &statements[which];

    if (mysql_stmt_param_count(s->h) != (unsigned long)n_args)
        die(s->name, "number of arguments");
    n_args = 0;
    return !mysql_stmt_bind_param(s->h, args) && mysql_stmt_execute(s->h) == 0;
}

/* The columns of the next row, NULL behind the last; *ok becomes false on a failure. */
static const struct column *fetch(int which, bool *ok)
{
    struct statement *s = &statements[which];
    int status = mysql_stmt_fetch(s->h);

    if (status == 0)
        return s->out_at;
    *ok &= status == MYSQL_NO_DATA;
    mysql_stmt_free_result(s->h);
    return NULL;
}

/* ==== JSON ==== */

static char body[1 << 20];
static size_t body_n;

MX_PRINTF(1, 2) static void put(const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(body + body_n, sizeof(body) - body_n, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= sizeof(body) - body_n)
        die("answer", "too long");
    body_n += (size_t)n;
}

static void put_bytes(const char *p, size_t n)
{
    if (n >= sizeof(body) - body_n)
        die("answer", "too long");
    memcpy(body + body_n, p, n);
    body_n += n;
}

static void put_quoted(const char *s, size_t n)
{
    size_t from = 0;

    put_bytes("\"", 1);
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];

        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        put_bytes(s + from, i - from);
        if (c < 0x20)
            put("\\u%04x", c);
        else
            put("\\%c", c);
        from = i + 1;
    }
    put_bytes(s + from, n - from);
    put_bytes("\"", 1);
}

/* `name` below is everything before the value: {"id": or ,"slug": */
static void put_text(const char *name, const struct column *c)
{
    put("%s", name);
    if (c->null)
        put("null");
    else
        put_quoted(c->s, c->n);
}

static void put_json(const char *name, const struct column *c)
{
    put("%s", name);
    put_bytes(c->s, c->n);
}

static void hex(char *to, const unsigned char *p, size_t n)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        to[2 * i] = digits[p[i] >> 4];
        to[2 * i + 1] = digits[p[i] & 15];
    }
}

static void uuid_text(char to[37], const unsigned char *id)
{
    hex(to, id, 4);
    hex(to + 9, id + 4, 2);
    hex(to + 14, id + 6, 2);
    hex(to + 19, id + 8, 2);
    hex(to + 24, id + 10, 6);
    to[8] = to[13] = to[18] = to[23] = '-';
    to[36] = '\0';
}

static void put_id(const char *name, const void *id)
{
    char text[37];

    uuid_text(text, id);
    put("%s\"%s\"", name, text);
}

static void put_time(const char *name, const MYSQL_TIME *t)
{
    put("%s\"%04u-%02u-%02uT%02u:%02u:%02u.%03luZ\"", name, t->year, t->month, t->day, t->hour,
        t->minute, t->second, t->second_part / 1000);
}

static void put_money(const char *name, long long amount, const char *currency)
{
    put("%s{\"amount\":%lld,\"currency\":\"%.3s\"}", name, amount, currency);
}

static void put_price(const char *name, const struct column *amount, const char *currency)
{
    if (amount->null)
        put("%snull", name);
    else
        put_money(name, amount->i, currency);
}

static const char *word(bool yes)
{
    return yes ? "true" : "false";
}

static void put_rating(const struct column *sum, const struct column *count)
{
    long long cents = count->i > 0 ? (sum->i * 100 + count->i / 2) / count->i : 0;

    if (count->i > 0)
        put(",\"rating\":{\"average\":%lld.%02lld,\"count\":%lld}", cents / 100, cents % 100,
            count->i);
    else
        put(",\"rating\":{\"average\":null,\"count\":0}");
}

/* CARD_COLUMNS from c on. */
static void put_card(const struct column *c)
{
    put_id("{\"id\":", c[0].s);
    put_text(",\"slug\":", &c[1]);
    put_text(",\"title\":", &c[2]);
    put_text(",\"brand\":", &c[3]);
    put_price(",\"price\":", &c[5], c[4].s);
    put_price(",\"price_max\":", &c[6], c[4].s);
    put_price(",\"compare_at_price\":", &c[7], c[4].s);
    put(",\"in_stock\":%s", word(c[11].i != 0));
    put_text(",\"thumbnail\":", &c[8]);
    put_rating(&c[9], &c[10]);
    put("}");
}

/* ==== requests ==== */

struct request {
    FCGX_Request fcgi;
    const char *method, *path, *query;
    char sent[16384];
    size_t sent_n;
    uuid_t account, session;
    MYSQL_TIME now;
    long long now_ms;
};

static const struct problem {
    int status;
    const char *code, *title;
} ok = {200, "", ""}, created = {201, "", ""}, bad = {400, "bad_request", "Bad request"},
  unauthorized = {401, "unauthorized", "Authentication required"},
  not_found = {404, "not_found", "Not found"}, cart_empty = {409, "cart_empty", "The cart is empty"},
  out_of_stock = {409, "out_of_stock", "Not enough stock"},
  key_reused = {422, "idempotency_key_reused", "Idempotency-Key reused"},
  unavailable = {503, "unavailable", "Service unavailable"};

static char pem[4096];
static const char *issuer, *audience;

static bool uuid_parse(const char *s, uuid_t id)
{
    if (!s || strlen(s) != 36)
        return false;
    for (int i = 0; i < 16; i++, s += 2) {
        char pair[3] = {0};
        char *end;

        s += *s == '-';
        memcpy(pair, s, 2);
        id[i] = (unsigned char)strtoul(pair, &end, 16);
        if (*end)
            return false;
    }
    return true;
}

static void now(struct request *r)
{
    struct timespec ts;
    struct tm tm;

    clock_gettime(CLOCK_REALTIME, &ts);
    gmtime_r(&ts.tv_sec, &tm);
    r->now_ms = (long long)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
    r->now = (MYSQL_TIME){.year = (unsigned)tm.tm_year + 1900,
                          .month = (unsigned)tm.tm_mon + 1,
                          .day = (unsigned)tm.tm_mday,
                          .hour = (unsigned)tm.tm_hour,
                          .minute = (unsigned)tm.tm_min,
                          .second = (unsigned)tm.tm_sec,
                          .second_part = (unsigned long)(ts.tv_nsec / 1000000 * 1000)};
}

static void new_uuid(const struct request *r, uuid_t id)
{
    if (getrandom(id + 6, 10, 0) != 10)
        die("getrandom", strerror(errno));
    for (int i = 0; i < 6; i++)
        id[i] = (unsigned char)(r->now_ms >> (40 - 8 * i));
    id[6] = (unsigned char)(0x70 | (id[6] & 15));
    id[8] = (unsigned char)(0x80 | (id[8] & 63));
}

static bool grant_is(jwt_t *jwt, const char *name, const char *want)
{
    const char *got = jwt_get_grant(jwt, name);

    return got && strcmp(got, want) == 0;
}

/* The token's signature, issuer, audience and end; account and session. */
static bool authenticate(struct request *r)
{
    const char *header = FCGX_GetParam("HTTP_AUTHORIZATION", r->fcgi.envp);
    jwt_t *jwt = NULL;
    bool valid;

    if (!header || strncmp(header, "Bearer ", 7) != 0 ||
        jwt_decode(&jwt, header + 7, (unsigned char *)pem, (int)strlen(pem)) != 0)
        return false;
    valid = jwt_get_alg(jwt) == JWT_ALG_ES256 && grant_is(jwt, "iss", issuer) &&
            grant_is(jwt, "aud", audience) && jwt_get_grant_int(jwt, "exp") > r->now_ms / 1000 &&
            jwt_get_grant_int(jwt, "nbf") <= r->now_ms / 1000 + 30 &&
            uuid_parse(jwt_get_grant(jwt, "sub"), r->account) &&
            uuid_parse(jwt_get_grant(jwt, "sid"), r->session);
    jwt_free(jwt);
    return valid;
}

/* ==== GET ==== */

static const struct problem *get_health(void)
{
    put("{\"status\":\"ok\"}");
    return &ok;
}

static const struct problem *get_me(struct request *r)
{
    const struct column *c;
    bool good = true;
    int roles = 0;

    if (!authenticate(r))
        return &unauthorized;
    arg_id(r->account);
    if (!run(PROFILE))
        return &unavailable;
    while ((c = fetch(PROFILE, &good))) {
        if (body_n == 0) {
            put_id("{\"id\":", c[0].s);
            put_text(",\"email\":", &c[2]);
            put(",\"email_verified\":%s", word(!c[3].null));
            put_text(",\"name\":", &c[4]);
            put_text(",\"phone\":", &c[5]);
            put_text(",\"locale\":", &c[6]);
            put_time(",\"created_at\":", &c[7].t);
            put(",\"mfa_enabled\":false,\"roles\":[");
        }
        if (!c[8].null)
            put_text(roles++ ? "," : "", &c[8]);
    }
    put("]}");
    return good ? body_n > 2 ? &ok : &unauthorized : &unavailable;
}

static const struct problem *get_products(struct request *r)
{
    const char *given = strstr(r->query, "limit=");
    long limit = given ? strtol(given + 6, NULL, 10) : 20, n = 0;
    const struct column *c;
    bool good = true;
    char next[128] = "null";

    if (limit < 1 || limit > 100)
        return &bad;
    for (int i = 0; i < 13; i++)
        arg_text(NULL);
    arg_int(0);
    arg_int(0);
    arg_text("\n");
    arg_int(0);
    arg_int(limit + 1);
    if (!run(LIST))
        return &unavailable;
    put("{\"data\":[");
    while ((c = fetch(LIST, &good))) {
        if (n == limit)
            continue;
        put("%s", n++ ? "," : "");
        put_card(c);
        if (n == limit) {
            snprintf(next, sizeof(next), "\"%lld.", c[12].i);
            hex(next + strlen(next), (const unsigned char *)c[0].s, 16);
        }
    }
    put("],\"next_cursor\":%s%s}", next, next[0] == '"' ? "\"" : "");
    return good ? &ok : &unavailable;
}

static bool put_variants(const uuid_t product, bool *in_stock)
{
    const struct column *c;
    bool good = true;
    int n = 0;

    arg_id(product);
    if (!run(VARIANTS))
        return false;
    put(",\"variants\":[");
    while ((c = fetch(VARIANTS, &good))) {
        long long left = c[9].i - c[10].i;

        put_id(n++ ? ",{\"id\":" : "{\"id\":", c[0].s);
        put_text(",\"sku\":", &c[1]);
        put_text(",\"title\":", &c[2]);
        put_json(",\"options\":", &c[3]);
        put_price(",\"price\":", &c[5], c[7].s);
        put_price(",\"compare_at_price\":", &c[6], c[7].s);
        put(",\"in_stock\":%s,\"stock_hint\":\"%s\"", word(left > 0),
            left <= 0           ? "out_of_stock"
            : left <= STOCK_LOW ? "low"
                                : "in_stock");
        put(c[8].null ? ",\"weight_grams\":null" : ",\"weight_grams\":%lld", c[8].i);
        put_json(",\"media\":", &c[4]);
        put("}");
        *in_stock |= left > 0;
    }
    put("]");
    return good;
}

/* Categories, then related products, as the rows come. */
static bool put_around(const uuid_t product)
{
    const struct column *c;
    bool good = true, related = false;
    int n = 0;

    for (int i = 0; i < 5; i++)
        arg_id(product);
    if (!run(AROUND))
        return false;
    put(",\"categories\":[");
    while ((c = fetch(AROUND, &good))) {
        if (c[0].i == 1 && !related) {
            put("],\"related\":[");
            related = true;
            n = 0;
        }
        put("%s", n++ ? "," : "");
        if (related) {
            put_card(c + 1);
            continue;
        }
        put_id("{\"id\":", c[1].s);
        put_text(",\"slug\":", &c[2]);
        put_text(",\"title\":", &c[3]);
        put("}");
    }
    put("%s]", related ? "" : "],\"related\":[");
    return good;
}

static const struct problem *get_product(const char *slug)
{
    const struct column *c;
    bool good = true, in_stock = false;
    uuid_t id;

    if (uuid_parse(slug, id)) {
        arg_id(id);
        arg_text(NULL);
    } else {
        arg_text(NULL);
        arg_text(slug);
    }
    arg_int(1);
    if (!run(PRODUCT))
        return &unavailable;
    c = fetch(PRODUCT, &good);
    if (!c)
        return good ? &not_found : &unavailable;
    memcpy(id, c[0].s, sizeof(id));
    put_id("{\"id\":", id);
    put_text(",\"slug\":", &c[1]);
    put_text(",\"title\":", &c[2]);
    put_text(",\"brand\":", &c[3]);
    put_price(",\"price\":", &c[12], c[11].s);
    put_price(",\"price_max\":", &c[13], c[11].s);
    put_price(",\"compare_at_price\":", &c[14], c[11].s);
    put_text(",\"thumbnail\":", &c[10]);
    put_rating(&c[15], &c[16]);
    put_text(",\"description\":", &c[4]);
    put_json(",\"options\":", &c[7]);
    put_json(",\"media\":", &c[9]);
    put_json(",\"attributes\":", &c[8]);
    while (fetch(PRODUCT, &good))
        continue;
    if (!good || !put_variants(id, &in_stock) || !put_around(id))
        return &unavailable;
    put(",\"in_stock\":%s}", word(in_stock));
    return &ok;
}
