/* The parameter `fields`: which names are known, and what a text is cut down to. */
#include "tap.h"

#include "http/pick.h"

#include "exchange.h"

struct entries {
    struct mx_list data;
    int64_t total;
};
static const struct mx_field entries_fields[] = {
    MX_O_LIST(struct entries, data, &ex_out, "Things."),
    MX_O(struct entries, total, "How many."),
};
static MX_SHAPE(entries, "Entries", struct entries, entries_fields);

static const struct mx_route one = {.method = MX_GET, .answers = {{200, &ex_out, NULL}}};
static const struct mx_route list = {
    .method = MX_GET, .flags = MX_R_LIST, .answers = {{200, &ex_out, NULL}}};
static const struct mx_route page = {.method = MX_GET, .answers = {{200, &entries, NULL}}};

static struct mx_faults faults;

/* Read a query for the route. */
static enum mx_err read_query(const struct mx_route *r, const char *query,
                              const struct mx_pick **ret_pick)
{
    struct mx_sources src = {0};
    struct mx_pair *pairs = NULL;

    mx_faults_init(&faults, ex.arena);
    MX_TRY(mx_uri_query(ex.arena, mx_str_c(query), 50, &pairs, &src.n_query));
    src.query = pairs;
    return mx_pick_read(ex.arena, r, &src, &faults, ret_pick);
}

static void test_names(void)
{
    static const char *const known[] = {"id",
                                        "id,title",
                                        " id , title ",
                                        "price",
                                        "price.amount",
                                        "lines.sku,lines.quantity",
                                        "labels.colour",
                                        "stored.a.b.c",
                                        "first.sku,none.sku",
                                        "gone",
                                        "id,id",
                                        "tags"};
    static const char *const unknown[] = {
        "x",       "id,x",       "Id",     ".id",          "id.",
        "id,",     ",",          "id.x",   "price.x",      "price.amount.x",
        "lines.x", "first..sku", "data",   "data.id",      "next_cursor",
        "tags.x",  "id title",   "sort.x", "lines.sku.x.y"};
    const struct mx_pick *pick;

    for (size_t i = 0; i < MX_LEN(known); i++) {
        const char *query = mx_str_z(ex.arena, mx_str_fmt(ex.arena, "fields=%s", known[i]));

        tap_err(read_query(&one, query, &pick), MX_OK, known[i]);
        tap_ok(pick != NULL, "and picks");
        tap_err(read_query(&list, query, &pick), MX_OK, "of a list");
        tap_err(read_query(&page, query, &pick), MX_OK, "of a page");
    }
    for (size_t i = 0; i < MX_LEN(unknown); i++) {
        const char *query = mx_str_z(ex.arena, mx_str_fmt(ex.arena, "fields=%s", unknown[i]));

        tap_err(read_query(&one, query, &pick), MX_E_VALIDATION_FAILED, unknown[i]);
        tap_ok(faults.n >= 1 && strcmp(faults.at[0].code, "unknown_value") == 0, "its code");
        tap_str(faults.at[0].parameter, "fields", "its parameter");
        tap_ok(strstr(mx_str_z(ex.arena, faults.at[0].detail), " is not a member of the answer") !=
                   NULL,
               "its detail");
    }
}

static void test_bounds(void)
{
    static char query[MX_PICK_MAX + 20] = "fields=";
    const struct mx_pick *pick;

    tap_err(read_query(&one, "limit=1", &pick), MX_OK, "not asked");
    tap_ok(!pick, "nothing is picked");
    tap_err(read_query(&one, "fields=", &pick), MX_OK, "empty counts as absent");
    tap_ok(!pick, "and picks nothing");
    tap_err(read_query(&one, "fields=id&fields=title", &pick), MX_E_VALIDATION_FAILED, "repeated");
    tap_err(read_query(&one, "fields=stored.b.c.d.e.f.g.h", &pick), MX_OK, "eight names");
    tap_err(read_query(&one, "fields=stored.b.c.d.e.f.g.h.i", &pick), MX_E_VALIDATION_FAILED,
            "nine names");
    for (size_t i = strlen("fields="); i < strlen("fields=") + MX_PICK_MAX + 2; i += 3)
        memcpy(query + i, "id,", 4);
    query[strlen("fields=") + MX_PICK_MAX - 2] = 0;
    tap_err(read_query(&one, query, &pick), MX_OK, "as long as may be");
    memcpy(query + strlen("fields=") + MX_PICK_MAX - 2, ",id", 4);
    tap_err(read_query(&one, query, &pick), MX_E_VALIDATION_FAILED, "longer");
    tap_ok(strcmp(faults.at[0].code, "too_long") == 0, "is too long");
}

