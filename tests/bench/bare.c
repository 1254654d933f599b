/* The other side of the benchmark: five routes as a plain prefork loop around FCGX_Accept_r,
 * written by hand. No framework, log or cache: a blocking accept, one request a connection,
 * statements prepared once, JSON by snprintf, the token checked by libjwt each time. Of merx only
 * the statements' texts are used; answers and database sessions are the same. The environment has
 * BARE_SOCKET _WORKERS _PEM (public) _ISSUER _AUDIENCE _DB_SOCKET _DB_PASSWORD _PII_KEY (hex). */
#include <cjson/cJSON.h>
#include <fcgiapp.h>
#include <jwt.h>
#include <openssl/sha.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <unistd.h>

#include "bare_db.h"
#include "sealed.h"

#define PAGE 20
#define ANSWERS_MAX 1000LL /* kept for an account under its Idempotency-Keys, and their bytes */
#define ANSWER_BYTES 8388608LL

/* The answer, and the texts that it is made of. */
static char body[1 << 20], texts[1 << 24];
static size_t body_n, texts_n;

MX_PRINTF(1, 2) static void put(const char *f, ...)
{
    va_list ap;
    va_start(ap, f);
    body_n += (size_t)vsnprintf(body + body_n, sizeof(body) - body_n, f, ap);
    va_end(ap);
    if (body_n >= sizeof(body))
        die("answer", "too long");
}

/* A text that lives as long as the request. */
MX_PRINTF(1, 2) static char *fmt(const char *f, ...)
{
    char *p = texts + texts_n;
    va_list ap;
    va_start(ap, f);
    texts_n += (size_t)vsnprintf(p, sizeof(texts) - texts_n, f, ap) + 1;
    va_end(ap);
    if (texts_n >= sizeof(texts))
        die("texts", "too long");
    return p;
}

static const char *quoted(const char *s)
{
    size_t n = strlen(s);
    char *p = texts + texts_n, *to = p;
    if (6 * n + 3 > sizeof(texts) - texts_n)
        die("texts", "too long");
    *to++ = '"';
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)s[i] < 0x20) {
            to += snprintf(to, 7, "\\u%04x", (unsigned char)s[i]);
            continue;
        }
        if (s[i] == '"' || s[i] == '\\')
            *to++ = '\\';
        *to++ = s[i];
    }
    *to++ = '"';
    *to++ = '\0';
    texts_n = (size_t)(to - texts);
    return p;
}

static const char *str(const struct column *c)
{
    return c->null ? "null" : quoted(c->s);
}

/* A JSON object that is absent when it has no members. */
static const char *object(const struct column *c)
{
    return c->null ? "{}" : c->s;
}

static const char *hex(const void *id, bool dashes)
{
    static const char digits[] = "0123456789abcdef";
    char text[40], *to = text;
    for (const unsigned char *b = id; b < (const unsigned char *)id + sizeof(uuid); b++) {
        *to++ = digits[*b >> 4];
        *to++ = digits[*b & 15];
        if (dashes && (to - text == 8 || to - text == 13 || to - text == 18 || to - text == 23))
            *to++ = '-';
    }
    return fmt("%.*s", (int)(to - text), text);
}

static const char *money(long long amount, const char *currency)
{
    return fmt("{\"amount\":%lld,\"currency\":\"%s\"}", amount, currency);
}

static const char *price(const struct column *amount, const struct column *currency)
{
    return amount->null ? "null" : money(amount->i, currency->s);
}

static const char *const yes[] = {"false", "true"};

struct request {
    FCGX_Request fcgi;
    char sent[16384], now[32];
    int sent_n;
    uuid account, session;
    long long now_ms;
};

static const char *param(const struct request *r, const char *name)
{
    const char *value = FCGX_GetParam(name, r->fcgi.envp);
    return value ? value : "";
}

static void set_now(struct request *r)
{
    struct timespec ts;
    struct tm t;
    size_t n;
    clock_gettime(CLOCK_REALTIME, &ts);
    gmtime_r(&ts.tv_sec, &t);
    r->now_ms = (long long)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
    n = strftime(r->now, sizeof(r->now), "%Y-%m-%d %H:%M:%S", &t);
    snprintf(r->now + n, sizeof(r->now) - n, ".%03d", (int)(r->now_ms % 1000));
}

