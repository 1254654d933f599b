/* Reading and writing by field tables, and the formats. */
#include "tap.h"

#include "base/arena.h"
#include "base/log.h"
#include "http/field.h"

#include "exchange.h"

static struct mx_faults faults;

/* Read a body with the Write shape. */
static enum mx_err read_body(const char *json, struct ex_in *in)
{
    const struct mx_pair path = {MX_S("id"), MX_S(EX_ID)};
    struct mx_sources src = {.path = &path, .n_path = 1};
    const char *why;
    size_t at;

    mx_arena_reset(ex.arena);
    mx_faults_init(&faults, ex.arena);
    if (json && mx_json_parse(ex.arena, mx_str_c(json), &src.body, &why, &at) != MX_OK)
        return MX_E_MALFORMED_JSON;
    return mx_fields_read(ex.arena, &ex_write, &src, &faults, in);
}

/* Read a query with the ListIn shape. */
static enum mx_err read_query(const char *query, struct ex_in *in)
{
    struct mx_sources src = {0};
    struct mx_pair *pairs = NULL;

    mx_arena_reset(ex.arena);
    mx_faults_init(&faults, ex.arena);
    MX_TRY(mx_uri_query(ex.arena, mx_str_c(query), 50, &pairs, &src.n_query));
    src.query = pairs;
    return mx_fields_read(ex.arena, &ex_list, &src, &faults, in);
}

/* "place code; place code". */
static struct mx_str told(void)
{
    struct mx_buf b;

    mx_buf_init(&b, ex.arena, 4000);
    for (int i = 0; i < faults.n; i++) {
        struct mx_str at = faults.at[i].parameter.p ? faults.at[i].parameter : faults.at[i].pointer;

        mx_buf_fmt(&b, "%s%.*s %s", i ? "; " : "", MX_FMT(at), faults.at[i].code);
    }
    return mx_buf_view(&b);
}

#define OK_BODY "\"email\":\"a@b.example\",\"name\":\"Ada\""

