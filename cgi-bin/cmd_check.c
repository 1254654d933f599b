/* THE table of checks, and how their findings are told. */
#include "check.h"

#include <errno.h>
#include <stdarg.h>

#include "api/routes.h"
#include "cmd.h"
#include "codec/jsonw.h"
#include "codec/keys.h"
#include "io/db.h"

#define NGINX_FILES "/etc/nginx/merx"
#define FINDING_MAX ((size_t)64 << 10)

/* In this order: later ones use what earlier ones have loaded. */
static const struct {
    const char *name, *what;
    void (*fn)(struct mx_check *c);
    bool database; /* needs one that is ready */
} checks[] = {
    {"environment", "variables that begin with MERX_ are settings", mx_check_environment, false},
    {"names", "issuer, addresses of the shop and of its mail are set", mx_check_names, false},
    {"providers", "an order can be paid", mx_check_providers, false},
    {"files", "files that the settings name can be read", mx_check_files, false},
    {"log", "the log can be written", mx_check_log, false},
    {"mail", "mail can leave", mx_check_mail, false},
    {"sockets", "no other program has the sockets", mx_check_sockets, false},
    {"backlog", "the kernel allows the backlog", mx_check_backlog, false},
    {"keys", "the keys can be loaded", mx_check_keys, false},
    {"tokens", "a token is signed and verified", mx_check_tokens, false},
    {"oidc", "identity providers are well described", mx_check_oidc, false},
    {"timeouts", "each time-out is below the one around it", mx_check_timeouts, false},
    {"nginx", "the limits of the nginx files are above those of the settings", mx_check_nginx,
     false},
    {"schema", "the database lets the program in, its migrations are those of the program",
     mx_check_schema, false},
    {"statements", "the account may run every statement", mx_check_statements, true},
    {"room", "the server has room for the prepared statements", mx_check_room, true},
    {"connections", "the server has room for the connections", mx_check_connections, true},
    {"durability", "the server writes before it says so", mx_check_durability, true},
    {"clock", "the clocks of host and database agree", mx_check_clock, true},
    {"privileges", "the account may do no more than it needs", mx_check_privileges, true},
    {"sealed", "stored personal data can be decrypted", mx_check_sealed, true},
    {"store", "an order can be shipped and taxed", mx_check_store, true},
    {"jobs", "the jobs do their work", mx_check_jobs, true},
};

/* ---- findings ---- */

struct mx_check_finding {
    struct mx_check_finding *next;
    const char *check, *level;
    struct mx_str text;
};

MX_PRINTF(3, 0)
static void find(struct mx_check *c, const char *level, const char *fmt, va_list args)
{
    struct mx_check_finding *f;
    char *text = mx_arena_alloc(c->arena, FINDING_MAX);
    int n = vsnprintf(text, FINDING_MAX, fmt, args);

    if (!c->json) {
        fprintf(stderr, "%s%s\n", strcmp(level, "warning") == 0 ? "warning: " : "", text);
        return;
    }
    f = MX_NEW(c->arena, struct mx_check_finding);
    *f = (struct mx_check_finding){
        NULL, c->name, level, {text, n < (int)FINDING_MAX ? (size_t)n : FINDING_MAX - 1}};
    *c->end = f;
    c->end = &f->next;
}

void mx_check_fault(struct mx_check *c, const char *fmt, ...)
{
    va_list args;

    c->errors++;
    va_start(args, fmt);
    find(c, "error", fmt, args);
    va_end(args);
}

void mx_check_warn(struct mx_check *c, const char *fmt, ...)
{
    va_list args;

    c->warnings++;
    va_start(args, fmt);
    find(c, "warning", fmt, args);
    va_end(args);
}

static void write_findings(struct mx_jsonw *w, const struct mx_check *c)
{
    mx_jsonw_array(w);
    for (const struct mx_check_finding *f = c->first; f; f = f->next) {
        mx_jsonw_open(w);
        mx_jsonw_name(w, "check");
        mx_jsonw_c(w, f->check);
        mx_jsonw_name(w, "level");
        mx_jsonw_c(w, f->level);
        mx_jsonw_name(w, "text");
        mx_jsonw_str(w, f->text);
        mx_jsonw_close(w);
    }
    mx_jsonw_array_end(w);
}