static void new_id(const struct request *r, uuid id)
{
    if (getrandom(id, sizeof(uuid), 0) != sizeof(uuid))
        die("getrandom", "failed");
    for (int i = 0; i < 6; i++)
        id[i] = (unsigned char)(r->now_ms >> (40 - 8 * i));
    id[6] = (unsigned char)(0x70 | (id[6] & 15));
    id[8] = (unsigned char)(0x80 | (id[8] & 63));
}

static bool parse_id(const char *s, uuid id)
{
    char pair[3] = {0}, *end;
    if (!s || strlen(s) != 36)
        return false;
    for (int i = 0; i < 16; i++, s += 2) {
        s += *s == '-';
        memcpy(pair, s, 2);
        id[i] = (unsigned char)strtoul(pair, &end, 16);
        if (*end)
            return false;
    }
    return true;
}

static char pem[4096];
static const char *issuer, *audience;

static bool claim_is(jwt_t *jwt, const char *name, const char *want)
{
    const char *got = jwt_get_grant(jwt, name);
    return got && strcmp(got, want) == 0;
}

/* The token's signature, issuer, audience and life; account and session. */
static bool authenticate(struct request *r)
{
    const char *header = param(r, "HTTP_AUTHORIZATION");
    jwt_t *jwt = NULL;
    bool valid;
    if (strncmp(header, "Bearer ", 7) != 0 ||
        jwt_decode(&jwt, header + 7, (unsigned char *)pem, (int)strlen(pem)) != 0)
        return false;
    valid = jwt_get_alg(jwt) == JWT_ALG_ES256 && claim_is(jwt, "iss", issuer) &&
            claim_is(jwt, "aud", audience) && jwt_get_grant_int(jwt, "exp") > r->now_ms / 1000 &&
            jwt_get_grant_int(jwt, "nbf") <= r->now_ms / 1000 + 30 &&
            parse_id(jwt_get_grant(jwt, "sub"), r->account) &&
            parse_id(jwt_get_grant(jwt, "sid"), r->session);
    jwt_free(jwt);
    return valid;
}

static int get_me(struct request *r)
{
    const struct column *c;
    bool good = true;
    int rows = 0;
    if (!authenticate(r))
        return 401;
    if (!run(PROFILE, "i", r->account))
        return 503;
    for (; (c = fetch(PROFILE, &good)); rows++) {
        if (rows == 0)
            put("{\"id\":\"%s\",\"email\":%s,\"email_verified\":%s,\"name\":%s,\"phone\":%s,"
                "\"locale\":%s,\"created_at\":\"%sZ\",\"mfa_enabled\":%s,"
                "\"public_metadata\":%s,\"roles\":[",
                hex(c[0].s, true), str(&c[2]), yes[!c[3].null], str(&c[4]), str(&c[5]), str(&c[6]),
                fmt("%.10sT%s", c[7].s, c[7].s + 11), yes[c[8].i != 0], object(&c[9]));
        if (!c[10].null)
            put("%s%s", rows ? "," : "", str(&c[10]));
    }
    put("]}");
    return !good ? 503 : rows ? 200 : 401;
}

static const char *rating(long long sum, long long count)
{
    long long cents = count > 0 ? (sum * 100 + count / 2) / count : 0;
    if (count == 0)
        return "{\"average\":null,\"count\":0}";
    return fmt("{\"average\":%lld.%02lld,\"count\":%lld}", cents / 100, cents % 100, count);
}

static void put_card(const struct column *c)
{
    put("{\"id\":\"%s\",\"slug\":%s,\"title\":%s,\"brand\":%s,\"price\":%s,\"price_max\":%s,"
        "\"compare_at_price\":%s,\"in_stock\":%s,\"thumbnail\":%s,\"rating\":%s}",
        hex(c[0].s, true), str(&c[1]), str(&c[2]), str(&c[3]), price(&c[5], &c[4]),
        price(&c[6], &c[4]), price(&c[7], &c[4]), yes[c[11].i != 0], str(&c[8]),
        rating(c[9].i, c[10].i));
}

static int get_products(void)
{
    const char *last = "", *next = "null";
    const struct column *c;
    bool good = true;
    if (!run(PRODUCTS, "isissssdsd", NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0LL, "\n",
             PAGE + 1LL))
        return 503;
    put("{\"data\":[");
    for (int n = 0; (c = fetch(PRODUCTS, &good)); n++) {
        if (n == PAGE) {
            next = last;
            continue;
        }
        put("%s", n ? "," : "");
        put_card(c);
        last = fmt("\"%lld.%s\"", c[12].i, hex(c[0].s, false));
    }
    put("],\"next_cursor\":%s}", next);
    return good ? 200 : 503;
}

