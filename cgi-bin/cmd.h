/* Arguments of a sub-command of the merx program, and the functions behind its table. */
#ifndef MX_CMD_H
#define MX_CMD_H

#include "base/arena.h"
#include "base/build.h"
#include "base/settings.h"

struct mx_cmd {
    struct mx_arena *arena;
    const struct mx_settings *settings; /* what is sound of them */
    const char *bad_settings;           /* what is not, in lines; NULL nothing */
    const char *settings_path;          /* "" none */
    int argc;                           /* arguments behind the sub-command's name */
    char **argv;
    char **command_line; /* all of it, from the program's name on */
};

/* Release, build and schema of this program. */
struct mx_build mx_build(void);

/* Each returns the exit status: 0 done, 1 failed (said why on standard error), 2 wrong usage or bad
 * configuration. */
int mx_cmd_serve(struct mx_cmd *c);
int mx_cmd_status(struct mx_cmd *c);
int mx_cmd_reload(struct mx_cmd *c);
int mx_cmd_upgrade(struct mx_cmd *c);
int mx_cmd_stop(struct mx_cmd *c);
int mx_cmd_scale(struct mx_cmd *c);
int mx_cmd_drain(struct mx_cmd *c);
int mx_cmd_resume(struct mx_cmd *c);
int mx_cmd_config(struct mx_cmd *c);
int mx_cmd_check(struct mx_cmd *c);
int mx_cmd_routes(struct mx_cmd *c);
int mx_cmd_metrics(struct mx_cmd *c);
int mx_cmd_holdings(struct mx_cmd *c);
int mx_cmd_openapi(struct mx_cmd *c);
int mx_cmd_nginx(struct mx_cmd *c);
int mx_cmd_key(struct mx_cmd *c);
int mx_cmd_migrate(struct mx_cmd *c);
int mx_cmd_check_sql(struct mx_cmd *c);
int mx_cmd_jobs(struct mx_cmd *c);
int mx_cmd_demo(struct mx_cmd *c);
int mx_cmd_staff(struct mx_cmd *c);
int mx_cmd_version(struct mx_cmd *c);

/* How these commands are called, in several lines. */
void mx_usage_demo(FILE *out);
void mx_usage_jobs(FILE *out);
void mx_usage_key(FILE *out);
void mx_usage_staff(FILE *out);

#endif
