/* The master, and the commands that talk to a running one. */
#include <sys/resource.h>

#include "api/routes.h"
#include "cmd.h"
#include "io/shm.h"
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
    struct mx_prefork p = {.settings_path = c->settings_path, .worker = mx_worker};

    if (c->argc > 0) {
        fprintf(stderr, "merx serve: takes no arguments\n");
        return 2;
    }
    set_limits();
    mx_route_check(mx_routes);
    p.shared = mx_shared_new();
    return mx_prefork_run(c->settings, &p);
}

/* Send a line to the master; its answer goes to standard output, a refusal to standard error. */
static int ask(struct mx_cmd *c, const char *line)
{
    FILE *out = tmpfile();
    char buf[4096];
    size_t n;
    bool ok;

    if (!out) {
        perror("tmpfile");
        return 1;
    }
    ok = mx_control(c->settings->control, line, out);
    rewind(out);
    while ((n = fread(buf, 1, sizeof buf, out)) > 0)
        fwrite(buf, 1, n, ok ? stdout : stderr);
    fclose(out);
    return ok ? 0 : 1;
}

int mx_cmd_status(struct mx_cmd *c)
{
    if (c->argc == 0)
        return ask(c, "status");
    if (c->argc == 1 && strcmp(c->argv[0], "json") == 0)
        return ask(c, "status json");
    if (c->argc == 1 && strcmp(c->argv[0], "metrics") == 0)
        return ask(c, "metrics");
    fprintf(stderr, "usage: merx status [json|metrics]\n");
    return 2;
}

static int ask_plain(struct mx_cmd *c, const char *verb)
{
    if (c->argc == 0)
        return ask(c, verb);
    fprintf(stderr, "merx %s: takes no arguments\n", verb);
    return 2;
}

int mx_cmd_reload(struct mx_cmd *c)
{
    return ask_plain(c, "reload");
}

int mx_cmd_stop(struct mx_cmd *c)
{
    return ask_plain(c, "stop");
}

int mx_cmd_scale(struct mx_cmd *c)
{
    int64_t n;

    if (c->argc != 1 || !mx_str_i64(mx_str_c(c->argv[0]), 1, 1024, &n)) {
        fprintf(stderr, "usage: merx scale N\n");
        return 2;
    }
    return ask(c, mx_arena_printf(c->arena, "scale %d", (int)n));
}