static bool put_variants(const uuid product, bool *in_stock)
{
    const struct column *c;
    bool good = true;
    if (!run(VARIANTS, "i", product))
        return false;
    put(",\"variants\":[");
    for (int n = 0; (c = fetch(VARIANTS, &good)); n++) {
        long long left = c[9].i - c[10].i;
        const char *hint = left <= 0 ? "out_of_stock" : left <= 5 ? "low" : "in_stock";
        put("%s{\"id\":\"%s\",\"sku\":%s,\"title\":%s,\"options\":%s,\"price\":%s,"
            "\"compare_at_price\":%s,\"in_stock\":%s,\"stock_hint\":\"%s\",\"media\":%s,"
            "\"weight_grams\":%s,\"public_metadata\":%s}",
            n ? "," : "", hex(c[0].s, true), str(&c[1]), str(&c[2]), c[3].s, price(&c[5], &c[7]),
            price(&c[6], &c[7]), yes[left > 0], hint, c[4].s,
            c[8].null ? "null" : fmt("%lld", c[8].i), object(&c[12]));
        *in_stock |= left > 0;
    }
    put("]");
    return good;
}

/* Categories, then related products: so the rows come. */
static bool put_around(const uuid product)
{
    const struct column *c;
    bool good = true, related = false;
    if (!run(AROUND, "i", product))
        return false;
    put(",\"categories\":[");
    for (int n = 0; (c = fetch(AROUND, &good)); n++) {
        put("%s", c[0].i == 1 && !related ? "],\"related\":[" : n ? "," : "");
        related = c[0].i == 1;
        if (related)
            put_card(c + 1);
        else
            put("{\"id\":\"%s\",\"slug\":%s,\"title\":%s}", hex(c[1].s, true), str(&c[2]),
                str(&c[3]));
    }
    put(related ? "]" : "],\"related\":[]");
    return good;
}

static int get_product(const char *slug)
{
    const struct column *c;
    bool good = true, in_stock = false;
    uuid id;
    if (!run(PRODUCT, "isd", NULL, slug, 1LL))
        return 503;
    c = fetch(PRODUCT, &good);
    if (!c)
        return good ? 404 : 503;
    memcpy(id, c[0].s, sizeof(id));
    put("{\"id\":\"%s\",\"slug\":%s,\"title\":%s,\"brand\":%s,\"price\":%s,\"price_max\":%s,"
        "\"compare_at_price\":%s,\"thumbnail\":%s,\"rating\":%s,\"description\":%s,"
        "\"options\":%s,\"media\":%s,\"attributes\":%s,"
        "\"public_metadata\":%s",
        hex(id, true), str(&c[1]), str(&c[2]), str(&c[3]), price(&c[12], &c[11]),
        price(&c[13], &c[11]), price(&c[14], &c[11]), str(&c[10]), rating(c[15].i, c[16].i),
        str(&c[4]), c[7].s, c[9].s, c[8].s, object(&c[21]));
    fetch(PRODUCT, &good);
    if (!good || !put_variants(id, &in_stock) || !put_around(id))
        return 503;
    put(",\"in_stock\":%s}", yes[in_stock]);
    return 200;
}

/* Of a checkout. Only ship_to is JSON already. */
static struct line {
    uuid id, variant, product;
    const char *slug, *sku, *title;
    long long quantity, price, total, ppm, tax;
} lines[LINES];
static struct cart {
    uuid id, address, method;
    const char *currency, *ship_to, *method_name;
    long long version, subtotal, shipping, tax, total, n;
} cart;

/* Parts per million, half up. */
static long long share(long long amount, long long ppm)
{
    return (2 * amount * ppm + 1000000) / 2000000;
}

/* False when the line cannot be sold. */
static bool read_line(const struct column *c, struct line *l)
{
    const char *both = fmt("%s – %s", c[27].s, c[21].s);
    *l = (struct line){.slug = fmt("%s", c[26].s),
                       .sku = fmt("%s", c[20].s),
                       .quantity = c[18].i,
                       .price = c[22].i,
                       .total = c[18].i * c[22].i};
    l->title = c[21].n > 0 ? both : fmt("%s", c[27].s);
    memcpy(l->id, c[16].s, sizeof(uuid));
    memcpy(l->variant, c[17].s, sizeof(uuid));
    memcpy(l->product, c[25].s, sizeof(uuid));
    l->ppm = c[29].null ? 0 : c[29].i;
    l->tax = share(l->total, l->ppm);
    cart.subtotal += l->total;
    cart.tax += l->tax;
    return c[24].i && !c[28].null && c[28].i >= l->quantity && !strcmp(c[23].s, cart.currency);
}

