/* /v1/healthz, /v1/readyz, /v1/openapi.json, /v1/jwks.json, /metrics */
#include "api/meta.h"

#include "api/jobs.h"
#include "api/routes.h"
#include "codec/token.h"
#include "io/db.h"
#include "io/metrics.h"
#include "io/migrate.h"

#define OPENAPI_MAX (4u << 20)
#define METRICS_MAX (4u << 20)

static const char *const health_status_names[] = {"ok", NULL};

struct health {
    int status;
};
static const struct mx_field health_fields[] = {
    MX_O_ENUM(struct health, status, health_status_names, "Always ok."),
};
static MX_SHAPE(health_shape, "Health", struct health, health_fields);

struct readiness {
    int status, database;
    int64_t schema;
};
static const struct mx_field readiness_fields[] = {
    MX_O_ENUM(struct readiness, status, health_status_names, "ok if every check passed."),
    MX_O_ENUM(struct readiness, database, health_status_names, "ok if the database answers."),
    MX_O(struct readiness, schema, "Version of the schema."),
};
static MX_SHAPE(readiness_shape, "Readiness", struct readiness, readiness_fields);

struct unready {
    struct mx_str database, schema, service;
};
static const struct mx_field unready_fields[] = {
    MX_F(struct unready, database, MX_BODY, MX_F_OMIT, 0, 0, MX_LINE,
         "unreachable, where the database is."),
    MX_F(struct unready, schema, MX_BODY, MX_F_OMIT, 0, 0, MX_LINE,
         "Why the schema does not fit, where it does not."),
    MX_F(struct unready, service, MX_BODY, MX_F_OMIT, 0, 0, MX_LINE,
         "draining, where the host is being taken out of service."),
};
static MX_SHAPE(unready_shape, "UnreadyProblem", struct unready, unready_fields);

static enum mx_err api_healthz(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    (void)in;
    reply->out = MX_NEW(cx->arena, struct health);
    return MX_OK;
}

static enum mx_err api_readyz(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    struct readiness *out = MX_NEW(cx->arena, struct readiness);
    const char *why;
    enum mx_err e;

    (void)in;
    reply->out = out;
    if (cx->draining) {
        mx_fault_extra(cx->faults, "service", MX_S("draining"));
        return MX_E_UNAVAILABLE;
    }
    e = mx_db_ready(cx->db, &out->schema);
    if (e != MX_OK) {
        mx_fault_extra(cx->faults, "database", MX_S("unreachable"));
        return e;
    }
    why = mx_schema_refused(cx->arena, out->schema);
    if (why == NULL)
        return MX_OK;
    mx_fault_extra(cx->faults, "schema", mx_str_c(why));
    return MX_E_UNAVAILABLE;
}

/* The document depends on nothing but the mount: made once and kept. */
static enum mx_err api_openapi(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    static struct mx_arena *kept;
    static struct mx_str text, mount;

    (void)in;
    if (kept == NULL || !mx_str_eq(mount, cx->mount)) {
        struct mx_buf out;
        struct mx_jsonw w;

        mx_arena_free(kept);
        kept = mx_arena_new(4096, 4 * OPENAPI_MAX);
        mount = mx_str_dup(kept, cx->mount);
        mx_buf_init(&out, kept, OPENAPI_MAX);
        mx_jsonw_init(&w, &out);
        mx_api_openapi(&w, cx->proc->conf, mount);
        MX_ASSERT(!out.overflow);
        text = mx_buf_view(&out);
    }
    reply->raw = text;
    return MX_OK;
}

static enum mx_err api_jwks(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    (void)in;
    reply->raw = mx_keys_jwks(cx->arena, cx->proc->keys);
    return MX_OK;
}

static const char *const format_names[] = {"text", "openmetrics", NULL};

struct scrape {
    int format; /* enum mx_metrics_format */
};
static const struct mx_field scrape_fields[] = {
    MX_F_ENUM(struct scrape, format, MX_QUERY, 0, format_names, "Format of the text."),
};
static MX_SHAPE(scrape_shape, "Scrape", struct scrape, scrape_fields);

/* Nobody is asked but the database, for the work that waits for jobs, whether they run or not;
 * while it does not answer that is as the job runner last saw it. */
static enum mx_err api_metrics(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    enum mx_metrics_format format = (enum mx_metrics_format)((const struct scrape *)in)->format;
    uint64_t *view = mx_metrics_view(cx->arena, cx->proc->conf);
    struct mx_buf out;

    mx_jobs_backlogs(cx, view);
    mx_buf_init(&out, cx->arena, METRICS_MAX);
    mx_metrics_text(view, format, &out);
    MX_ASSERT(!out.overflow);
    reply->raw = mx_buf_view(&out);
    reply->answer = (int)format;
    return MX_OK;
}

const struct mx_route mx_routes_meta[] = {
    {.id = "meta.healthz",
     .method = MX_GET,
     .path = "/v1/healthz",
     .who = MX_WHO_PUBLIC,
     .flags = MX_R_HEALTH,
     .answers = {{200, &health_shape}},
     .fn = api_healthz,
     .doc = "Check that the service runs",
     .more = "200 while the process answers. Does not check the database: use it as a "
             "liveness probe."},
    {.id = "meta.readyz",
     .method = MX_GET,
     .path = "/v1/readyz",
     .who = MX_WHO_PUBLIC,
     .flags = MX_R_HEALTH,
     .answers = {{200, &readiness_shape}},
     .problem = &unready_shape,
     .problem_status = 503,
     .fn = api_readyz,
     .doc = "Check that the service is ready",
     .more = "200 when the database answers, its schema fits this release and the host is not "
             "being taken out of service; otherwise 503 says which is not so. Use it as a "
             "readiness probe."},
    {.id = "meta.openapi",
     .method = MX_GET,
     .path = "/v1/openapi.json",
     .who = MX_WHO_PUBLIC,
     .flags = MX_R_PUBLIC,
     .answers = {{200, NULL, "application/json"}},
     .fn = api_openapi,
     .doc = "Get the OpenAPI document",
     .more = "The document that you are reading, made from the tables that route and "
             "validate requests."},
    {.id = "meta.jwks",
     .method = MX_GET,
     .path = "/v1/jwks.json",
     .who = MX_WHO_PUBLIC,
     .flags = MX_R_PUBLIC | MX_R_KEYSET,
     .answers = {{200, NULL, "application/json"}},
     .fn = api_jwks,
     .doc = "Get the public keys of access tokens",
     .more = "A JSON Web Key Set (RFC 7517), for services that verify access tokens "
             "themselves. Cache it no longer than its max-age."},
    {.id = "meta.metrics",
     .method = MX_GET,
     .path = "/metrics",
     .who = MX_WHO_PUBLIC,
     .flags = MX_R_UNLISTED | MX_R_HEALTH,
     .pool = MX_POOL_SLOW,
     .in = &scrape_shape,
     .answers = {{200, NULL, MX_METRICS_TEXT_MEDIA}, {200, NULL, MX_METRICS_OPENMETRICS_MEDIA}},
     .fn = api_metrics,
     .doc = "Get metrics",
     .more = "Prometheus text or OpenMetrics; nginx chooses by Accept, and allows it from the host "
             "itself only."},
    {0}};
