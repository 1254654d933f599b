/* merx: a store's backend behind nginx. This file finds the settings and the sub-command. */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "cmd.h"
#include "io/passed.h"
#include "io/settings_file.h"

#define ARENA_FIRST ((size_t)64 << 10)
#define ARENA_MAX ((size_t)64 << 20)
#define ERRORS_MAX ((size_t)64 << 10)
#define EXIT_USAGE 2

#define NEEDS_SETTINGS 1u /* refuses to run when any of them is faulty */
#define NEEDS_CONTROL 2u  /* of the settings the control socket alone: warns of others */
#define WRITES_LOG 4u     /* a daemon: its log goes where the settings say */

static const struct {
    const char *name;
    int (*fn)(struct mx_cmd *c);
    unsigned flags;
    const char *args, *help;
    void (*usage)(FILE *out); /* NULL: the line of `args` and `help` */
} commands[] = {
    {"serve", mx_cmd_serve, NEEDS_SETTINGS | WRITES_LOG, "", "run the master and its workers"},
    {"status", mx_cmd_status, NEEDS_CONTROL, "[--json|metrics]", "show the running workers"},
    {"reload", mx_cmd_reload, NEEDS_CONTROL, "[--json]",
     "reload the settings and replace the workers without a failed request"},
    {"upgrade", mx_cmd_upgrade, NEEDS_CONTROL, "[--json]",
     "replace the running program by the installed one without a failed request"},
    {"scale", mx_cmd_scale, NEEDS_CONTROL, "[POOL] N|+N|-N|auto",
     "set the number of workers of a pool (fast) while it serves; auto: as the settings say"},
    {"drain", mx_cmd_drain, NEEDS_CONTROL, "[POOL]",
     "take the host, or a pool, out of service: wait until nothing is in hand"},
    {"resume", mx_cmd_resume, NEEDS_CONTROL, "[POOL]", "take requests again"},
    {"stop", mx_cmd_stop, NEEDS_CONTROL, "", "finish running requests and exit"},
    {"jobs", mx_cmd_jobs, NEEDS_SETTINGS | WRITES_LOG, "[list|retry ...]",
     "run the job runner (mail, expiry); list and retry its failures", mx_usage_jobs},
    {"check", mx_cmd_check, NEEDS_SETTINGS, "[--json] [--nginx DIR]",
     "check settings, keys, host, nginx files and database"},
    {"config", mx_cmd_config, 0, "[--sample]", "show the settings and their origin"},
    {"key", mx_cmd_key, NEEDS_SETTINGS, "new|list|activate|...",
     "create, list, activate and retire keys (merx key help)", mx_usage_key},
    {"migrate", mx_cmd_migrate, NEEDS_SETTINGS, "[status|--dry-run]",
     "migrate the schema to the version of this program; show what it has had, or what is to come"},
    {"check-sql", mx_cmd_check_sql, NEEDS_SETTINGS, "",
     "prepare every SQL statement against the schema"},
    {"demo", mx_cmd_demo, NEEDS_SETTINGS, "[...]", "load a demo store into the database",
     mx_usage_demo},
    {"staff", mx_cmd_staff, NEEDS_SETTINGS, "list|invite|disable|enable",
     "list, invite, disable and enable staff", mx_usage_staff},
    {"routes", mx_cmd_routes, 0, "", "print the route table"},
    {"holdings", mx_cmd_holdings, 0, "",
     "print where personal data is held, and how it is exported and erased"},
    {"metrics", mx_cmd_metrics, 0, "", "print the table of metrics (status metrics: their values)"},
    {"openapi", mx_cmd_openapi, 0, "[MOUNT]", "print the OpenAPI document"},
    {"nginx", mx_cmd_nginx, 0, "[pools|slow|plain]",
     "print the nginx map of requests to pools, or of answers not compressed"},
    {"version", mx_cmd_version, 0, "", "print the versions of the program and the schema"},
};

