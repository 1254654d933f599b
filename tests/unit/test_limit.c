/* Limits that an attempt stands under together. */
#include "shop/limit.h"

#include "io/db.h"
#include "io/shm.h"
#include "tap.h"

static struct mx_faults faults;
static struct mx_proc proc;
static struct mx_ctx cx = {.proc = &proc, .faults = &faults};
static struct mx_rate rate;

#define NARROW ((struct mx_limit){.bucket = MX_S("narrow"), .burst = 2, .per_min = 1})
#define WIDE ((struct mx_limit){.bucket = MX_S("wide"), .burst = 3, .per_min = 1})

static bool take(struct mx_limit one)
{
    return mx_limits_take(&cx, &one, 1, &rate);
}

static void test_together(void)
{
    const struct mx_limit both[] = {NARROW, WIDE};
    const struct mx_limit turned[] = {WIDE, NARROW};

    proc.shared = mx_shared_new();
    tap_ok(mx_limits_take(&cx, both, 2, &rate), "one of each");
    tap_int(rate.limit, 3, "the last one is told");
    tap_int(rate.left, 2, "with what is left");
    tap_ok(mx_limits_take(&cx, both, 2, &rate), "another");
    tap_ok(!mx_limits_take(&cx, both, 2, &rate), "the narrow one is empty");
    tap_int(rate.limit, 2, "and is told");
    tap_int(rate.left, 0, "as empty");
    tap_ok(rate.reset_s > 0 && rate.reset_s <= 60, "until one is back");
    for (int i = 0; i < 5; i++)
        tap_ok(!mx_limits_take(&cx, turned, 2, &rate), "refused by the second of two");
    tap_ok(take(WIDE), "refusals took none of the first");
    tap_ok(!take(WIDE), "which is empty now");
    mx_limits_give(&cx, both, 2);
    tap_ok(mx_limits_take(&cx, both, 2, &rate), "what is given back is there again");
    tap_ok(!take(NARROW) && !take(WIDE), "once");
}

static void test_exceeded(void)
{
    tap_int(mx_limit_exceeded(&cx, (struct mx_rate){10, 0, 7}), MX_E_RATE_LIMITED, "refused");
    tap_ok(cx.rate.limit == 10 && cx.rate.left == 0 && cx.rate.reset_s == 7, "the answer tells");
    tap_int(faults.retry_after_s, 7, "when to come back");
    tap_int(mx_limit_exceeded(&cx, (struct mx_rate){10, 0, 0}), MX_E_RATE_LIMITED, "refused");
    tap_int(faults.retry_after_s, 1, "never at once");
}

/* Transactions that ask for a mail to `key` each; without a statement they need no server. */
struct asking {
    const char *key;
    enum mx_err end;
    bool sends;
    int allowed;
};

static enum mx_err ask(void *arg)
{
    struct asking *x = arg;

    x->allowed += mx_limits_take_mail(&cx, mx_str_c(x->key), x->sends);
    return x->end;
}

static bool sends = true; /* somebody has the address */

/* How many of `n` mails to `key` a client may ask for, in transactions that end like this. */
static int mails_ended(const char *client, const char *key, int n, enum mx_err end)
{
    struct asking x = {key, end, sends, 0};

    cx.address = mx_str_c(client);
    for (int i = 0; i < n; i++)
        if (mx_db_tx(cx.db, ask, &x) != end)
            MX_BUG("another end");
    return x.allowed;
}

static int mails(const char *client, const char *key, int n)
{
    return mails_ended(client, key, n, MX_OK);
}