static void test_bodies(void)
{
    static const struct {
        const char *json, *faults;
    } cases[] = {
        {"{}", "/email required; /name required"},
        {NULL, "/email required; /name required"},
        {"[]", " wrong_type"},
        {"null", " wrong_type"},
        {"{\"Email\":\"a@b.example\",\"name\":\"Ada\"}", "/Email unknown_member; /email required"},
        {"{\"email\":7,\"name\":null}", "/email wrong_type; /name wrong_type"},
        {"{\"email\":\"a@b\",\"name\":\"Adaada\"}", "/email bad_format; /name too_long"},
        {"{" OK_BODY ",\"a/b~c\":1}", "/a~1b~0c unknown_member"},
        {"{\"email\":\"a@b.example\",\"name\":\"\"}", "/name too_short"},
        {"{\"email\":\"a@b.example\",\"name\":\"a\\nb\"}", "/name bad_format"},
        {"{" OK_BODY ",\"price\":{\"amount\":1.5,\"currency\":\"EUR\"}}",
         "/price/amount wrong_type"},
        {"{" OK_BODY ",\"price\":{\"amount\":1001,\"currency\":\"EU\",\"x\":1}}",
         "/price/amount out_of_range; /price/currency bad_format; /price/x unknown_member"},
        {"{" OK_BODY ",\"price\":{\"amount\":0,\"currency\":\"ZZZ\"}}",
         "/price/amount out_of_range; /price/currency bad_format"},
        {"{" OK_BODY ",\"price\":5}", "/price wrong_type"},
        {"{" OK_BODY ",\"lines\":[]}", "/lines too_few"},
        {"{" OK_BODY ",\"lines\":[1,2,3,4]}", "/lines too_many"},
        {"{" OK_BODY ",\"lines\":{}}", "/lines wrong_type"},
        {"{" OK_BODY
         ",\"lines\":[{\"sku\":\"a\",\"quantity\":1},{\"sku\":\"a b\",\"quantity\":0},7]}",
         "/lines/1/sku bad_format; /lines/1/quantity out_of_range; /lines/2 wrong_type"},
        {"{" OK_BODY ",\"lines\":[{\"sku\":\"a\",\"quantity\":\"2\"}]}",
         "/lines/0/quantity wrong_type"},
        {"{" OK_BODY ",\"first\":{\"quantity\":9007199254740993}}",
         "/first/quantity wrong_type; /first/sku required"},
        {"{" OK_BODY ",\"first\":null,\"second\":null,\"note\":null}", "/first wrong_type"},
        {"{" OK_BODY ",\"tags\":[\"ok\",\"No\"]}", "/tags/1 bad_format"},
        {"{" OK_BODY ",\"tags\":[7,\"\"]}", "/tags/0 wrong_type; /tags/1 too_short"},
        {"{" OK_BODY ",\"labels\":{\"a\":\"\",\"b\":3}}",
         "/labels/a too_short; /labels/b wrong_type"},
        {"{" OK_BODY ",\"labels\":[]}", "/labels wrong_type"},
        {"{" OK_BODY ",\"other\":\"00000000-0000-0000-0000-000000000000\"}", "/other bad_format"},
        {"{" OK_BODY ",\"other\":\"01890A5D-AC96-774B-BCCE-B302099A805\"}", "/other bad_format"},
        {"{" OK_BODY ",\"state\":\"Price\"}", "/state unknown_value"},
        {"{" OK_BODY ",\"flag\":1}", "/flag wrong_type"},
        {"{" OK_BODY ",\"since\":\"2026-01-02\"}", "/since bad_format"},
        {"{" OK_BODY ",\"since\":\"1970-01-01T00:00:00Z\"}", "/since bad_format"},
        {"{" OK_BODY ",\"id\":\"" EX_ID "\"}", "/id unknown_member"},
    };
    struct ex_in in;

    for (size_t i = 0; i < MX_LEN(cases); i++) {
        tap_err(read_body(cases[i].json, &in), MX_E_VALIDATION_FAILED, "body is refused");
        tap_str(told(), cases[i].faults, cases[i].json ? cases[i].json : "no body");
    }
}

/* One is no plural. */
static void test_bounds_are_said(void)
{
    struct ex_in in;

    tap_err(read_body("{\"email\":\"a@b.example\",\"name\":\"\",\"lines\":[]}", &in),
            MX_E_VALIDATION_FAILED, "both too few");
    tap_str(faults.at[0].detail, "must have at least 1 character", "a character");
    tap_str(faults.at[1].detail, "must have at least 1 entry", "an entry");
    tap_err(read_body("{\"email\":\"a@b.example\",\"name\":\"Adaada\",\"lines\":[1,2,3,4]}", &in),
            MX_E_VALIDATION_FAILED, "both too many");
    tap_str(faults.at[0].detail, "must have at most 5 characters", "characters");
    tap_str(faults.at[1].detail, "must have at most 3 entries", "entries");
}

