#include "base/pool.h"

#include <inttypes.h>
#include <unistd.h>

#include "base/arena.h"

#define NAME_MAX_BYTES 15
#define EXTRA_WORKERS_MAX 1024
#define SUFFIX ".sock"

const char *const mx_pool_kind_names[MX_POOL_KINDS] = {"fast", "slow", "pay", "staff"};

/* The settings of a kind, and who serves it while it may have no workers. */
static const struct {
    const char *setting, *backlog_setting;
    size_t socket, workers, backlog;
    enum mx_pool_kind host;
} kinds[MX_POOL_KINDS] = {
#define AT(name) offsetof(struct mx_settings, name)
    [MX_POOL_FAST] = {"socket", "backlog", AT(socket), AT(workers), AT(backlog), MX_POOL_FAST},
    [MX_POOL_SLOW] = {"socket_slow", "slow_backlog", AT(socket_slow), AT(slow_workers),
                      AT(slow_backlog), MX_POOL_SLOW},
    [MX_POOL_PAY] = {"socket_pay", "pay_backlog", AT(socket_pay), AT(pay_workers), AT(pay_backlog),
                     MX_POOL_SLOW},
    [MX_POOL_STAFF] = {"socket_staff", "staff_backlog", AT(socket_staff), AT(staff_workers),
                       AT(staff_backlog), MX_POOL_FAST},
#undef AT
};

/* ---- ranges ---- */

bool mx_range_parse(struct mx_str s, int64_t lowest, int64_t highest, struct mx_range *ret_range)
{
    ptrdiff_t dots = mx_str_find(s, '.');
    struct mx_str low, high;

    if (dots < 0) {
        if (!mx_str_i64(s, lowest, highest, &ret_range->max))
            return false;
        ret_range->min = ret_range->max;
        return true;
    }
    low = mx_str_sub(s, 0, (size_t)dots);
    high = mx_str_sub(s, (size_t)dots, s.n);
    return mx_str_starts(high, MX_S("..")) &&
           mx_str_i64(mx_str_sub(high, 2, high.n), lowest > 0 ? lowest : 1, highest,
                      &ret_range->max) &&
           mx_str_i64(low, 0, ret_range->max, &ret_range->min);
}

const char *mx_range_text(struct mx_arena *a, struct mx_range r)
{
    if (r.min == r.max)
        return mx_arena_printf(a, "%" PRId64, r.max);
    return mx_arena_printf(a, "%" PRId64 "..%" PRId64, r.min, r.max);
}

/* ---- pools ---- */

int mx_pools_find(const struct mx_pools *pools, struct mx_str name)
{
    for (int i = 0; i < pools->n; i++)
        if (mx_str_eqc(name, pools->at[i].name))
            return i;
    return -1;
}

int64_t mx_pool_floor(const struct mx_pools *pools, int pool)
{
    const struct mx_pool *p = &pools->at[pool];

    if (p->served_by != pool)
        return 0;
    return p->workers.min > 0 ? p->workers.min : 1;
}

/* The setting, or where it is empty the socket of the fast pool with the pool's name in it; NULL
 * where that is no path. */
static const char *socket_of(struct mx_arena *a, const struct mx_settings *conf,
                             enum mx_pool_kind kind)
{
    const char *set = *(const char *const *)((const char *)conf + kinds[kind].socket);
    struct mx_str stem = mx_str_c(conf->socket);
    const char *end = "";

    if (*set || kind == MX_POOL_FAST || kind == MX_POOL_SLOW)
        return set;
    if (mx_str_find(stem, '/') < 0)
        return NULL;
    if (mx_str_ends(stem, MX_S(SUFFIX))) {
        stem.n -= strlen(SUFFIX);
        end = SUFFIX;
    }
    return mx_arena_printf(a, "%.*s-%s%s", MX_FMT(stem), mx_pool_kind_names[kind], end);
}

static struct mx_pool of_kind(struct mx_arena *a, const struct mx_settings *conf,
                              enum mx_pool_kind kind)
{
    struct mx_pool p = {.name = mx_pool_kind_names[kind],
                        .kind = kind,
                        .setting = kinds[kind].setting,
                        .socket = socket_of(a, conf, kind),
                        .backlog_setting = kinds[kind].backlog_setting,
                        .backlog = *(const int64_t *)((const char *)conf + kinds[kind].backlog),
                        .nice = kind == MX_POOL_SLOW ? conf->slow_nice : 0,
                        .served_by = (int)kind};

    memcpy(&p.workers, (const char *)conf + kinds[kind].workers, sizeof p.workers);
    if (!p.socket || (p.workers.max == 0 && kind != MX_POOL_FAST)) {
        p.workers = (struct mx_range){0, 0};
        p.served_by = (int)kinds[kind].host;
    }
    return p;
}

static bool name_fits(struct mx_str name)
{
    for (size_t i = 0; i < name.n; i++)
        if (!(name.p[i] >= 'a' && name.p[i] <= 'z') && !(name.p[i] >= '0' && name.p[i] <= '9'))
            return false;
    return name.n > 0 && name.n <= NAME_MAX_BYTES && (name.p[0] < '0' || name.p[0] > '9');
}