/* With a shared memory of their own: no bucket has lost anything. */
static void test_mail(void)
{
    struct mx_settings conf = {
        .rate_mail_per_address_ip_hour = 4,
        .rate_mail_per_address_ip_day = 8,
        .rate_mail_per_address_hour = 20,
        .rate_mail_per_address_day = 50,
        .rate_mail_per_ip_hour = 1000,
        .rate_mail_global_burst = 3000,
        .rate_mail_global_per_min = 600,
    };

    proc.shared = mx_shared_new();
    proc.conf = &conf;
    cx.arena = mx_arena_new(1 << 12, 1 << 23);
    cx.db = mx_db_new(&conf);
    mx_db_begin_request(cx.db, cx.arena);
    tap_int(mails_ended("192.0.2.1", "ada", 100, MX_E_CODE_INVALID), 100,
            "what is rolled back counts against nothing");
    tap_int(mails("192.0.2.1", "ada", 100), 4, "one client has its share of an address");
    tap_int(mails("192.0.2.1", "bob", 100), 4, "of each address");
    tap_int(mails("192.0.2.2", "ada", 100), 4, "another client has its own");
    tap_int(mails("2001:db8::1", "ada", 100), 4, "and another");
    tap_int(mails("2001:db8::2", "ada", 100), 0, "addresses of one network are one client");
    tap_int(mails("2001:db8:0:1::1", "bob", 100) + mails("2001:db8:0:2::1", "bob", 100) +
                mails("2001:db8:0:3::1", "bob", 100),
            8, "all networks of a site have twice the share of one");
    tap_int(mails("192.0.2.1", "eve+1@a.test", 3) + mails("192.0.2.1", "eve+2@a.test", 3) +
                mails("192.0.2.1", "eve@a.test", 3),
            4, "what is behind a plus is the same mailbox");
    tap_int(mails("192.0.2.1", "+eve@a.test", 3), 3, "what begins with one is another");
    tap_int(mails("192.0.2.3", "ada", 100) + mails("192.0.2.4", "ada", 100) +
                mails("192.0.2.5", "ada", 100),
            8, "all clients together have the address's share");
    conf.rate_mail_per_address_ip_hour = conf.rate_mail_per_address_hour = 100;
    tap_int(mails("192.0.2.9", "cyd", 100), 8, "a client has a share of the day");
    conf.rate_mail_per_address_ip_day = 100;
    tap_int(mails("192.0.2.8", "cyd", 100), 42, "and so has an address");
    conf.rate_mail_per_ip_hour = 10;
    tap_int(mails("192.0.2.7", "dan", 9) + mails("192.0.2.7", "eva", 9), 10,
            "over all addresses a client has one, too");
    cx.actor = (struct mx_actor){.kind = MX_CUSTOMER, .account = mx_id_new()};
    conf.rate_mail_per_ip_hour = 1000;
    conf.rate_mail_per_address_day = 3;
    tap_int(mails("192.0.2.6", "fay", 2) + mails("192.0.2.5", "gus", 2), 3,
            "and so has an account");
    cx.actor = (struct mx_actor){0};
    tap_int(mails("192.0.2.6", "hal", 2), 2, "which is not that of others");
    conf.rate_mail_global_burst = conf.rate_mail_global_per_min = 3;
    proc.shared = mx_shared_new();
    sends = false;
    tap_int(mails("192.0.2.6", "ida", 2) + mails("192.0.2.6", "jon", 2), 4, "mail to nobody");
    sends = true;
    tap_int(mails("192.0.2.6", "kim", 2) + mails("192.0.2.6", "leo", 2), 3,
            "took nothing of all mail");
    mx_db_free(cx.db);
    mx_arena_free(cx.arena);
}

/* Buckets of a day: one of two comes back after half a day. */
static void test_day(void)
{
    const struct mx_limit limit = {.bucket = MX_S("a day"), .burst = 2, .per_day = 2};

    tap_ok(take(limit) && take(limit) && !take(limit), "two a day");
    tap_ok(rate.reset_s > 43100 && rate.reset_s <= 43200, "in half a day there is one more");
}

int main(void)
{
    test_together();
    test_exceeded();
    test_mail();
    test_day();
    return tap_done();
}
