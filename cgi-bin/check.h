/* merx check: what can be told of an installation before it serves. An error keeps merx from
 * starting, or from doing what it is set to; a warning does not, for a unit runs this command
 * before it starts: the store may be filled, and a database that is down come up, later.
 *
 * cmd_check.c has the table of checks; each is a function in a file of its group. */
#ifndef MX_CHECK_H
#define MX_CHECK_H

#include "base/buf.h"
#include "base/ctx.h"

/* Room for the faults of one check. */
#define MX_CHECK_TEXT ((size_t)1 << 20)

struct mx_check_finding;

struct mx_check {
    struct mx_arena *arena;
    const struct mx_settings *conf;
    const char *settings_path; /* "" none */
    const char *nginx;         /* directory of the nginx files that are installed */
    const char *name;          /* of the check that runs */
    bool json;                 /* findings are kept, and printed at the end */
    int errors, warnings;
    struct mx_check_finding *first, **end;
    struct mx_keys *keys; /* NULL: they could not be loaded */
    struct mx_oidc *oidc; /* NULL: its file is no good */
    struct mx_db *db;
    bool db_ready; /* it answers, and has the schema of this program */
};

/* Say what keeps merx from starting or working, or what may. */
void mx_check_fault(struct mx_check *c, const char *fmt, ...) MX_PRINTF(2, 3);
void mx_check_warn(struct mx_check *c, const char *fmt, ...) MX_PRINTF(2, 3);

/* Of the settings alone (check_settings.c). */
void mx_check_environment(struct mx_check *c);
void mx_check_names(struct mx_check *c);
void mx_check_providers(struct mx_check *c);
void mx_check_mail(struct mx_check *c);
void mx_check_keys(struct mx_check *c);
void mx_check_tokens(struct mx_check *c);
void mx_check_oidc(struct mx_check *c);
void mx_check_timeouts(struct mx_check *c);

/* Of the host (check_host.c). */
void mx_check_files(struct mx_check *c);
void mx_check_log(struct mx_check *c);
void mx_check_sockets(struct mx_check *c);
void mx_check_backlog(struct mx_check *c);
void mx_check_nginx(struct mx_check *c);
/* A check by root is made as the account that the keys belong to, so that it may read and write no
 * more than the program. False with errno. */
bool mx_check_become(const struct mx_settings *conf) MX_MUST_CHECK;

/* Of the database server, schema and account (check_database.c). All but the first need a database
 * that is ready. */
void mx_check_schema(struct mx_check *c);
void mx_check_statements(struct mx_check *c);
void mx_check_room(struct mx_check *c);
void mx_check_connections(struct mx_check *c);
void mx_check_durability(struct mx_check *c);
void mx_check_clock(struct mx_check *c);
void mx_check_privileges(struct mx_check *c);
void mx_check_sealed(struct mx_check *c);

/* Of what is in the store (check_store.c). */
void mx_check_store(struct mx_check *c);
void mx_check_jobs(struct mx_check *c);

#endif
