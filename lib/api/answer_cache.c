#include "api/answer_cache.h"

#include "base/clock.h"
#include "base/metric.h"
#include "io/shm.h"

static struct mx_cache_key cache_key(struct mx_ctx *cx, const struct mx_req *req,
                                     uint64_t generation)
{
    struct mx_str text =
        mx_str_fmt(cx->arena, "%.*s%.*s?%.*s", MX_FMT(req->mount), MX_FMT(req->path),
                   (int)req->query.n, req->query.p ? req->query.p : "");

    return (struct mx_cache_key){text, generation, mx_mono_ms()};
}

/* The generation is read before the handler reads the database: an answer that was overtaken by a
 * change is kept under the generation before it and never seen. */
bool mx_answer_recall(struct mx_ctx *cx, const struct mx_req *req, struct mx_kept *k)
{
    struct mx_shared *shared = cx->proc->shared;
    struct mx_str both;
    struct mx_cache_key key;

    if (cx->proc->conf->catalog_cache_ms == 0)
        return false;
    k->generation = mx_shared_catalog(shared);
    key = cache_key(cx, req, k->generation);
    if (!mx_cache_get(mx_shared_cache(shared), &key, cx->arena, &both)) {
        mx_metric_add(MX_M_ANSWER_CACHE, MX_ANSWER_MISS, 0, 1);
        return false;
    }
    mx_metric_add(MX_M_ANSWER_CACHE, MX_ANSWER_HIT, 0, 1);
    MX_ASSERT(mx_str_split(&both, '\n', &k->etag));
    k->body = both;
    return true;
}

void mx_answer_remember(struct mx_ctx *cx, const struct mx_req *req, const struct mx_kept *k)
{
    int64_t ttl_ms = cx->proc->conf->catalog_cache_ms;
    struct mx_cache_key key;
    struct mx_str both;
    bool stored;

    if (ttl_ms == 0)
        return;
    key = cache_key(cx, req, k->generation);
    both = mx_str_fmt(cx->arena, "%.*s\n%.*s", MX_FMT(k->etag), MX_FMT(k->body));
    stored = mx_cache_put(mx_shared_cache(cx->proc->shared), &key, both, ttl_ms);
    mx_metric_add(MX_M_ANSWER_CACHE, stored ? MX_ANSWER_STORED : MX_ANSWER_DROPPED, 0, 1);
}
