#include "base/arena.h"
#include "base/pool.h"

#include "base/conf.h"
#include "tap.h"

static struct mx_arena *arena;
static struct mx_pools pools;

/* The pools of settings with these lines. */
static const char *make(const char *text)
{
    struct mx_settings *conf = MX_NEW(arena, struct mx_settings);
    struct mx_buf errors;

    mx_buf_init(&errors, arena, 65536);
    if (mx_conf_read(arena, "file", mx_str_c(text), NULL, conf, &errors) != MX_OK)
        return errors.p;
    return mx_pools_make(arena, conf, &pools);
}

static void test_defaults(void)
{
    tap_ok(make("") == NULL, "the defaults");
    tap_int(pools.n, 4, "four pools");
    tap_ok(pools.at[MX_POOL_FAST].workers.max >= 2, "the fast one by the processors");
    tap_str(mx_str_c(pools.at[MX_POOL_PAY].socket), "/run/merx/merx-pay.sock", "beside socket");
    tap_str(mx_str_c(pools.at[MX_POOL_STAFF].socket), "/run/merx/merx-staff.sock", "staff, too");
    tap_int(pools.at[MX_POOL_PAY].workers.min, 0, "on demand");
    tap_int(pools.at[MX_POOL_SLOW].nice, 10, "the slow one yields");
    for (int i = 0; i < pools.n; i++)
        tap_int(pools.at[i].served_by, i, "each by its own workers");
    tap_int(mx_pool_floor(&pools, MX_POOL_PAY), 1, "one must find room");
}

static void test_without_workers(void)
{
    tap_ok(make("workers = 2\npay_workers = 0\nstaff_workers = 0") == NULL, "two pools alone");
    tap_int(pools.at[MX_POOL_PAY].served_by, MX_POOL_SLOW, "the slow pool serves pay");
    tap_int(pools.at[MX_POOL_STAFF].served_by, MX_POOL_FAST, "the fast pool serves staff");
    tap_ok(pools.at[MX_POOL_PAY].socket != NULL, "whose socket is there");
    tap_int(mx_pool_floor(&pools, MX_POOL_PAY), 0, "no room is needed");
}

static void test_sockets(void)
{
    tap_ok(make("socket = /srv/shop\nsocket_slow = /srv/slow") == NULL, "paths of one's own");
    tap_str(mx_str_c(pools.at[MX_POOL_PAY].socket), "/srv/shop-pay", "no suffix");
    tap_ok(make("socket = 127.0.0.1:9000\nsocket_slow = 127.0.0.1:9001") == NULL, "TCP");
    tap_ok(pools.at[MX_POOL_PAY].socket == NULL, "no port can be guessed");
    tap_int(pools.at[MX_POOL_PAY].served_by, MX_POOL_SLOW, "nor workers be needed");
    tap_int(pools.at[MX_POOL_PAY].workers.max, 0, "none");
}

static void test_more(void)
{
    int at;

    tap_ok(make("more_pools = outlet fast 2..8 /run/o, press slow 1 [::1]:9000") == NULL, "two");
    tap_int(pools.n, 6, "behind the four");
    at = mx_pools_find(&pools, MX_S("outlet"));
    tap_int(at, 4, "found");
    tap_ok(pools.at[at].kind == MX_POOL_FAST && pools.at[at].workers.min == 2 &&
               pools.at[at].workers.max == 8 && pools.at[at].served_by == at,
           "as it was written");
    tap_str(mx_str_c(pools.at[at].socket), "/run/o", "socket");
    tap_int(pools.at[5].nice, 10, "a slow one is as nice as the slow one");
    tap_int(mx_pools_find(&pools, MX_S("out")), -1, "no such pool");
}

static void test_ranges(void)
{
    static const struct {
        const char *text;
        int64_t min, max; /* max -1: refused */
    } rows[] = {{"4", 4, 4},    {"0", 0, 0},      {"2..8", 2, 8},   {"0..1", 0, 1},
                {"8..8", 8, 8}, {"", 0, -1},      {"..", 0, -1},    {"2..", 0, -1},
                {"..8", 0, -1}, {"2.8", 0, -1},   {"2...8", 0, -1}, {"9..8", 0, -1},
                {"65", 0, -1},  {"1..65", 0, -1}, {"0..0", 0, -1}};
    struct mx_range r;

    for (size_t i = 0; i < MX_LEN(rows); i++) {
        bool ok = mx_range_parse(mx_str_c(rows[i].text), 0, 64, &r);

        tap_ok(ok == (rows[i].max >= 0), "%s", rows[i].text);
        if (ok)
            tap_ok(r.min == rows[i].min && r.max == rows[i].max, "%s is read", rows[i].text);
    }
    tap_str(mx_str_c(mx_range_text(arena, (struct mx_range){2, 8})), "2..8", "written");
    tap_str(mx_str_c(mx_range_text(arena, (struct mx_range){3, 3})), "3", "a number");
}

int main(void)
{
    arena = mx_arena_new(4096, (size_t)1 << 20);
    test_defaults();
    test_without_workers();
    test_sockets();
    test_more();
    test_ranges();
    mx_arena_free(arena);
    return tap_done();
}
