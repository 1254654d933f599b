/* The master, and the commands that talk to a running one. */
#include <sys/resource.h>

#include "api/routes.h"
#include "cmd.h"
#include "io/metrics.h"
#include "io/shm.h"
#include "metrics.h"
#include "worker.h"

/* As many descriptors as we may have. */
static void set_limits(void)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0) {
        perror("limits");
        return;
    }
    files.rlim_cur = files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files) != 0)
        perror("limits");
}

int mx_cmd_serve(struct mx_cmd *c)
{
    struct mx_prefork p = {.settings_path = c->settings_path,
                           .worker = mx_worker,
                           .build = mx_build(),
                           .command_line = c->command_line};

    if (c->argc > 0) {
        fprintf(stderr, "merx serve: takes no arguments\n");
        return 2;
    }
    set_limits();
    mx_route_check(mx_routes);
    mx_metrics_begin(c->arena, c->settings);
    mx_metrics_map();
    p.shared = mx_shared_new();
    return mx_prefork_run(c->settings, &p);
}

/* Send a line to the master; its answer goes to `to` (NULL nowhere), a refusal to standard error.
 * The exit status. Kept in memory meanwhile: the disk may be full. */
static int tell(struct mx_cmd *c, const char *line, FILE *to)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    bool ok;

    if (!out) {
        perror("merx");
        return 1;
    }
    ok = mx_control(c->settings->control, line, out);
    to = ok ? to : stderr;
    if (fclose(out) != 0) {
        perror("merx");
        ok = false;
    } else if (to) {
        fwrite(text, 1, n, to);
    }
    free(text);
    return ok ? 0 : 1;
}

static int ask(struct mx_cmd *c, const char *line)
{
    return tell(c, line, stdout);
}

int mx_cmd_status(struct mx_cmd *c)
{
    if (c->argc == 0)
        return ask(c, "status");
    if (c->argc == 1 && (strcmp(c->argv[0], "json") == 0 || strcmp(c->argv[0], "--json") == 0))
        return ask(c, "status json");
    if (c->argc == 1 && strcmp(c->argv[0], "metrics") == 0)
        return ask(c, "metrics");
    fprintf(stderr, "usage: merx status [--json|metrics]\n");
    return 2;
}

/* Take --json off the end of the arguments. */
static bool take_json(struct mx_cmd *c)
{
    bool json = c->argc > 0 && strcmp(c->argv[c->argc - 1], "--json") == 0;

    c->argc -= json;
    return json;
}

/* Change something; with `json` the status then goes to standard output instead of the answer. */
static int act(struct mx_cmd *c, const char *line, bool json)
{
    int status = tell(c, line, json ? NULL : stdout);

    return json && status == 0 ? ask(c, "status json") : status;
}

static int act_plain(struct mx_cmd *c, const char *verb)
{
    bool json = take_json(c);

    if (c->argc == 0)
        return act(c, verb, json);
    fprintf(stderr, "usage: merx %s [--json]\n", verb);
    return 2;
}

int mx_cmd_reload(struct mx_cmd *c)
{
    return act_plain(c, "reload");
}

int mx_cmd_upgrade(struct mx_cmd *c)
{
    return act_plain(c, "upgrade");
}

int mx_cmd_stop(struct mx_cmd *c)
{
    if (c->argc == 0)
        return ask(c, "stop");
    fprintf(stderr, "merx stop: takes no arguments\n");
    return 2;
}

/* A verb that takes a pool or none. */
static int act_pool(struct mx_cmd *c, const char *verb)
{
    bool json = take_json(c);

    if (c->argc == 0)
        return act(c, verb, json);
    if (c->argc == 1)
        return act(c, mx_arena_printf(c->arena, "%s %s", verb, c->argv[0]), json);
    fprintf(stderr, "usage: merx %s [POOL] [--json]\n", verb);
    return 2;
}

int mx_cmd_drain(struct mx_cmd *c)
{
    return act_pool(c, "drain");
}

int mx_cmd_resume(struct mx_cmd *c)
{
    return act_pool(c, "resume");
}

int mx_cmd_scale(struct mx_cmd *c)
{
    bool json = take_json(c);

    if (c->argc == 1)
        return act(c, mx_arena_printf(c->arena, "scale %s", c->argv[0]), json);
    if (c->argc == 2)
        return act(c, mx_arena_printf(c->arena, "scale %s %s", c->argv[0], c->argv[1]), json);
    fprintf(stderr, "usage: merx scale [POOL] N|+N|-N|auto [--json]\n");
    return 2;
}
