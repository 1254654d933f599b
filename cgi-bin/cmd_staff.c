/* merx staff: who works for the shop, from the host itself. Here the first owner comes from; the
 * code of an invitation is printed, not mailed, and who has it chooses the password. */
#include "account/staff.h"
#include "base/clock.h"
#include "cmd.h"
#include "codec/secret.h"
#include "http/field.h"
#include "io/db.h"
#include "io/shm.h"
#include "q/staff.h"
#include "shop/email.h"

#define PAGE 100

/* One run of the command. */
struct run {
    struct mx_ctx cx;
    struct mx_faults faults;
    const char *email;
    struct mx_staff_invite invite;
    int status; /* to set */
    struct mx_staff staff;
    struct mx_str code;
};

static int failed(const struct run *r, enum mx_err e)
{
    fprintf(stderr, "merx staff: %s\n", mx_err_title(e));
    if (r->faults.detail.p)
        fprintf(stderr, "  %.*s\n", MX_FMT(r->faults.detail));
    for (int i = 0; i < r->faults.n; i++)
        fprintf(stderr, "  %.*s %.*s\n", MX_FMT(r->faults.at[i].pointer),
                MX_FMT(r->faults.at[i].detail));
    return 1;
}

/* ---- list ---- */

static void print(const struct mx_staff *s)
{
    struct mx_str none = MX_S("-"), status = mx_str_name(mx_account_status_names, s->status);

    printf("%-32.*s %-10.*s", MX_FMT(s->email.p ? s->email : none), MX_FMT(status));
    for (size_t i = 0; i < s->roles.n; i++)
        printf(" %.*s", MX_FMT(*MX_AT(s->roles, struct mx_str, i)));
    printf("\n");
}

static int list(struct run *r)
{
    struct mx_staff_query q = {.limit = PAGE};
    struct mx_list staff;
    enum mx_err e;

    do {
        e = mx_staff_list(&r->cx, &q, &staff);
        if (e != MX_OK)
            return failed(r, e);
        for (size_t i = 0; i < staff.n; i++) {
            print(MX_AT(staff, const struct mx_staff, i));
            q.after = MX_AT(staff, const struct mx_staff, i)->id;
        }
    } while (staff.n == PAGE);
    return 0;
}

/* ---- invite ---- */

static enum mx_err invite(void *arg)
{
    struct run *r = arg;

    mx_faults_init(&r->faults, r->cx.arena);
    return mx_staff_invite(&r->cx, &r->invite, &r->staff, &r->code);
}

static int run_invite(struct run *r)
{
    enum mx_err e;

    if (!mx_format_check(MX_EMAIL, r->invite.email) || !mx_format_check(MX_LINE, r->invite.name)) {
        fprintf(stderr, "merx staff invite: give an e-mail address and a name\n");
        return 2;
    }
    e = mx_db_tx(r->cx.db, invite, r);

    if (e != MX_OK)
        return failed(r, e);
    printf("The invitation of %s is good once, for %d days. To accept it and choose a password:\n\n"
           "  POST /v1/auth/invitation\n"
           "  {\"email\":\"%s\",\"code\":\"%.*s\",\"password\":\"...\"}\n",
           r->email, (int)(MX_INVITATION_TTL_MS / 86400000), r->email, MX_FMT(r->code));
    return 0;
}

/* ---- disable, enable ---- */

static enum mx_err nobody(struct run *r)
{
    return mx_fail(&r->faults, MX_E_NOT_FOUND, "Nobody of the staff has the address %s.", r->email);
}

static enum mx_err set_status(void *arg)
{
    struct run *r = arg;
    struct mx_staff_patch patch = {.has_status = true, .status = r->status};
    struct q_staff_by_email_in in;
    struct mx_list rows;

    mx_faults_init(&r->faults, r->cx.arena);
    if (!mx_email_key(r->cx.arena, mx_str_c(r->email), &in.email_key))
        return nobody(r);
    MX_TRY(q_staff_by_email(r->cx.db, &in, &rows));
    if (rows.n == 0)
        return nobody(r);
    patch.id = MX_AT(rows, const struct q_staff_by_email_row, 0)->id;
    return mx_staff_update(&r->cx, &patch, &r->staff);
}

static int run_status(struct run *r, int status)
{
    enum mx_err e;

    r->status = status;
    e = mx_db_tx(r->cx.db, set_status, r);

    if (e != MX_OK)
        return failed(r, e);
    print(&r->staff);
    return 0;
}

/* ---- the command ---- */

void mx_usage_staff(FILE *out)
{
    fprintf(out, "usage: merx staff invite EMAIL NAME ROLE...\n"
                 "       merx staff list\n"
                 "       merx staff disable|enable EMAIL\n");
}

static int usage(void)
{
    mx_usage_staff(stderr);
    return 2;
}

static int dispatch(struct mx_cmd *c, struct run *r)
{
    const char *verb = c->argc > 0 ? c->argv[0] : "";

    if (strcmp(verb, "list") == 0 && c->argc == 1)
        return list(r);
    if (c->argc < 2)
        return usage();
    r->email = c->argv[1];
    if (strcmp(verb, "disable") == 0 && c->argc == 2)
        return run_status(r, MX_ACCOUNT_DISABLED);
    if (strcmp(verb, "enable") == 0 && c->argc == 2)
        return run_status(r, MX_ACCOUNT_ACTIVE);
    if (strcmp(verb, "invite") != 0 || c->argc < 4 || c->argc > 3 + MX_STAFF_ROLES_MAX)
        return usage();
    r->invite.email = mx_str_c(r->email);
    r->invite.name = mx_str_c(c->argv[2]);
    r->invite.roles = MX_LIST(MX_NEW_N(c->arena, (size_t)c->argc, struct mx_str), 0);
    for (int i = 3; i < c->argc; i++)
        *MX_AT(r->invite.roles, struct mx_str, r->invite.roles.n++) = mx_str_c(c->argv[i]);
    return run_invite(r);
}

int mx_cmd_staff(struct mx_cmd *c)
{
    const struct mx_proc proc = {.conf = c->settings, .shared = mx_shared_new()};
    struct run r = {.cx = {.proc = &proc, .arena = c->arena, .now_ms = mx_wall_ms()}};
    int status;

    mx_secret_init();
    r.cx.faults = &r.faults;
    r.cx.actor.kind = MX_OPERATOR;
    r.cx.db = mx_db_new(c->settings);
    mx_db_begin_request(r.cx.db, c->arena);
    mx_faults_init(&r.faults, c->arena);
    status = dispatch(c, &r);
    mx_db_free(r.cx.db);
    return status;
}
