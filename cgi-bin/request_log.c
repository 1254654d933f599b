#include "request_log.h"

#include "base/log.h"
#include "io/db.h"

#define STATEMENTS_MAX 4096

static struct mx_str id_or_dash(struct mx_id id, char text[MX_ID_TEXT])
{
    if (mx_id_none(id))
        return MX_S("-");
    mx_id_text(id, text);
    return (struct mx_str){text, MX_ID_TEXT};
}

static struct mx_str or_dash(struct mx_str s)
{
    return s.p ? s : MX_S("-");
}

/* Time between nginx and the worker; the clock may have been set back meanwhile. */
static int64_t queue_ms(const struct mx_ctx *cx, const struct mx_served *s)
{
    return s->arrival_ms > 0 && cx->now_ms > s->arrival_ms ? cx->now_ms - s->arrival_ms : 0;
}

static void log_request(const struct mx_ctx *cx, const struct mx_served *s)
{
    const struct mx_db_spent *spent = mx_db_spent(cx->db);
    char actor[MX_ID_TEXT], claimed[MX_ID_TEXT], exchange[MX_ID_TEXT];

    mx_log(MX_LOG_INFO, s->delivered ? "request" : "request not delivered",
           MX_KS("route", or_dash(cx->route_id)), MX_KS("method", s->method),
           MX_KI("status", s->status), MX_KC("code", mx_err_code(s->result)), MX_KMS("ms", s->ns),
           MX_KMS("db_ms", spent->ns), MX_KI("trips", spent->trips), MX_KI("bytes_in", s->bytes_in),
           MX_KI("bytes_out", s->bytes_out), MX_KI("queue_ms", queue_ms(cx, s)),
           MX_KS("span", cx->trace.span), MX_KS("parent", or_dash(cx->trace.parent)),
           MX_KS("server_request_id", id_or_dash(cx->exchange, exchange)),
           MX_KS("actor", id_or_dash(cx->actor.account, actor)),
           MX_KS("claimed", id_or_dash(cx->claimed, claimed)));
}

/* ---- the slow ones ---- */

/* The statement that took longest of those that are not in the text yet; NULL at the end. */
static const struct mx_db_use *next_use(const struct mx_db_spent *spent, bool told[MX_DB_USES])
{
    int most = -1;

    for (int i = 0; i < spent->n_uses; i++)
        if (!told[i] && (most < 0 || spent->uses[i].ns > spent->uses[most].ns))
            most = i;
    if (most < 0)
        return NULL;
    told[most] = true;
    return &spent->uses[most];
}

/* "order.insert 1 812.400, cart.load 2 3.100": name, round trips, milliseconds. */
static struct mx_str statements(const struct mx_ctx *cx, const struct mx_db_spent *spent)
{
    bool told[MX_DB_USES] = {false};
    const struct mx_db_use *use;
    struct mx_buf out;

    mx_buf_init(&out, cx->arena, STATEMENTS_MAX);
    while ((use = next_use(spent, told)))
        mx_buf_fmt(&out, "%s%s %d %lld.%03lld", out.n > 0 ? ", " : "", use->statement, use->trips,
                   (long long)(use->ns / 1000000), (long long)(use->ns / 1000 % 1000));
    return mx_buf_view(&out);
}

static void log_slow(const struct mx_ctx *cx, const struct mx_served *s)
{
    const struct mx_db_spent *spent = mx_db_spent(cx->db);

    mx_log(MX_LOG_WARN, "slow request", MX_KS("route", or_dash(cx->route_id)),
           MX_KI("status", s->status), MX_KMS("ms", s->ns), MX_KI("queue_ms", queue_ms(cx, s)),
           MX_KMS("db_ms", spent->ns), MX_KI("trips", spent->trips),
           MX_KMS("connect_ms", spent->connect_ns), MX_KI("retries", spent->retries),
           MX_KMS("hash_wait_ms", cx->spent.hash_wait_ns), MX_KMS("hash_ms", cx->spent.hash_ns),
           MX_KMS("provider_ms", cx->spent.provider_ns),
           MX_KS("statements", statements(cx, spent)));
}

void mx_request_log(const struct mx_ctx *cx, const struct mx_served *s)
{
    int64_t slow_ms = cx->proc->conf->slow_request_ms;

    if (!s->quiet)
        log_request(cx, s);
    if (slow_ms > 0 && s->ns >= slow_ms * 1000000)
        log_slow(cx, s);
}