static void read_cart(const struct column *c)
{
    const char *at[SEALED_MEMBERS];
    size_t n[SEALED_MEMBERS];
    cart = (struct cart){.version = c[2].i, .currency = fmt("%s", c[1].s)};
    cart.method_name = fmt("%s", c[10].s);
    memcpy(cart.id, c[0].s, sizeof(uuid));
    memcpy(cart.address, c[3].s, sizeof(uuid));
    memcpy(cart.method, c[4].s, sizeof(uuid));
    if (!sealed_address(cart.address, c[9].s, c[9].n, at, n))
        die("address", "does not open");
    for (int i = 0; i < SEALED_MEMBERS; i++)
        at[i] = at[i] ? quoted(fmt("%.*s", (int)n[i], at[i])) : "null";
    cart.ship_to =
        fmt("{\"name\":%s,\"company\":%s,\"line1\":%s,\"line2\":%s,\"city\":%s,\"region\":%s,"
            "\"postal_code\":%s,\"country\":%s,\"phone\":%s}",
            at[0], at[1], at[2], at[3], at[4], at[5], at[6], str(&c[8]), at[7]);
}

/* The caller's cart, priced: 200, or why it cannot become an order. */
static int load_cart(const struct request *r)
{
    const struct column *c, *row = statements[CART].at;
    bool good = true, sellable = true;
    cart.n = 0;
    if (!run(CART, "iiiis", r->account, NULL, NULL, r->session, r->now))
        return 503;
    while ((c = fetch(CART, &good))) {
        sellable &= !c[3].null && !c[10].null && !c[13].null && !c[16].null && cart.n < LINES;
        if (!sellable)
            continue;
        if (cart.n == 0)
            read_cart(c);
        sellable = read_line(c, &lines[cart.n++]);
    }
    if (!good || cart.n != LINES || !sellable)
        return good ? 409 : 503;
    cart.shipping = !row[14].null && cart.subtotal >= row[14].i ? 0 : row[13].i;
    cart.tax += share(cart.shipping, row[15].null ? 0 : row[15].i);
    cart.total = cart.subtotal + cart.shipping + cart.tax;
    return 200;
}

static void put_order(struct request *r, const uuid order, const uuid payment, const char *number)
{
    const char *now = fmt("\"%.10sT%sZ\"", r->now, r->now + 11), *cur = cart.currency,
               *total = money(cart.total, cur);
    put("{\"id\":\"%s\",\"number\":\"%s\",\"status\":\"placed\",\"payment_status\":\"paid\","
        "\"fulfilment_status\":\"unfulfilled\",\"placed_at\":%s,\"expires_at\":null,\"created_at\":"
        "%s,\"currency\":\"%s\",\"items\":[",
        hex(order, true), number, now, now, cur);
    for (const struct line *l = lines; l < lines + cart.n; l++)
        put("%s{\"id\":\"%s\",\"variant_id\":\"%s\",\"product_slug\":%s,\"title\":%s,\"sku\":%s,"
            "\"quantity\":%lld,\"unit_price\":%s,\"line_total\":%s,\"tax\":%s}",
            l == lines ? "" : ",", hex(l->id, true), hex(l->variant, true), quoted(l->slug),
            quoted(l->title), quoted(l->sku), l->quantity, money(l->price, cur),
            money(l->total, cur), money(l->tax, cur));
    put("],\"addresses\":{\"shipping\":%s},\"shipping_method\":{\"id\":\"%s\",\"name\":%s},"
        "\"discounts\":[],\"subtotal\":%s,\"discount_total\":%s,\"shipping_total\":%s,"
        "\"tax_total\":%s,\"total\":%s,\"email\":\"guest@example.com\",\"note\":null,"
        "\"metadata\":{},",
        cart.ship_to, hex(cart.method, true), quoted(cart.method_name), money(cart.subtotal, cur),
        money(0, cur), money(cart.shipping, cur), money(cart.tax, cur), total);
    put("\"payments\":[{\"id\":\"%s\",\"provider\":\"sandbox\",\"status\":\"paid\",\"amount\":%s,"
        "\"captured\":%s,\"refunded\":%s,\"failure_code\":null,\"created_at\":%s}],\"refunds\":[],"
        "\"fulfilments\":[],\"events\":[{\"type\":\"order.placed\",\"created_at\":%s},"
        "{\"type\":\"order.paid\",\"created_at\":%s}]}",
        hex(payment, true), total, total, money(0, cur), now, now, now);
}

