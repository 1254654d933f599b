#include "shop/limit.h"

#include "codec/inet.h"
#include "io/db.h"
#include "io/shm.h"

/* Of one client, of all, and of all to all accounts. */
static size_t limits_of(struct mx_ctx *cx, const char *act, struct mx_str key,
                        struct mx_limit limits[MX_LIMITS_MAX])
{
    const struct mx_settings *s = cx->proc->conf;
    struct mx_str client = mx_address_class(cx->arena, cx->address);

    limits[0] = (struct mx_limit){
        .bucket = mx_str_fmt(cx->arena, "%s:%.*s %.*s", act, MX_FMT(key), MX_FMT(client)),
        .burst = s->rate_login_per_account_ip_burst,
        .per_min = s->rate_login_per_account_ip_per_min,
    };
    limits[1] = (struct mx_limit){
        .bucket = mx_str_fmt(cx->arena, "%s:%.*s", act, MX_FMT(key)),
        .burst = s->rate_login_per_account_burst,
        .per_min = s->rate_login_per_account_per_min,
    };
    limits[2] = (struct mx_limit){
        .bucket = mx_str_c(act),
        .burst = s->rate_login_global_burst,
        .per_min = s->rate_login_global_per_min,
    };
    return 3;
}

/* Before the limit of all comes that of the client, so that it takes many of them to use up what
 * everybody has. */
static size_t with_client(struct mx_ctx *cx, size_t n, struct mx_limit limits[MX_LIMITS_MAX])
{
    struct mx_str client = mx_address_class(cx->arena, cx->address);

    limits[n] = limits[n - 1];
    limits[n - 1] = (struct mx_limit){
        .bucket = mx_str_fmt(cx->arena, "guess:%.*s", MX_FMT(client)),
        .burst = cx->proc->conf->rate_guess_per_ip_burst,
        .per_min = cx->proc->conf->rate_guess_per_ip_per_min,
    };
    return n + 1;
}

size_t mx_limits_of_passwords(struct mx_ctx *cx, struct mx_str key,
                              struct mx_limit limits[MX_LIMITS_MAX])
{
    return with_client(cx, limits_of(cx, "login", key, limits), limits);
}

size_t mx_limits_of_second_factors(struct mx_ctx *cx, struct mx_str key,
                                   struct mx_limit limits[MX_LIMITS_MAX])
{
    size_t n = limits_of(cx, "mfa", key, limits);

    limits[1].burst = cx->proc->conf->rate_mfa_per_account_burst;
    limits[1].per_hour = cx->proc->conf->rate_mfa_per_account_per_hour;
    return with_client(cx, n, limits);
}

static int64_t a_day(const struct mx_limit *l)
{
    return l->per_day > 0 ? l->per_day : 24 * (l->per_hour > 0 ? l->per_hour : 60 * l->per_min);
}

bool mx_limits_take(struct mx_ctx *cx, const struct mx_limit *limits, size_t n,
                    struct mx_rate *ret_rate)
{
    for (size_t i = 0; i < n; i++) {
        ret_rate->limit = limits[i].burst;
        if (!mx_shared_take(cx->proc->shared, limits[i].bucket, limits[i].burst, a_day(&limits[i]),
                            &ret_rate->left, &ret_rate->reset_s)) {
            mx_limits_give(cx, limits, i);
            return false;
        }
    }
    return true;
}

void mx_limits_give(struct mx_ctx *cx, const struct mx_limit *limits, size_t n)
{
    for (size_t i = 0; i < n; i++)
        mx_shared_give(cx->proc->shared, limits[i].bucket, limits[i].burst, a_day(&limits[i]));
}

static struct mx_str mail_bucket(struct mx_ctx *cx, const char *span, struct mx_str whose)
{
    return mx_str_fmt(cx->arena, "mail a %s:%.*s", span, MX_FMT(whose));
}

/* Limit on the mail that one account may ask for, whatever addresses it names. */
static size_t own_mail(struct mx_ctx *cx, size_t n, struct mx_limit limits[MX_LIMITS_MAX])
{
    const struct mx_settings *s = cx->proc->conf;
    struct mx_str id = mx_id_str(cx->arena, cx->actor.account);

    if (cx->actor.kind < MX_CUSTOMER)
        return n;
    limits[n++] = (struct mx_limit){.bucket = mail_bucket(cx, "day for account", id),
                                    .burst = s->rate_mail_per_address_day,
                                    .per_day = s->rate_mail_per_address_day};
    return n;
}

/* Those of one client come first: what it alone is refused uses up nothing of others. */
static size_t limits_of_mail(struct mx_ctx *cx, struct mx_str key,
                             struct mx_limit limits[MX_LIMITS_MAX])
{
    const struct mx_settings *s = cx->proc->conf;
    struct mx_str ip = mx_address_class(cx->arena, cx->address);
    struct mx_str both = mx_str_fmt(cx->arena, "%.*s %.*s", MX_FMT(key), MX_FMT(ip));
    const struct mx_limit rows[] = {
        {.bucket = mail_bucket(cx, "day", both),
         .burst = s->rate_mail_per_address_ip_day,
         .per_day = s->rate_mail_per_address_ip_day},
        {.bucket = mail_bucket(cx, "hour", both),
         .burst = s->rate_mail_per_address_ip_hour,
         .per_hour = s->rate_mail_per_address_ip_hour},
        {.bucket = mail_bucket(cx, "hour from", ip),
         .burst = s->rate_mail_per_ip_hour,
         .per_hour = s->rate_mail_per_ip_hour},
        {.bucket = mail_bucket(cx, "day", key),
         .burst = s->rate_mail_per_address_day,
         .per_day = s->rate_mail_per_address_day},
        {.bucket = mail_bucket(cx, "hour", key),
         .burst = s->rate_mail_per_address_hour,
         .per_hour = s->rate_mail_per_address_hour},
        {.bucket = MX_S("mail"),
         .burst = s->rate_mail_global_burst,
         .per_min = s->rate_mail_global_per_min},
    };

    _Static_assert(MX_LEN(rows) < MX_LIMITS_MAX, "and one of the account");
    memcpy(limits, rows, sizeof(rows));
    return own_mail(cx, MX_LEN(rows), limits);
}

/* A share of mail that a transaction has taken. */
struct share {
    struct mx_ctx *cx;
    struct mx_limit limits[MX_LIMITS_MAX];
    size_t n;
};

static void give_share(void *arg)
{
    const struct share *s = arg;

    mx_limits_give(s->cx, s->limits, s->n);
}

bool mx_limits_take_mail(struct mx_ctx *cx, struct mx_str key)
{
    struct share *s = MX_NEW(cx->arena, struct share);
    struct mx_rate rate;

    s->cx = cx;
    s->n = limits_of_mail(cx, key, s->limits);
    if (!mx_limits_take(cx, s->limits, s->n, &rate))
        return false;
    mx_db_after_rollback(cx->db, give_share, s);
    return true;
}

enum mx_err mx_limit_exceeded(struct mx_ctx *cx, struct mx_rate refused)
{
    cx->rate = refused;
    cx->faults->retry_after_s = refused.reset_s > 0 ? (int)refused.reset_s : 1;
    return MX_E_RATE_LIMITED;
}