static void cuts(const struct mx_route *r, const char *fields, const char *text, const char *want)
{
    const char *query = mx_str_z(ex.arena, mx_str_fmt(ex.arena, "fields=%s", fields));
    const struct mx_pick *pick;
    struct mx_buf out;

    tap_err(read_query(r, query, &pick), MX_OK, fields);
    mx_buf_init(&out, ex.arena, 4096);
    mx_buf_c(&out, text);
    mx_pick_apply(pick, &out);
    tap_str(mx_buf_view(&out), want, "is cut");
    tap_ok(out.p[out.n] == 0, "and ends");
}

static void test_cuts(void)
{
    static const char text[] = "{\"id\":\"1\",\"title\":\"a\\\"}],\\\\\",\"count\":null,\"price\":{"
                               "\"amount\":1,\"currency\":"
                               "\"EUR\"},\"lines\":[{\"sku\":\"A\",\"quantity\":2},{\"sku\":\"B\","
                               "\"quantity\":1}],\"tags\":"
                               "[\"x\",\"y\"],\"labels\":{},\"stored\":{\"a\":[[{\"b\":1,\"c\":2}],"
                               "[]],\"d\":-1.5},\"ok\":true}";

    cuts(&one, "id", text, "{\"id\":\"1\"}");
    cuts(&one, "ok,id", text, "{\"id\":\"1\",\"ok\":true}");
    cuts(&one, "title", text, "{\"title\":\"a\\\"}],\\\\\"}");
    cuts(&one, "count", text, "{\"count\":null}");
    cuts(&one, "price", text, "{\"price\":{\"amount\":1,\"currency\":\"EUR\"}}");
    cuts(&one, "price.currency", text, "{\"price\":{\"currency\":\"EUR\"}}");
    cuts(&one, "price.currency,price", text, "{\"price\":{\"amount\":1,\"currency\":\"EUR\"}}");
    cuts(&one, "price,price.currency", text, "{\"price\":{\"amount\":1,\"currency\":\"EUR\"}}");
    cuts(&one, "lines.sku", text, "{\"lines\":[{\"sku\":\"A\"},{\"sku\":\"B\"}]}");
    cuts(&one, "tags,labels.x", text, "{\"tags\":[\"x\",\"y\"],\"labels\":{}}");
    cuts(&one, "stored.a.b", text, "{\"stored\":{\"a\":[[{\"b\":1}],[]]}}");
    cuts(&one, "stored.d.e", text, "{\"stored\":{\"d\":-1.5}}");
    cuts(&one, "gone", text, "{}");
    cuts(&one, "lines.sku", "{ \"id\" : 1 , \"lines\" : [ { \"quantity\": 1, \"sku\": \"A\" } ] }",
         "{\"lines\":[{\"sku\":\"A\"}]}");
    cuts(&one, "id", "{}", "{}");
    cuts(&list, "id",
         "{\"data\":[{\"id\":1,\"ok\":true},{\"ok\":true,\"id\":2}],\"next_cursor\":\"x\"}",
         "{\"data\":[{\"id\":1},{\"id\":2}],\"next_cursor\":\"x\"}");
    cuts(&list, "id", "{\"data\":[],\"next_cursor\":null}", "{\"data\":[],\"next_cursor\":null}");
    cuts(&page, "ok", "{\"data\":[{\"id\":1,\"ok\":true}],\"total\":1}",
         "{\"data\":[{\"ok\":true}],\"total\":1}");
}

int main(void)
{
    ex_reset();
    tap_ok(mx_route_picks(&one) && mx_route_picks(&list), "what answers with a shape picks");
    tap_ok(!mx_route_picks(&ex_routes[1]) && !mx_route_picks(&ex_routes[2]), "nothing else does");
    test_names();
    test_bounds();
    test_cuts();
    return tap_done();
}