static int by_variant(const void *a, const void *b)
{
    return memcmp(((const struct line *)a)->variant, ((const struct line *)b)->variant, 16);
}

/* In the order of the variants, in which their stock is locked. */
static bool insert_items(const uuid order)
{
    struct line *a = &lines[0], *b = &lines[1];
    qsort(lines, LINES, sizeof(lines[0]), by_variant);
    return run(ITEMS, "idiiisssddddddiiisssddddd", order, 1LL, a->id, a->variant, a->product,
               a->slug, a->sku, a->title, a->quantity, a->price, a->total, a->ppm, a->tax, 2LL,
               b->id, b->variant, b->product, b->slug, b->sku, b->title, b->quantity, b->price,
               b->total, b->ppm, b->tax);
}

static const char *paid_json(const uuid payment)
{
    return fmt(
        "{\"payment_id\":\"%s\",\"provider\":\"sandbox\",\"status\":\"paid\",\"currency\":\"%s\","
        "\"amount\":%lld,\"captured\":%lld}",
        hex(payment, true), cart.currency, cart.total, cart.total);
}

/* May another answer of the account be kept? */
static bool has_room(const struct request *r)
{
    bool good = true, room = false;
    const struct column *c;
    if (!run(KEPT, "i", r->account))
        return false;
    while ((c = fetch(KEPT, &good)))
        room = c[0].i < ANSWERS_MAX && c[1].i + (long long)body_n <= ANSWER_BYTES;
    return good && room;
}

/* Everything of one order but COMMIT. */
static int place(struct request *r, const char *key, const unsigned char *hash)
{
    int a = load_cart(r);
    uuid order, payment, placed, paid, *ids[] = {&order, &payment, &placed, &paid};
    const char *after, *address = param(r, "REMOTE_ADDR"), *seal = statements[CART].at[30].s;
    char number[10] = "";
    if (a != 200)
        return a;
    for (size_t i = 0; i < MX_LEN(ids); i++)
        new_id(r, *ids[i]);
    for (int i = 0; i < 9; i++)
        number[i] = i == 4 ? '-' : "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"[paid[i + 7] & 31];
    put_order(r, order, payment, number);
    after = paid_json(payment);
    if (!run(ORDER, "isiddsdddddsssiisdsssi", order, number, cart.id, 1LL, 3LL, cart.currency,
             cart.subtotal, 0LL, cart.shipping, cart.tax, cart.total, "guest@example.com", NULL,
             NULL, cart.address, cart.method, cart.method_name, 0LL, r->now, NULL, r->now,
             r->account) ||
        !insert_items(order) ||
        !run(PAYMENT, "iidsdddssss", payment, order, 1LL, "sandbox", 3LL, cart.total, cart.total,
             cart.currency, NULL, NULL, r->now) ||
        !run(EVENTS, "iississisisidsiississiid", placed, r->account, "order.placed", "order", order,
             NULL, after, r->account, address, seal, hex(placed, false), placed, 0LL, r->now, paid,
             r->account, "order.paid", "order", order, NULL, after, r->account, seal, 0LL) ||
        !run(LEDGER, "iidisid", lines[0].variant, order, lines[0].quantity, r->account, r->now,
             lines[1].variant, lines[1].quantity) ||
        !has_room(r) ||
        !run(STORE, "isibdbds", r->account, key, r->account, hash, (size_t)32, 201LL, body, body_n,
             (long long)body_n, r->now) ||
        !run(TAKE, "isid", order, r->now, cart.id, cart.version))
        return 503;
    return (int)mysql_stmt_affected_rows(statements[TAKE].h) == cart.n + 1 ? 201 : 503;
}

/* The answer that is stored under the key; `a` when there is none. */
static int stored(const struct request *r, const char *key, const unsigned char *hash, int a)
{
    const struct column *c;
    bool good = true;
    if (run(STORED, "is", r->account, key) && (c = fetch(STORED, &good))) {
        body_n = 0;
        put("%s", c[2].s);
        a = memcmp(c[0].s, hash, 32) == 0 ? 201 : 422;
        fetch(STORED, &good);
    }
    mysql_rollback(links[WRITE]);
    return a;
}

