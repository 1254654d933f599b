/* Commands about settings and schema. */
#include "base/conf.h"
#include "cmd.h"
#include "io/migrate.h"

#define VERSION "1.0.0"
#define TEXT_MAX ((size_t)1 << 20)

/* ---- settings ---- */

int mx_cmd_config(struct mx_cmd *c)
{
    struct mx_setting_view v;
    struct mx_buf out;

    if (c->argc == 1 && strcmp(c->argv[0], "--sample") == 0) {
        mx_buf_init(&out, c->arena, TEXT_MAX);
        mx_conf_sample(c->arena, &out);
        fwrite(out.p, 1, out.n, stdout);
        return 0;
    }
    if (c->argc > 0) {
        fprintf(stderr, "usage: merx config [--sample]\n");
        return 2;
    }
    if (c->bad_settings) {
        fprintf(stderr, "%s", c->bad_settings);
        return 2;
    }
    for (int i = 0; i < mx_conf_count(); i++) {
        v = mx_conf_view(c->arena, i);
        printf("%-26s = %-32s # %s\n", v.name, v.value, v.origin);
    }
    return 0;
}

/* ---- schema ---- */

/* Exit status 1: something is to be applied, or wrong. */
static int migrate_status(struct mx_cmd *c)
{
    struct mx_buf out;
    int missing;
    enum mx_err e;

    mx_buf_init(&out, c->arena, TEXT_MAX);
    e = mx_migrate_status(c->arena, c->settings, &out, &missing);
    fwrite(out.p, 1, out.n, stdout);
    return e == MX_OK && missing == 0 ? 0 : 1;
}

int mx_cmd_migrate(struct mx_cmd *c)
{
    bool dry = c->argc == 1 && strcmp(c->argv[0], "--dry-run") == 0;
    struct mx_buf out;
    enum mx_err e;

    if (c->argc == 1 && strcmp(c->argv[0], "status") == 0)
        return migrate_status(c);
    if (c->argc > 0 && !dry) {
        fprintf(stderr, "usage: merx migrate [status|--dry-run]\n");
        return 2;
    }
    mx_buf_init(&out, c->arena, TEXT_MAX);
    e = (dry ? mx_migrate_print : mx_migrate)(c->arena, c->settings, &out);
    fwrite(out.p, 1, out.n, e == MX_OK ? stdout : stderr);
    return e == MX_OK ? 0 : 1;
}

/* ---- version ---- */

struct mx_build mx_build(void)
{
    return (struct mx_build){VERSION, mx_build_name, mx_schema_version()};
}

int mx_cmd_version(struct mx_cmd *c)
{
    struct mx_build b = mx_build();

    (void)c;
    printf("merx %s build %s schema %d\n", b.version, b.name, b.schema);
    return 0;
}