/* All checks; those that need a database that is ready were not made without one. */
static void write_checks(struct mx_jsonw *w, const struct mx_check *c)
{
    mx_jsonw_array(w);
    for (size_t i = 0; i < MX_LEN(checks); i++) {
        mx_jsonw_open(w);
        mx_jsonw_name(w, "check");
        mx_jsonw_c(w, checks[i].name);
        mx_jsonw_name(w, "what");
        mx_jsonw_c(w, checks[i].what);
        mx_jsonw_name(w, "made");
        mx_jsonw_bool(w, c->db_ready || !checks[i].database);
        mx_jsonw_close(w);
    }
    mx_jsonw_array_end(w);
}

static void print_json(const struct mx_check *c)
{
    struct mx_jsonw w;
    struct mx_buf out;

    mx_buf_init(&out, c->arena, 4 * MX_CHECK_TEXT);
    mx_jsonw_init(&w, &out);
    mx_jsonw_open(&w);
    mx_jsonw_name(&w, "ok");
    mx_jsonw_bool(&w, c->errors == 0);
    mx_jsonw_name(&w, "errors");
    mx_jsonw_int(&w, c->errors);
    mx_jsonw_name(&w, "warnings");
    mx_jsonw_int(&w, c->warnings);
    mx_jsonw_name(&w, "findings");
    write_findings(&w, c);
    mx_jsonw_name(&w, "checks");
    write_checks(&w, c);
    mx_jsonw_close(&w);
    printf("%s\n", out.p);
}

static int result(const struct mx_check *c)
{
    if (c->json)
        print_json(c);
    else if (c->errors == 0 && c->warnings > 0)
        printf("merx can start; see the warnings (%d)\n", c->warnings);
    else if (c->errors == 0)
        printf("ok\n");
    return c->errors > 0 ? 2 : 0;
}

/* ---- the commands ---- */

static bool parse(struct mx_check *c, const struct mx_cmd *cmd)
{
    for (int i = 0; i < cmd->argc; i++)
        if (strcmp(cmd->argv[i], "--json") == 0)
            c->json = true;
        else if (strcmp(cmd->argv[i], "--nginx") == 0 && i + 1 < cmd->argc)
            c->nginx = cmd->argv[++i];
        else
            return false;
    return true;
}

static void run(struct mx_check *c)
{
    for (size_t i = 0; i < MX_LEN(checks); i++) {
        c->name = checks[i].name;
        if (c->db_ready || !checks[i].database)
            checks[i].fn(c);
    }
}

static struct mx_check begin(const struct mx_cmd *cmd)
{
    struct mx_check c = {.arena = cmd->arena,
                         .conf = cmd->settings,
                         .settings_path = cmd->settings_path,
                         .nginx = NGINX_FILES,
                         .db = mx_db_new(cmd->settings)};

    mx_db_begin_request(c.db, c.arena);
    return c;
}

static void end(struct mx_check *c)
{
    mx_keys_free(c->keys);
    mx_db_free(c->db);
}

int mx_cmd_check(struct mx_cmd *cmd)
{
    struct mx_check c = begin(cmd);
    int status = 2;

    c.end = &c.first;
    if (!parse(&c, cmd)) {
        fprintf(stderr, "usage: merx check [--json] [--nginx DIRECTORY]\n");
    } else if (!mx_check_become(cmd->settings)) {
        fprintf(stderr, "merx check: cannot become the owner of %s: %s\n", cmd->settings->keys,
                strerror(errno));
    } else {
        mx_route_check(mx_routes);
        mx_secret_init();
        run(&c);
        status = result(&c);
    }
    end(&c);
    return status;
}

int mx_cmd_check_sql(struct mx_cmd *cmd)
{
    struct mx_check c = begin(cmd);

    mx_check_statements(&c);
    end(&c);
    if (c.errors == 0)
        printf("ok\n");
    return c.errors == 0 ? 0 : 1;
}
