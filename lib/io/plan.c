#include "io/plan.h"

#include "base/arena.h"
#include "base/log.h"
#include "io/settings_file.h"

#define ERRORS_MAX ((size_t)64 << 10)

void mx_plan_pools(struct mx_arena *a, struct mx_plan *plan)
{
    const char *why = mx_pools_make(a, plan->conf, &plan->pools);

    if (why)
        MX_BUG("%s", why);
}

const char *mx_plan_read(struct mx_arena *a, struct mx_arena *texts, const char *path,
                         struct mx_plan *ret_plan)
{
    struct mx_settings *conf = MX_NEW(a, struct mx_settings);
    struct mx_str rest, line, first = {0};
    struct mx_buf errors;

    mx_buf_init(&errors, texts, ERRORS_MAX);
    ret_plan->conf = conf;
    if (mx_settings_load(a, path, conf, &errors) == MX_OK) {
        mx_plan_pools(a, ret_plan);
        return NULL;
    }
    rest = mx_buf_view(&errors);
    while (mx_str_split(&rest, '\n', &line)) {
        if (line.n == 0)
            continue;
        mx_log(MX_LOG_ERROR, "bad settings", MX_KS("error", line));
        first = first.p ? first : line;
    }
    return mx_arena_printf(texts, "bad settings: %.*s", MX_FMT(first));
}

void mx_plan_warn(const struct mx_settings *old, const struct mx_settings *new)
{
    const struct {
        const char *name;
        bool changed;
    } fixed[] = {
#define TEXT(name) {#name, strcmp(old->name, new->name) != 0}
#define NUMBER(name)                  \
    {                                 \
#name, old->name != new->name \
    }
        TEXT(socket),        TEXT(socket_slow),    TEXT(socket_pay),     TEXT(socket_staff),
        TEXT(more_pools),    TEXT(control),        TEXT(metrics_socket), TEXT(log),
        NUMBER(backlog),     NUMBER(slow_backlog), NUMBER(pay_backlog),  NUMBER(staff_backlog),
        NUMBER(workers_max), TEXT(socket_mode),    TEXT(socket_group),
#undef TEXT
#undef NUMBER
    };

    for (size_t i = 0; i < MX_LEN(fixed); i++)
        if (fixed[i].changed)
            mx_log(MX_LOG_WARN, "changed setting takes effect at the next restart",
                   MX_KC("setting", fixed[i].name));
}