static void test_good_body(void)
{
    static const char json[] =
        "{" OK_BODY ",\"note\":null,\"price\":{\"currency\":\"JPY\",\"amount\":1000},"
        "\"lines\":[{\"sku\":\"A-1\",\"quantity\":999}],\"tags\":[\"x\",\"y-2\"],"
        "\"labels\":{\"k\":\"v\"},\"second\":{\"sku\":\"B\",\"quantity\":1},\"state\":null,"
        "\"other\":\"" EX_ID "\",\"flag\":true,\"since\":\"2026-01-02T04:04:05.678+01:00\"}";
    struct ex_in in;
    char text[MX_ID_TEXT];

    tap_err(read_body(json, &in), MX_OK, "a full body is read");
    tap_int(faults.n, 0, "without faults");
    tap_str(in.email, "a@b.example", "string");
    tap_ok(in.has_note && !in.note.p, "null was sent");
    tap_ok(in.price.minor == 1000 && strcmp(in.price.currency.code, "JPY") == 0, "money");
    tap_int((int64_t)in.lines.n, 1, "list");
    tap_str(MX_AT(in.lines, struct ex_line, 0)->sku, "A-1", "string in a list");
    tap_int(MX_AT(in.lines, struct ex_line, 0)->quantity, 999, "integer in a list");
    tap_ok(MX_AT(in.lines, struct ex_line, 0)->has_quantity, "presence in a list");
    tap_str(*MX_AT(in.tags, struct mx_str, 1), "y-2", "strings");
    tap_str(MX_AT(in.labels, struct mx_pair, 0)->value, "v", "map");
    tap_ok(in.second && in.second->quantity == 1, "pointer to a struct");
    tap_int(in.state, -1, "null enum");
    tap_ok(in.flag, "bool");
    tap_int(in.since.ms, 1767323045678, "time");
    mx_id_text(in.other, text);
    tap_str((struct mx_str){text, MX_ID_TEXT}, EX_ID, "id");
    tap_err(read_body("{" OK_BODY "}", &in), MX_OK, "the least body is read");
    tap_ok(!in.has_note && !in.second && in.lines.n == 0 && in.price.currency.code[0] == 0,
           "what was not sent is absent");
    tap_int(in.state, 0, "an absent enum is the first");
    tap_err(
        read_body(
            "{\"email\":\"a@b.example\",\"name\":\"\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f\xe2\x82\xac\"}",
            &in),
        MX_OK, "length counts code points");
}

/* Values that are typed or pasted differently are read as one. */
static void test_normal_forms(void)
{
    struct ex_in in;

    tap_err(read_body("{\"email\":\" a@b.example \",\"name\":\" Ce\xcc\x81\xc2\xa0\","
                      "\"note\":\" e\xcc\x81 \",\"labels\":{\" k\":\"v \"}}",
                      &in),
            MX_OK, "blanks around, accents apart");
    tap_str(in.email, "a@b.example", "an address is trimmed");
    tap_str(in.name, "C\xc3\xa9", "a line is trimmed and composed");
    tap_str(in.note, " \xc3\xa9 ", "a text keeps its blanks");
    tap_str(MX_AT(in.labels, struct mx_pair, 0)->name, "k", "a member's name is a line");
    tap_str(MX_AT(in.labels, struct mx_pair, 0)->value, "v", "and its value");
    tap_err(read_body("{" OK_BODY ",\"labels\":{\"a\":\"1\",\"a \":\"2\"}}", &in),
            MX_E_VALIDATION_FAILED, "two names that are one");
    tap_str(told(), "/labels/a  repeated", "are told");
    tap_err(read_body("{\"email\":\"a@b.example\",\"name\":\" \xe3\x80\x80\"}", &in),
            MX_E_VALIDATION_FAILED, "blanks alone are nothing");
    tap_str(told(), "/name too_short", "and too short");
    tap_err(read_query("attr.%20a=1%20&attr.a%20=2", &in), MX_OK, "parameters too");
    tap_str(MX_AT(in.attrs, struct mx_pair, 0)->name, "a", "name behind the prefix");
    tap_str(MX_AT(in.attrs, struct mx_pair, 0)->value, "1", "value");
}

static void test_metadata(void)
{
    static const char json[] = "{\"a\":null,\"b\":[true,{\"c\":-7}],\"d\":\"\\\"x\"}";
    struct ex_in in;
    char body[512];

    tap_err(read_body("{" OK_BODY "}", &in), MX_OK, "metadata is optional");
    tap_ok(!in.has_metadata, "and was not sent");
    snprintf(body, sizeof body, "{" OK_BODY ",\"metadata\":%s}", json);
    tap_err(read_body(body, &in), MX_OK, "any values");
    tap_str(in.metadata, json, "are kept");
    tap_err(read_body("{" OK_BODY ",\"metadata\":null}", &in), MX_OK, "null");
    tap_ok(in.has_metadata, "was sent");
    tap_str(in.metadata, "{}", "and empties it");
    tap_err(read_body("{" OK_BODY ",\"metadata\":{\"\":1,\"x\":[{\"y\":0.5}]}}", &in),
            MX_E_VALIDATION_FAILED, "no name, no integer");
    tap_str(told(), "/metadata/ too_short; /metadata/x/0/y wrong_type", "each is told");
    tap_err(read_body("{" OK_BODY ",\"metadata\":[]}", &in), MX_E_VALIDATION_FAILED, "a list");
    tap_str(told(), "/metadata wrong_type", "is no object");
}

