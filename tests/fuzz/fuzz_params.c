/* Any request through all gates. Input: one line a parameter in the order of `lines` below (an
 * empty line: absent), the body behind them. The first byte of the method line is enum mx_method as
 * a digit; an absent raw path is the path itself. */
#include "../unit/exchange.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct mx_str next(struct mx_str *rest)
{
    struct mx_str line = {0};

    if (!mx_str_split(rest, '\n', &line) || line.n == 0)
        return (struct mx_str){0};
    return line;
}

static struct mx_req read_request(struct mx_str rest)
{
    struct mx_req r = {.mount = MX_S("/api"), .content_length = -1};
    struct mx_str *const lines[] = {&r.method_text,     &r.path,         &r.raw_path,
                                    &r.query,           &r.content_type, &r.authorization,
                                    &r.idempotency_key, &r.if_match,     &r.if_none_match,
                                    &r.origin,          &r.cors_method,  &r.user_agent,
                                    &r.request_id,      &r.traceparent};

    for (size_t i = 0; i < MX_LEN(lines); i++)
        *lines[i] = next(&rest);
    if (r.method_text.n > 0)
        r.method = (enum mx_method)((unsigned char)r.method_text.p[0] % (MX_METHOD_OTHER + 1));
    if (!r.raw_path.p)
        r.raw_path = mx_str_fmt(ex.arena, "/api%.*s", MX_FMT(r.path));
    r.body = rest;
    return r;
}

/* "Name: value\r\n" lines and nothing else. */
static void check_headers(struct mx_str headers)
{
    struct mx_str line;
    int ids = 0;

    while (mx_str_split(&headers, '\n', &line)) {
        ptrdiff_t colon = mx_str_find(line, ':');

        if (line.n == 0 && !headers.p)
            break;
        MX_ASSERT(line.p[line.n - 1] == '\r' && mx_str_find(line, '\r') == (ptrdiff_t)line.n - 1);
        MX_ASSERT(colon > 0 && line.p[colon + 1] == ' ' && mx_str_find(line, 0) < 0);
        ids += mx_str_starts(line, MX_S("X-Request-Id: "));
    }
    MX_ASSERT(ids == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct mx_json *root;
    const char *why;
    struct mx_req r;
    enum mx_err e;
    size_t at;

    ex_reset();
    ex_hook.tries = 2;
    r = read_request((struct mx_str){(const char *)data, size});
    e = ex_send(&r);
    MX_ASSERT(ex.res.status == 200 || ex.res.status == 201 || ex.res.status == 204 ||
              ex.res.status == 304 || ex.res.status >= 400);
    MX_ASSERT(ex.res.status < 500 && !ex.res.headers.overflow && !ex.res.body.overflow);
    MX_ASSERT((e == MX_OK) == (ex.res.status < 400));
    MX_ASSERT(ex_do.runs == 0 || e == MX_OK);
    check_headers(mx_buf_view(&ex.res.headers));
    if (ex.res.body.n > 0 && ex.res.body.p[0] == '{')
        MX_ASSERT(mx_json_parse(ex.arena, mx_buf_view(&ex.res.body), &root, &why, &at) == MX_OK);
    return 0;
}
