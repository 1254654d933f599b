#include "http/answer.h"

#include "codec/etag.h"
#include "codec/secret.h"
#include "http/pick.h"

#define ETAG_BYTES 16

/* Strong tag of a body: the same on every worker and host. */
static struct mx_str etag_of(struct mx_arena *a, struct mx_str body)
{
    struct mx_hash h = mx_sha256(body);

    return mx_hex(a, h.b, ETAG_BYTES);
}

static void write_body(const struct mx_route *route, const struct mx_reply *reply,
                       struct mx_res *res)
{
    const struct mx_answer *answer = &route->answers[reply->answer];
    struct mx_jsonw w;

    if (reply->raw.p) {
        mx_buf_str(&res->body, reply->raw);
        return;
    }
    if (route->flags & MX_R_LIST) {
        mx_jsonw_init(&w, &res->body);
        mx_page_write(&w, answer->shape, mx_cursor_tag(mx_str_c(route->id), 0), &reply->page);
    } else if (answer->shape) {
        MX_ASSERT(reply->out != NULL);
        mx_jsonw_init(&w, &res->body);
        mx_shape_write(&w, answer->shape, reply->out);
    }
    if (reply->pick && answer->shape)
        mx_pick_apply(reply->pick, &res->body);
}

static void write_cache(const struct mx_route *route, const struct mx_settings *conf,
                        struct mx_res *res)
{
    if ((route->flags & MX_R_KEYSET) && res->status == 200)
        mx_res_header(res, "Cache-Control",
                      mx_str_fmt(res->headers.arena, "public, max-age=%lld",
                                 (long long)conf->jwks_max_age_s));
    else if ((route->flags & MX_R_PUBLIC) && res->status == 200)
        mx_res_header(
            res, "Cache-Control",
            mx_str_fmt(res->headers.arena, "public, max-age=%lld, stale-while-revalidate=%lld",
                       (long long)conf->catalog_max_age_s, (long long)conf->catalog_swr_s));
    else
        mx_res_header(res, "Cache-Control", MX_S("no-store"));
}

bool mx_answer_render(const struct mx_route *route, struct mx_reply *reply,
                      const struct mx_buf *like)
{
    struct mx_res res = {0};

    mx_buf_init(&res.body, like->arena, like->max);
    write_body(route, reply, &res);
    if (res.body.overflow)
        return false;
    reply->raw = mx_buf_view(&res.body);
    if (!reply->etag.p)
        reply->etag = etag_of(like->arena, reply->raw);
    return true;
}

void mx_answer_headers(struct mx_res *res)
{
    if (res->location.p)
        mx_res_header(res, "Location", res->location);
    if (res->etag.p)
        mx_res_header(res, "ETag", mx_str_fmt(res->body.arena, "\"%.*s\"", MX_FMT(res->etag)));
}

void mx_answer_write(const struct mx_route *route, const struct mx_settings *conf,
                     const struct mx_req *req, const struct mx_reply *reply, struct mx_res *res)
{
    const struct mx_answer *answer = &route->answers[reply->answer];
    struct mx_arena *a = res->body.arena;
    struct mx_str etag = reply->etag;

    MX_ASSERT(reply->answer >= 0 && reply->answer < MX_ANSWERS_MAX && answer->status != 0);
    res->status = answer->status;
    write_body(route, reply, res);
    write_cache(route, conf, res);
    if (reply->location.p)
        res->location = mx_str_fmt(a, "%.*s%.*s", MX_FMT(req->mount), MX_FMT(reply->location));
    if (!etag.p && (route->flags & MX_R_PUBLIC) && res->status == 200)
        etag = etag_of(a, mx_buf_view(&res->body));
    res->etag = etag;
    mx_answer_headers(res);
    if ((route->flags & MX_R_PUBLIC) && res->status == 200 &&
        mx_etag_listed(req->if_none_match, etag)) {
        res->status = 304;
        mx_buf_clear(&res->body);
    } else if (res->body.n > 0) {
        mx_res_header(res, "Content-Type", mx_str_c(answer->media ? answer->media : MX_JSON_MEDIA));
    }
}