static bool kind_parse(struct mx_str s, enum mx_pool_kind *ret_kind)
{
    for (int k = 0; k < MX_POOL_KINDS; k++)
        if (mx_str_eqc(s, mx_pool_kind_names[k])) {
            *ret_kind = (enum mx_pool_kind)k;
            return true;
        }
    return false;
}

/* The next word of *rest, which blanks end. */
static struct mx_str word(struct mx_str *rest)
{
    struct mx_str w = {0};

    *rest = mx_str_trim(*rest);
    if (!mx_str_split(rest, ' ', &w))
        return (struct mx_str){0};
    return w;
}

/* Read "NAME KIND WORKERS SOCKET". NULL, or what is wrong. */
static const char *add_more(struct mx_arena *a, struct mx_str entry, struct mx_pools *pools)
{
    struct mx_str rest = entry, name = word(&rest), kind = word(&rest), workers = word(&rest);
    struct mx_str where = mx_str_trim(rest);
    struct mx_pool p = {.setting = "more_pools", .served_by = pools->n};

    if (pools->n == MX_POOLS_MAX)
        return mx_arena_printf(a, "more_pools has more than %d pools",
                               MX_POOLS_MAX - MX_POOL_KINDS);
    if (!name_fits(name) || mx_pools_find(pools, name) >= 0)
        return "more_pools: a name consists of up to 15 small letters and digits, begins with a "
               "letter and is no other pool's";
    if (!kind_parse(kind, &p.kind) || !mx_range_parse(workers, 1, EXTRA_WORKERS_MAX, &p.workers) ||
        where.n == 0 || mx_str_find(where, ' ') >= 0)
        return "more_pools must be NAME KIND WORKERS SOCKET each, as outlet fast 2..8 "
               "/run/merx/outlet.sock";
    p.name = mx_str_z(a, name);
    p.socket = mx_str_z(a, where);
    p.backlog = pools->at[p.kind].backlog;
    p.nice = pools->at[p.kind].nice;
    pools->at[pools->n++] = p;
    return NULL;
}

static const char *sockets_clash(struct mx_arena *a, const struct mx_settings *conf,
                                 const struct mx_pools *pools)
{
    for (int i = 0; i < pools->n; i++) {
        const char *mine = pools->at[i].socket;

        if (!mine)
            continue;
        if (*mine && strcmp(mine, conf->metrics_socket) == 0)
            return "metrics_socket must be a socket of its own";
        if (!*mine || !*conf->control)
            return "socket, socket_slow and control must not be empty";
        if (strcmp(mine, conf->control) == 0)
            return mx_arena_printf(a, "the socket of the %s pool must not be control",
                                   pools->at[i].name);
        for (int k = 0; k < i; k++)
            if (pools->at[k].socket && strcmp(mine, pools->at[k].socket) == 0)
                return mx_arena_printf(a, "the %s and the %s pool must have different sockets",
                                       pools->at[k].name, pools->at[i].name);
    }
    return *conf->control && strcmp(conf->control, conf->metrics_socket) == 0
               ? "metrics_socket must be a socket of its own"
               : NULL;
}

/* Twice the processors, as far as the others leave room. */
static int64_t automatic(const struct mx_settings *conf, const struct mx_pools *pools)
{
    int64_t room = conf->workers_max / 2, n = 2 * (int64_t)sysconf(_SC_NPROCESSORS_ONLN);

    for (int i = 0; i < pools->n; i++)
        room -= i == MX_POOL_FAST ? 0 : pools->at[i].workers.max;
    n = n < room ? n : room;
    return n > 0 ? n : 1;
}

const char *mx_pools_make(struct mx_arena *a, const struct mx_settings *conf,
                          struct mx_pools *ret_pools)
{
    struct mx_str rest = mx_str_c(conf->more_pools), entry;
    struct mx_range *fast = &ret_pools->at[MX_POOL_FAST].workers;
    const char *why = NULL;
    int64_t least = 0;

    ret_pools->n = MX_POOL_KINDS;
    for (int k = 0; k < MX_POOL_KINDS; k++)
        ret_pools->at[k] = of_kind(a, conf, (enum mx_pool_kind)k);
    while (!why && mx_str_split(&rest, ',', &entry))
        if (mx_str_trim(entry).n > 0)
            why = add_more(a, mx_str_trim(entry), ret_pools);
    if (fast->max == 0)
        fast->min = fast->max = automatic(conf, ret_pools);
    why = why ? why : sockets_clash(a, conf, ret_pools);
    for (int i = 0; i < ret_pools->n; i++)
        least += mx_pool_floor(ret_pools, i);
    if (!why && 2 * least > conf->workers_max)
        why = mx_arena_printf(a,
                              "workers_max must be at least %" PRId64
                              ": twice the workers of all pools, and of a pool on demand one",
                              2 * least);
    return why;
}