static bool pays_ok(const struct request *r)
{
    cJSON *sent = cJSON_ParseWithLength(r->sent, (size_t)r->sent_n);
    const cJSON *pay = cJSON_GetObjectItemCaseSensitive(sent, "payment");
    const char *provider = cJSON_GetStringValue(cJSON_GetObjectItem(pay, "provider"));
    const char *token = cJSON_GetStringValue(cJSON_GetObjectItem(pay, "token"));
    bool yes_ok = provider && token && !strcmp(provider, "sandbox") && !strcmp(token, "tok_ok");
    cJSON_Delete(sent);
    return yes_ok;
}

static int post_checkout(struct request *r)
{
    const char *key = param(r, "HTTP_IDEMPOTENCY_KEY");
    int a = 503;
    unsigned char hash[32];
    if (!authenticate(r))
        return 401;
    if (!*key || !pays_ok(r))
        return 400;
    SHA256((unsigned char *)r->sent, (size_t)r->sent_n, hash);
    for (int i = 0; i < 5 && a == 503; i++) {
        body_n = texts_n = 0;
        a = place(r, key, hash);
        if (a == 201 && mysql_commit(links[WRITE]) == 0)
            return a;
        mysql_rollback(links[WRITE]);
        a = stored(r, key, hash, a);
    }
    return a;
}

static int route(struct request *r)
{
    const char *path = param(r, "PATH_INFO");
    if (strcmp(param(r, "REQUEST_METHOD"), "GET") != 0)
        return strcmp(path, "/v1/checkout") == 0 ? post_checkout(r) : 404;
    if (!strcmp(path, "/v1/healthz"))
        return put("{\"status\":\"ok\"}"), 200;
    if (!strcmp(path, "/v1/me"))
        return get_me(r);
    if (!strcmp(path, "/v1/products"))
        return get_products();
    if (!strncmp(path, "/v1/products/", 13))
        return get_product(path + 13);
    return 404;
}

static void serve(struct request *r)
{
    int length = (int)strtol(param(r, "CONTENT_LENGTH"), NULL, 10);
    int a = 400;
    body_n = texts_n = 0;
    set_now(r);
    if (length >= 0 && length <= (int)sizeof(r->sent) &&
        (r->sent_n = FCGX_GetStr(r->sent, length, r->fcgi.in)) == length)
        a = route(r);
    if (a >= 400) {
        body_n = 0;
        put("{\"type\":\"about:blank\",\"status\":%d}", a);
    }
    FCGX_FPrintF(r->fcgi.out,
                 "Status: %d\r\nContent-Type: application/%sjson\r\nContent-Length: %d\r\n"
                 "Cache-Control: no-store\r\n\r\n",
                 a, a >= 400 ? "problem+" : "", (int)body_n);
    FCGX_PutStr(body, (int)body_n, r->fcgi.out);
}

int main(void)
{
    static struct request r;
    int listener = FCGX_OpenSocket(getenv("BARE_SOCKET"), 511);
    const char *workers = getenv("BARE_WORKERS");
    FILE *f = fopen(getenv("BARE_PEM"), "r");
    if (listener < 0 || !workers || !f || fread(pem, 1, sizeof(pem) - 1, f) == 0)
        die("start", "no socket, no number of workers or no key");
    issuer = getenv("BARE_ISSUER");
    audience = getenv("BARE_AUDIENCE");
    sodium_hex2bin(sealed_key, sizeof(sealed_key), getenv("BARE_PII_KEY"), 64, NULL, NULL, NULL);
    /* The first process works too, and the others end with it. */
    for (long n = strtol(workers, NULL, 10); n > 1; n--)
        if (fork() == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0)
            break;
    for (int i = 0; i < LINKS; i++)
        connect_to_database(i);
    for (int i = 0; i < STATEMENTS; i++)
        prepare(&statements[i]);
    if (FCGX_Init() != 0 || FCGX_InitRequest(&r.fcgi, listener, 0) != 0)
        die("libfcgi", "cannot start");
    while (FCGX_Accept_r(&r.fcgi) == 0) {
        serve(&r);
        FCGX_Finish_r(&r.fcgi);
    }
    return 0;
}