/* `n` members of `bytes` bytes in all are read as `want` tells. */
static void try_metadata(int n, int bytes, const char *want)
{
    int each = (bytes - 1) / n, first = bytes - 1 - each * (n - 1);
    struct mx_buf b;
    struct ex_in in;
    char *json;

    mx_arena_reset(ex.arena);
    mx_buf_init(&b, ex.arena, 60000);
    mx_buf_c(&b, "{" OK_BODY ",\"metadata\":{");
    for (int i = 0; i < n; i++)
        mx_buf_fmt(&b, "%s\"%02d\":\"%0*d\"", i ? "," : "", i, (i ? each : first) - 8, 0);
    mx_buf_c(&b, "}}");
    json = strdup(b.p);
    tap_ok((read_body(json, &in) == MX_OK) == !*want, "%d members, %d bytes", n, bytes);
    tap_str(told(), want, "as told");
    tap_int((int64_t)in.metadata.n, *want ? 0 : bytes, "bytes kept");
    free(json);
}

static void test_metadata_bounds(void)
{
    try_metadata(50, MX_METADATA_BYTES, "");
    try_metadata(51, 2000, "/metadata too_many");
    try_metadata(1, MX_METADATA_BYTES + 1, "/metadata too_long");
}

static void test_many_faults(void)
{
    struct mx_buf b;
    struct ex_in in;
    char *copy;

    mx_arena_reset(ex.arena);
    mx_buf_init(&b, ex.arena, 60000);
    mx_buf_c(&b, "{");
    for (int i = 0; i < 30; i++)
        mx_buf_fmt(&b, "%s\"%0300d\":1", i ? "," : "", i);
    mx_buf_c(&b, "}");
    copy = strdup(b.p);

    tap_err(read_body(copy, &in), MX_E_VALIDATION_FAILED, "thirty unknown members are refused");
    tap_int(faults.n, MX_FAULTS_MAX, "faults are capped");
    tap_ok(faults.at[0].pointer.n < 140, "a long name is cut");
    free(copy);
}

static void test_queries(void)
{
    static const struct {
        const char *query, *faults;
    } cases[] = {
        {"limit=0", "limit out_of_range"},
        {"limit=101", "limit out_of_range"},
        {"limit=", "limit wrong_type"},
        {"limit=1e1", "limit wrong_type"},
        {"limit=+1", "limit wrong_type"},
        {"limit=01", "limit wrong_type"},
        {"limit=99999999999999999999", "limit wrong_type"},
        {"limit=1&limit=1", "limit repeated"},
        {"Limit=1", "Limit unknown_parameter"},
        {"in_stock=1", "in_stock wrong_type"},
        {"in_stock=TRUE", "in_stock wrong_type"},
        {"sort=price%3B--", "sort unknown_value"},
        {"since=yesterday", "since bad_format"},
        {"brand=a&brand=b&brand=c", "brand too_many"},
        {"brand=A", "brand bad_format"},
        {"attr.=x", "attr. unknown_parameter"},
        {"attr=x", "attr unknown_parameter"},
        {"attr.colour=", "attr.colour too_short"},
        {"attr.a=1&attr.a=2&attr.b=3&attr.c=4", "attr. too_many"},
        {"x=1&limit=x&sort=x", "x unknown_parameter; limit wrong_type; sort unknown_value"},
    };
    struct ex_in in;

    for (size_t i = 0; i < MX_LEN(cases); i++) {
        tap_err(read_query(cases[i].query, &in), MX_E_VALIDATION_FAILED, "query is refused");
        tap_str(told(), cases[i].faults, cases[i].query);
    }
    tap_err(read_query("limit=100&in_stock=true&sort=title&attr.a=1&attr.a=2&attr.b%20c=3&brand=x"
                       "&brand=y&since=2026-01-02T03:04:05Z",
                       &in),
            MX_OK, "a full query is read");
    tap_ok(in.has_limit && in.limit == 100 && in.in_stock && in.sort == 2, "scalars");
    tap_int((int64_t)in.attrs.n, 3, "prefix parameters are gathered");
    tap_str(MX_AT(in.attrs, struct mx_pair, 1)->value, "2", "repeated prefix");
    tap_str(MX_AT(in.attrs, struct mx_pair, 2)->name, "b c", "name behind the prefix");
    tap_str(*MX_AT(in.brands, struct mx_str, 1), "y", "repeatable parameter");
    tap_err(read_query("", &in), MX_OK, "nothing is required");
    tap_ok(!in.has_limit && in.brands.n == 0, "and nothing was sent");
}