static int usage(FILE *out)
{
    fprintf(out, "usage: merx [-c FILE] COMMAND [ARGUMENT...]\n\n");
    for (size_t i = 0; i < MX_LEN(commands); i++)
        fprintf(out, "  %-9s %-26s %s\n", commands[i].name, commands[i].args, commands[i].help);
    fprintf(out, "\nSettings: FILE, else the file that MERX_CONF names, else " MX_SETTINGS_FILE
                 " where it\nexists; the environment (MERX_NAME=value) overrides them.\n");
    return out == stdout ? 0 : EXIT_USAGE;
}

/* False: bad settings that the command cannot do without. */
static bool load(struct mx_cmd *c, unsigned flags)
{
    struct mx_settings *conf = MX_NEW(c->arena, struct mx_settings);
    struct mx_buf errors;

    mx_buf_init(&errors, c->arena, ERRORS_MAX);
    if (mx_settings_load(c->arena, c->settings_path, conf, &errors) != MX_OK)
        c->bad_settings = errors.p;
    c->settings = conf;
    if (c->bad_settings && flags & (NEEDS_SETTINGS | NEEDS_CONTROL))
        fprintf(stderr, "%s", c->bad_settings);
    return !c->bad_settings || !(flags & NEEDS_SETTINGS);
}

/* Memory that holds keys and passwords is in no core file, also where a program takes them (which a
 * limit does not keep from it), and only root can look into it or see the environment. A leak
 * checker does. */
static bool keep_memory(void)
{
    struct rlimit none = {0, 0};

#ifdef __SANITIZE_ADDRESS__
    return setrlimit(RLIMIT_CORE, &none) == 0;
#else
    return setrlimit(RLIMIT_CORE, &none) == 0 && prctl(PR_SET_DUMPABLE, 0) == 0;
#endif
}

static bool asks_for_help(const struct mx_cmd *c)
{
    return c->argc == 1 && (strcmp(c->argv[0], "-h") == 0 || strcmp(c->argv[0], "--help") == 0);
}

static int help(size_t i)
{
    if (commands[i].usage)
        commands[i].usage(stdout);
    else
        printf("usage: merx %s%s%s\n\n  %s\n", commands[i].name, *commands[i].args ? " " : "",
               commands[i].args, commands[i].help);
    return 0;
}

static int run(struct mx_cmd *c, size_t i)
{
    if (asks_for_help(c))
        return help(i);
    if (!load(c, commands[i].flags))
        return EXIT_USAGE;
    mx_settings_log(c->settings);
    if (commands[i].flags & WRITES_LOG)
        mx_passed_init();
    if (commands[i].flags & WRITES_LOG && !mx_log_open(c->settings->log)) {
        perror(c->settings->log);
        return EXIT_USAGE;
    }
    if (!keep_memory()) {
        perror("limits");
        return EXIT_USAGE;
    }
    return commands[i].fn(c);
}

/* Name of the command that an option stands for, as elsewhere. */
static const char *named(const char *arg)
{
    static const struct {
        const char *option, *command;
    } options[] = {{"-h", "help"}, {"--help", "help"}, {"-V", "version"}, {"--version", "version"}};

    for (size_t i = 0; i < MX_LEN(options); i++)
        if (strcmp(arg, options[i].option) == 0)
            return options[i].command;
    return arg;
}

int main(int argc, char **argv)
{
    struct mx_cmd c = {.settings_path = mx_settings_path(), .command_line = argv};
    const char *name;
    int first = 1, status = EXIT_USAGE;

    if (argc > 2 && strcmp(argv[1], "-c") == 0) {
        c.settings_path = argv[2];
        first = 3;
    }
    name = argc > first ? named(argv[first]) : "";
    if (strcmp(name, "help") == 0)
        return usage(stdout);
    for (size_t i = 0; i < MX_LEN(commands); i++) {
        if (strcmp(name, commands[i].name) != 0)
            continue;
        c.argc = argc - first - 1;
        c.argv = argv + first + 1;
        c.arena = mx_arena_new(ARENA_FIRST, ARENA_MAX);
        status = run(&c, i);
        mx_arena_free(c.arena);
        return status;
    }
    if (argc > first)
        fprintf(stderr, "merx: there is no command %s\n\n", argv[first]);
    return usage(stderr);
}
