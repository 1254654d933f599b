#include "http/problem.h"

#include "codec/jsonw.h"

/* The detail where the error has none of its own. */
static const char *detail_of(enum mx_err e)
{
    switch (e) {
    case MX_E_MALFORMED_JSON:
        return "The body must be a well-formed JSON document.";
    case MX_E_IDEMPOTENCY_KEY_REQUIRED:
        return "An Idempotency-Key header is required: a new key for each operation, the "
               "same key for its retries.";
    case MX_E_UNAUTHORIZED:
        return "A valid access token is required (Authorization: Bearer).";
    case MX_E_FORBIDDEN:
        return "The account is not allowed to do this.";
    case MX_E_NOT_FOUND:
        return "The resource does not exist.";
    case MX_E_METHOD_NOT_ALLOWED:
        return "The resource does not have this method; the Allow header lists those that "
               "it has.";
    case MX_E_IDEMPOTENCY_IN_PROGRESS:
        return "The first request with this Idempotency-Key is still in progress; retry "
               "later.";
    case MX_E_IDEMPOTENCY_KEY_REUSED:
        return "This Idempotency-Key was used with a different request.";
    case MX_E_VERSION_CONFLICT:
        return "The resource has been changed since it was read; read it again.";
    case MX_E_PAYLOAD_TOO_LARGE:
        return "The body is too large for this resource.";
    case MX_E_UNSUPPORTED_MEDIA_TYPE:
        return "The body must be application/json in UTF-8.";
    case MX_E_VALIDATION_FAILED:
        return "The request is invalid; see errors.";
    case MX_E_RATE_LIMITED:
        return "Too many requests; Retry-After says when to try again.";
    default:
        break;
    }
    if (mx_err_status(e) == 503)
        return "The service is temporarily unavailable; Retry-After says when to try "
               "again.";
    if (mx_err_status(e) >= 500)
        return "The request failed because of an internal error.";
    return mx_err_title(e);
}

static void write_faults(struct mx_jsonw *w, const struct mx_faults *faults)
{
    mx_jsonw_name(w, "errors");
    mx_jsonw_array(w);
    for (int i = 0; i < faults->n; i++) {
        const struct mx_fault *f = &faults->at[i];

        mx_jsonw_open(w);
        mx_jsonw_name(w, f->parameter.p ? "parameter" : "pointer");
        mx_jsonw_str(w, f->parameter.p ? f->parameter : f->pointer);
        mx_jsonw_name(w, "code");
        mx_jsonw_c(w, f->code);
        mx_jsonw_name(w, "detail");
        mx_jsonw_str(w, f->detail);
        if (f->params.p) {
            mx_jsonw_name(w, "params");
            mx_jsonw_raw(w, f->params);
        }
        mx_jsonw_close(w);
    }
    mx_jsonw_array_end(w);
    if (faults->dropped > 0) {
        mx_jsonw_name(w, "errors_total");
        mx_jsonw_int(w, mx_faults_told(faults));
    }
}

static void write_body(struct mx_buf *out, enum mx_err e, const struct mx_faults *faults,
                       struct mx_str request_id)
{
    bool told = mx_err_status(e) < 500;
    struct mx_jsonw w;

    mx_jsonw_init(&w, out);
    mx_jsonw_open(&w);
    mx_jsonw_name(&w, "type");
    mx_jsonw_str(&w, mx_str_fmt(out->arena, MX_PROBLEM_TYPE "%s", mx_err_code(e)));
    mx_jsonw_name(&w, "title");
    mx_jsonw_c(&w, mx_err_title(e));
    mx_jsonw_name(&w, "status");
    mx_jsonw_int(&w, mx_err_status(e));
    mx_jsonw_name(&w, "detail");
    if (told && faults && faults->detail.p)
        mx_jsonw_str(&w, faults->detail);
    else
        mx_jsonw_c(&w, detail_of(e));
    mx_jsonw_name(&w, "code");
    mx_jsonw_c(&w, mx_err_code(e));
    mx_jsonw_name(&w, "request_id");
    mx_jsonw_str(&w, request_id.p ? request_id : MX_S(""));
    for (int i = 0; faults && i < faults->n_extra; i++) {
        mx_jsonw_name(&w, faults->extra[i].name);
        mx_jsonw_str(&w, faults->extra[i].value);
    }
    if (told && faults && faults->params.p) {
        mx_jsonw_name(&w, "params");
        mx_jsonw_raw(&w, faults->params);
    }
    if (told && faults && faults->n > 0)
        write_faults(&w, faults);
    mx_jsonw_close(&w);
}

/* Seconds for Retry-After; 0: none. */
static int retry_after(enum mx_err e, const struct mx_faults *faults)
{
    int status = mx_err_status(e);

    if (faults && faults->retry_after_s > 0)
        return faults->retry_after_s;
    return status == 503 || status == 429 || e == MX_E_IDEMPOTENCY_IN_PROGRESS ? 1 : 0;
}

void mx_problem_headers(struct mx_res *res, bool bad_token)
{
    mx_res_header(res, "Content-Type", MX_S(MX_PROBLEM_MEDIA));
    mx_res_header(res, "Cache-Control", MX_S("no-store"));
    if (res->status == 401)
        mx_res_header(res, "WWW-Authenticate",
                      bad_token ? MX_S("Bearer error=\"invalid_token\"") : MX_S("Bearer"));
}

void mx_problem(struct mx_res *res, enum mx_err e, const struct mx_faults *faults,
                struct mx_str request_id)
{
    int wait_s = retry_after(e, faults);

    MX_ASSERT(e != MX_OK);
    res->status = mx_err_status(e);
    mx_buf_clear(&res->body);
    write_body(&res->body, e, faults, request_id);
    mx_problem_headers(res, faults && faults->bad_token);
    if (wait_s > 0)
        mx_res_header(res, "Retry-After", mx_str_fmt(res->headers.arena, "%d", wait_s));
}