static void test_path_and_header(void)
{
    struct mx_pair path = {MX_S("id"), MX_S(EX_ID)};
    struct mx_sources src = {.path = &path, .n_path = 1};
    const char *why;
    size_t at;
    struct ex_in in;
    static const char *const lists[] = {"\"7\"",       "7", "W/\"7\"", "*", "\"7\", W/\"8\",9",
                                        ", \"7\", ,8,"};
    static const char *const faulty[] = {"\"7", "\"7\" \"8\"", ","};

    (void)!mx_json_parse(ex.arena, MX_S("{" OK_BODY "}"), &src.body, &why, &at);
    mx_faults_init(&faults, ex.arena);
    for (size_t i = 0; i < MX_LEN(lists); i++) {
        src.if_match = mx_str_c(lists[i]);
        tap_err(mx_fields_read(ex.arena, &ex_write, &src, &faults, &in), MX_OK, lists[i]);
        tap_str(in.version, lists[i], "is kept as it is");
    }
    for (size_t i = 0; i < MX_LEN(faulty); i++) {
        src.if_match = mx_str_c(faulty[i]);
        mx_faults_init(&faults, ex.arena);
        tap_err(mx_fields_read(ex.arena, &ex_write, &src, &faults, &in), MX_E_VALIDATION_FAILED,
                faulty[i]);
        tap_str(told(), "If-Match bad_format", "the header is named");
    }
    path.value = MX_S("no-id");
    mx_faults_init(&faults, ex.arena);
    tap_err(mx_fields_read(ex.arena, &ex_write, &src, &faults, &in), MX_E_NOT_FOUND,
            "a malformed id is not found");
    tap_int(faults.n, 0, "without a fault");
    path = (struct mx_pair){MX_S("slug"), MX_S("No Slug")};
    tap_err(mx_fields_read(ex.arena, &ex_slug, &(struct mx_sources){.path = &path, .n_path = 1},
                           &faults, &in),
            MX_E_VALIDATION_FAILED, "a malformed slug is a fault");
    tap_str(told(), "slug bad_format", "of the parameter");
}

