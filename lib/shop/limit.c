#include "shop/limit.h"

#include "codec/inet.h"
#include "io/db.h"
#include "io/shm.h"
#include "shop/email.h"

/* Of one client, of all, and of all to all accounts. */
static size_t limits_of(struct mx_ctx *cx, const char *act, struct mx_str key,
                        struct mx_limit limits[MX_LIMITS_MAX])
{
    const struct mx_settings *s = cx->proc->conf;
    struct mx_str client = mx_address_class(cx->arena, cx->address);

    limits[0] = (struct mx_limit){
        .bucket = mx_str_fmt(cx->arena, "%s:%.*s %.*s", act, MX_FMT(key), MX_FMT(client)),
        .kind = MX_LIMIT_GUESS,
        .burst = s->rate_login_per_account_ip_burst,
        .per_min = s->rate_login_per_account_ip_per_min,
    };
    limits[1] = (struct mx_limit){
        .bucket = mx_str_fmt(cx->arena, "%s:%.*s", act, MX_FMT(key)),
        .kind = MX_LIMIT_GUESS,
        .burst = s->rate_login_per_account_burst,
        .per_min = s->rate_login_per_account_per_min,
    };
    limits[2] = (struct mx_limit){
        .bucket = mx_str_c(act),
        .kind = MX_LIMIT_GUESS,
        .burst = s->rate_login_global_burst,
        .per_min = s->rate_login_global_per_min,
    };
    return 3;
}

/* Share of all clients of a site together, as a multiple of that of one: few enough that a site
 * alone does not use up what everybody has. */
#define SITE 2

/* The site of the client, absent where that is no more than the client: all but IPv6. */
static struct mx_str site_of(struct mx_ctx *cx)
{
    struct mx_str site = mx_address_site(cx->arena, cx->address);

    if (mx_str_eq(site, mx_address_class(cx->arena, cx->address)))
        return (struct mx_str){0};
    return site;
}

/* Limit of one client or site, which may try `shares` of what one client may. */
static struct mx_limit guessed_by(struct mx_ctx *cx, struct mx_str who, int64_t shares)
{
    return (struct mx_limit){
        .bucket = mx_str_fmt(cx->arena, "guess:%.*s", MX_FMT(who)),
        .kind = MX_LIMIT_GUESS,
        .burst = shares * cx->proc->conf->rate_guess_per_ip_burst,
        .per_min = shares * cx->proc->conf->rate_guess_per_ip_per_min,
    };
}

/* Before the limit of all come those of the client and its site, so that it takes many of them to
 * use up what everybody has. */
static size_t with_client(struct mx_ctx *cx, size_t n, struct mx_limit limits[MX_LIMITS_MAX])
{
    struct mx_limit all = limits[--n];
    struct mx_str site = site_of(cx);

    limits[n++] = guessed_by(cx, mx_address_class(cx->arena, cx->address), 1);
    if (site.p != NULL)
        limits[n++] = guessed_by(cx, site, SITE);
    limits[n++] = all;
    return n;
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
            mx_metric_add(MX_M_LIMITED, (int)limits[i].kind, 0, 1);
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

/* The mailbox behind an address: most servers deliver name+anything to name. Accounts are apart all
 * the same. */
static struct mx_str mailbox_of(struct mx_ctx *cx, struct mx_str key)
{
    struct mx_str local = mx_email_local(key), domain = mx_email_domain(key);
    ptrdiff_t plus = mx_str_find(local, '+');

    if (plus <= 0)
        return key;
    return mx_str_fmt(cx->arena, "%.*s@%.*s", (int)plus, local.p, MX_FMT(domain));
}

/* Limits of one client or site, which may ask for `shares` of what one client may. */
static size_t asked_by(struct mx_ctx *cx, struct mx_str who, struct mx_str mailbox, int64_t shares,
                       struct mx_limit *limits)
{
    const struct mx_settings *s = cx->proc->conf;
    struct mx_str both = mx_str_fmt(cx->arena, "%.*s %.*s", MX_FMT(mailbox), MX_FMT(who));
    int64_t day = shares * s->rate_mail_per_address_ip_day;
    int64_t hour = shares * s->rate_mail_per_address_ip_hour;
    int64_t all = shares * s->rate_mail_per_ip_hour;

    limits[0] =
        (struct mx_limit){.bucket = mail_bucket(cx, "day", both), .burst = day, .per_day = day};
    limits[1] =
        (struct mx_limit){.bucket = mail_bucket(cx, "hour", both), .burst = hour, .per_hour = hour};
    limits[2] = (struct mx_limit){
        .bucket = mail_bucket(cx, "hour from", who), .burst = all, .per_hour = all};
    return 3;
}

/* Limits of what goes to one mailbox, whoever asks. */
static size_t sent_to(struct mx_ctx *cx, struct mx_str mailbox, struct mx_limit *limits)
{
    int64_t day = cx->proc->conf->rate_mail_per_address_day;
    int64_t hour = cx->proc->conf->rate_mail_per_address_hour;

    limits[0] =
        (struct mx_limit){.bucket = mail_bucket(cx, "day", mailbox), .burst = day, .per_day = day};
    limits[1] = (struct mx_limit){
        .bucket = mail_bucket(cx, "hour", mailbox), .burst = hour, .per_hour = hour};
    return 2;
}

/* Limit on the mail that one account may ask for, whatever addresses it names. */
static size_t asked_by_account(struct mx_ctx *cx, struct mx_limit *limits)
{
    struct mx_str id = mx_id_str(cx->arena, cx->actor.account);
    int64_t day = cx->proc->conf->rate_mail_per_address_day;

    if (cx->actor.kind < MX_CUSTOMER)
        return 0;
    limits[0] = (struct mx_limit){
        .bucket = mail_bucket(cx, "day for account", id), .burst = day, .per_day = day};
    return 1;
}

/* Those of one client come first: what it alone is refused uses up nothing of others. */
static size_t limits_of_mail(struct mx_ctx *cx, struct mx_str key, bool sends,
                             struct mx_limit limits[MX_LIMITS_MAX])
{
    const struct mx_settings *s = cx->proc->conf;
    struct mx_str client = mx_address_class(cx->arena, cx->address), site = site_of(cx);
    struct mx_str mailbox = mailbox_of(cx, key);
    size_t n = asked_by(cx, client, mailbox, 1, limits);

    if (site.p != NULL)
        n += asked_by(cx, site, mailbox, SITE, limits + n);
    n += asked_by_account(cx, limits + n);
    n += sent_to(cx, mailbox, limits + n);
    if (sends)
        limits[n++] = (struct mx_limit){.bucket = MX_S("mail"),
                                        .burst = s->rate_mail_global_burst,
                                        .per_min = s->rate_mail_global_per_min};
    MX_ASSERT(n <= MX_LIMITS_MAX);
    for (size_t i = 0; i < n; i++)
        limits[i].kind = MX_LIMIT_MAIL;
    return n;
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

bool mx_limits_take_mail(struct mx_ctx *cx, struct mx_str key, bool sends)
{
    struct share *s = MX_NEW(cx->arena, struct share);
    struct mx_rate rate;

    s->cx = cx;
    s->n = limits_of_mail(cx, key, sends, s->limits);
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
