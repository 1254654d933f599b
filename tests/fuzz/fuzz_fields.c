/* The field walker on any bytes. Input: a query; behind a first line feed a JSON body. */
#include "../unit/exchange.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_faults(enum mx_err e, const struct mx_faults *f)
{
    MX_ASSERT(e == MX_OK || e == MX_E_VALIDATION_FAILED);
    MX_ASSERT((e == MX_OK) == (f->n == 0));
    for (int i = 0; i < f->n; i++) {
        const struct mx_fault *one = &f->at[i];

        MX_ASSERT(one->code && one->detail.n > 0);
        MX_ASSERT(!one->pointer.p != !one->parameter.p);
        MX_ASSERT(one->pointer.n == 0 || one->pointer.p[0] == '/');
    }
}

/* A line that was read is written as JSON that reads as the same line. */
static void check_round_trip(const struct ex_line *line)
{
    struct mx_sources src = {0};
    struct mx_faults faults;
    struct ex_line again;
    struct mx_jsonw w;
    struct mx_buf b;
    const char *why;
    size_t at;

    mx_buf_init(&b, ex.arena, 10000);
    mx_jsonw_init(&w, &b);
    mx_shape_write(&w, &ex_line, line);
    mx_faults_init(&faults, ex.arena);
    MX_ASSERT(mx_json_parse(ex.arena, mx_buf_view(&b), &src.body, &why, &at) == MX_OK);
    MX_ASSERT(mx_fields_read(ex.arena, &ex_line, &src, &faults, &again) == MX_OK);
    MX_ASSERT(mx_str_eq(line->sku, again.sku) && line->quantity == again.quantity);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mx_str body = {(const char *)data, size}, query;
    const struct mx_pair path = {MX_S("id"), MX_S(EX_ID)};
    struct mx_sources src = {.path = &path, .n_path = 1};
    struct mx_faults faults;
    struct mx_pair *pairs = NULL;
    const char *why;
    struct ex_in in;
    enum mx_err e;
    size_t at;

    ex_reset();
    mx_str_split(&body, '\n', &query);
    mx_faults_init(&faults, ex.arena);
    if (body.p && mx_json_parse(ex.arena, body, &src.body, &why, &at) == MX_OK) {
        e = mx_fields_read(ex.arena, &ex_write, &src, &faults, &in);
        check_faults(e, &faults);
        for (size_t i = 0; e == MX_OK && i < in.lines.n; i++)
            check_round_trip(MX_AT(in.lines, struct ex_line, i));
    }
    mx_faults_init(&faults, ex.arena);
    if (mx_uri_query(ex.arena, query, 100, &pairs, &src.n_query) == MX_OK) {
        src = (struct mx_sources){.query = pairs, .n_query = src.n_query};
        e = mx_fields_read(ex.arena, &ex_list, &src, &faults, &in);
        check_faults(e, &faults);
        MX_ASSERT(e != MX_OK || !in.has_limit || (in.limit >= 1 && in.limit <= 100));
    }
    return 0;
}