static void test_formats(void)
{
    static const struct {
        enum mx_format f;
        bool good;
        const char *s;
    } cases[] = {
        {MX_TEXT, true, "a\n\tb"},
        {MX_TEXT, false, "a\rb"},
        {MX_TEXT, false, "a\x7f"},
        {MX_TEXT, false, "a\xc2\x85"},
        {MX_TEXT, false, "\xff"},
        {MX_LINE, true, "\xc3\xa9t\xc3\xa9 \xf0\x9f\x98\x80"},
        {MX_LINE, false, "a\tb"},
        {MX_LINE, true, ""},
        {MX_LINE, true, " a "},
        {MX_LINE, true, "\xd7\xa9\xd7\x9c\xe2\x80\x8f\xe2\x80\x8d"},
        {MX_LINE, true, "\xe2\x80\xaf."},
        {MX_LINE, false, " "},
        {MX_LINE, false, "  \xc2\xa0 \xe3\x80\x80\xe2\x80\x8b\xef\xbb\xbf"},
        {MX_LINE, false, "\xe2\x80\x8d"},
        {MX_LINE, false,
         "a\xe2\x80\xaa"
         "b"},
        {MX_LINE, false,
         "a\xe2\x80\xae"
         "b"},
        {MX_LINE, false,
         "\xe2\x81\xa6"
         "a"},
        {MX_LINE, false, "a\xe2\x81\xa9"},
        {MX_LINE, true, "a\xe2\x81\xa5\xe2\x81\xaa\xe2\x80\xa9"},
        {MX_EMAIL, true, "a.b+c@d-e.example"},
        {MX_EMAIL, false, "a..b@c.example"},
        {MX_EMAIL, false, ".a@c.example"},
        {MX_EMAIL, false, "a@-c.example"},
        {MX_EMAIL, false, "a@c-.example"},
        {MX_EMAIL, false, "a@c..example"},
        {MX_EMAIL, false, "a@b@c.example"},
        {MX_EMAIL, false, "a@c"},
        {MX_EMAIL, false, "a b@c.example"},
        {MX_EMAIL, false, "@c.example"},
        {MX_EMAIL, false, "a@"},
        {MX_EMAIL, false, "a@c.example\n"},
        {MX_PASSWORD, true, "\x01 any"},
        {MX_SLUG, true, "a-1-b"},
        {MX_SLUG, false, "-a"},
        {MX_SLUG, false, "a--b"},
        {MX_SLUG, false, "a-"},
        {MX_SLUG, false, ""},
        {MX_SLUG, false, "A"},
        {MX_SKU, true, "A_1.b-2"},
        {MX_SKU, false, "a b"},
        {MX_PHONE, true, "+49 (30) 1.2-3/4"},
        {MX_PHONE, false, "+"},
        {MX_PHONE, false, "1+2"},
        {MX_COUNTRY, true, "DE"},
        {MX_COUNTRY, true, "ZW"},
        {MX_COUNTRY, false, "de"},
        {MX_COUNTRY, false, "XX"},
        {MX_COUNTRY, false, "DEU"},
        {MX_COUNTRY, false, "DA"},
        {MX_CURRENCY, true, "EUR"},
        {MX_CURRENCY, false, "eur"},
        {MX_CURRENCY, false, "ZZZ"},
        {MX_LOCALE, true, "de"},
        {MX_LOCALE, true, "zh-Hant-TW"},
        {MX_LOCALE, true, "es-419"},
        {MX_LOCALE, true, "sl-Latn-IT-nedis-1994-u-co-phonebk-x-a-b"},
        {MX_LOCALE, true, "en-x-12345678"},
        {MX_LOCALE, false, "zz-invalid-xx"},
        {MX_LOCALE, false, "de-DE-AT"},
        {MX_LOCALE, false, "en-"},
        {MX_LOCALE, false, "en-u"},
        {MX_LOCALE, false, "en-x"},
        {MX_LOCALE, false, "d"},
        {MX_LOCALE, false, "de_DE"},
        {MX_LOCALE, false, "1a"},
        {MX_LOCALE, false, "de-"},
        {MX_DIGITS, true, "000000"},
        {MX_DIGITS, false, "1a"},
        {MX_TOKEN, true, "aZ9._~+/=-"},
        {MX_TOKEN, false, "a b"},
    };

    for (size_t i = 0; i < MX_LEN(cases); i++)
        tap_ok(mx_format_check(cases[i].f, mx_str_c(cases[i].s)) == cases[i].good,
               "format %d, case %zu", (int)cases[i].f, i);
    for (int f = MX_TEXT; f <= MX_ETAG; f++)
        tap_ok(mx_format_hint((enum mx_format)f) != NULL, "format %d has words", f);
}

static void test_write(void)
{
    struct mx_reply reply = {0};
    struct mx_jsonw w;
    struct mx_buf b;

    ex_reset();
    ex.cx = (struct mx_ctx){.arena = ex.arena, .faults = &faults};
    mx_buf_init(&b, ex.arena, 10000);
    mx_jsonw_init(&w, &b);
    (void)!ex_thing(&ex.cx, NULL, &reply);
    mx_shape_write(&w, &ex_out, reply.out);
    tap_str(mx_buf_view(&b),
            "{\"id\":\"" EX_ID "\",\"title\":\"Caf\xc3\xa9\",\"count\":null,"
            "\"price\":{\"amount\":9007199254740991,\"currency\":\"EUR\"},\"old_price\":null,"
            "\"at\":\"2026-01-02T03:04:05.678Z\",\"never\":null,\"sort\":\"newest\","
            "\"lines\":[{\"sku\":\"A-1\",\"quantity\":2},{\"sku\":\"B\",\"quantity\":1}],"
            "\"tags\":[\"new\"],\"labels\":{\"colour\":\"r\\\"ed\"},"
            "\"first\":{\"sku\":\"B\",\"quantity\":1},\"none\":null,\"stored\":{\"a\":[1]},"
            "\"ok\":true}",
            "every kind is written");
}

static void test_write_unknown(void)
{
    struct mx_reply reply = {0};
    struct mx_jsonw w;
    struct ex_out out;
    struct mx_buf b;

    ex_reset();
    ex.cx = (struct mx_ctx){.arena = ex.arena, .faults = &faults};
    (void)!ex_thing(&ex.cx, NULL, &reply);
    memcpy(&out, reply.out, sizeof(out));
    mx_log_open("/dev/null");
    for (int sort = 2; sort <= 9; sort++) {
        out.sort = sort;
        mx_buf_init(&b, ex.arena, 10000);
        mx_jsonw_init(&w, &b);
        mx_shape_write(&w, &ex_out, &out);
        tap_int(b.overflow, sort > 2, mx_arena_printf(ex.arena, "number %d of three names", sort));
    }
}

/* ---- changes of what there is ---- */

struct noun {
    struct mx_id id;
    struct mx_str name, note;
    int64_t count;
    bool has_count;
    struct mx_money price;
    int64_t version;
};
static const struct mx_field noun_fields[] = {
    MX_F(struct noun, id, MX_BODY, MX_F_READ_ONLY, 0, 0, MX_TEXT, "Id."),
    MX_F(struct noun, name, MX_BODY, MX_F_REQUIRED, 1, 5, MX_LINE, "Name."),
    MX_F(struct noun, note, MX_BODY, MX_F_NULLABLE, 0, 9, MX_TEXT, "Note."),
    MX_F_HAS(struct noun, count, MX_BODY, MX_F_NULLABLE, 0, 9, MX_TEXT, "Count."),
    MX_F(struct noun, price, MX_BODY, MX_F_NULLABLE, 0, 99, MX_TEXT, "Price."),
    MX_F(struct noun, version, MX_BODY, MX_F_READ_ONLY, 0, 0, MX_TEXT, "Version."),
};
static MX_SHAPE(noun_shape, "Noun", struct noun, noun_fields);

static enum mx_err read_noun(const char *json, bool partial, struct mx_sent *sent)
{
    static struct noun in;
    struct mx_sources src = {.partial = partial, .sent = &sent->rows};
    const char *why;
    size_t at;

    *sent = (struct mx_sent){&in, 0};
    mx_faults_init(&faults, ex.arena);
    tap_err(mx_json_parse(ex.arena, mx_str_c(json), &src.body, &why, &at), MX_OK, "JSON");
    return mx_fields_read(ex.arena, &noun_shape, &src, &faults, &in);
}

static void test_laid_over(void)
{
    struct noun there = {.name = MX_S("Ada"),
                         .note = MX_S("old"),
                         .count = 3,
                         .has_count = true,
                         .price = {7, {"EUR"}},
                         .version = 4};
    struct noun now = there;
    struct mx_sent sent;

    tap_err(read_noun("{\"name\":\"Bea\",\"count\":null,\"price\":null}", true, &sent), MX_OK,
            "a part");
    tap_ok(sent.rows == (1u << 1 | 1u << 3 | 1u << 4), "the rows that were sent");
    mx_sent_lay(&noun_shape, &sent, &now);
    tap_str(now.name, "Bea", "what was sent is there");
    tap_ok(!now.has_count && now.price.currency.code[0] == 0, "null is absent");
    tap_ok(mx_str_eqc(now.note, "old") && now.version == 4, "what was not sent stays");
    tap_err(read_noun("{\"name\":\"\",\"count\":\"\"}", true, &sent), MX_E_VALIDATION_FAILED,
            "empty text counts as absent in a change");
    tap_str(told(), "/count wrong_type", "and is no number");
    tap_err(read_noun("{}", true, &sent), MX_OK, "nothing");
    now = there;
    mx_sent_lay(&noun_shape, &sent, &now);
    tap_ok(memcmp(&now, &there, sizeof(now)) == 0, "changes nothing");
}

static void test_read_only(void)
{
    struct mx_sent sent;

    tap_err(read_noun("{\"id\":\"" EX_ID "\",\"version\":2,\"name\":\"Adaada\"}", true, &sent),
            MX_E_VALIDATION_FAILED, "members of the answer alone");
    tap_str(told(), "/id unknown_member; /version unknown_member; /name too_long", "are unknown");
    tap_err(read_noun("{}", false, &sent), MX_E_VALIDATION_FAILED, "a whole one");
    tap_str(told(), "/name required", "needs what it needs");
}

struct each {
    struct mx_list create, update;
};
static const struct mx_field each_fields[] = {
    MX_F_SUB(struct each, create, MX_K_EACH, 0, 0, 2, &noun_shape, "New ones."),
    MX_F_SUB(struct each, update, MX_K_EACH, MX_F_CHANGES, 0, 2, &noun_shape, "Changes."),
};
static MX_SHAPE(each_shape, "Each", struct each, each_fields);

static enum mx_err read_each(const char *json, struct each *in)
{
    struct mx_sources src = {0};
    const char *why;
    size_t at;

    mx_faults_init(&faults, ex.arena);
    tap_err(mx_json_parse(ex.arena, mx_str_c(json), &src.body, &why, &at), MX_OK, "JSON");
    return mx_fields_read(ex.arena, &each_shape, &src, &faults, in);
}

static void test_each(void)
{
    const struct mx_sent *one;
    struct each in;

    tap_err(read_each("{\"create\":[{\"name\":\"Ada\"}],\"update\":[{\"id\":\"" EX_ID
                      "\",\"version\":2,\"note\":\"n\"}]}",
                      &in),
            MX_OK, "many");
    one = MX_AT(in.update, const struct mx_sent, 0);
    tap_ok(in.create.n == 1 && in.update.n == 1 && one->rows == (1u << 0 | 1u << 2 | 1u << 5),
           "each with the rows that were sent");
    tap_int(((const struct noun *)one->at)->version, 2, "and the version that was seen");
    tap_err(read_each("{\"create\":[{\"id\":\"" EX_ID "\"}],\"update\":[{\"name\":\"\"},7]}", &in),
            MX_E_VALIDATION_FAILED, "faults");
    tap_str(told(),
            "/create/0/id unknown_member; /create/0/name required; "
            "/update/0/id required; /update/1 wrong_type",
            "each at its place");
}

int main(void)
{
    ex_reset();
    test_bodies();
    test_bounds_are_said();
    test_good_body();
    test_normal_forms();
    test_metadata();
    test_metadata_bounds();
    test_many_faults();
    test_queries();
    test_path_and_header();
    test_formats();
    test_write();
    test_write_unknown();
    test_laid_over();
    test_read_only();
    test_each();
    mx_arena_free(ex.arena);
    return tap_done();
}
