/* The settings reader on any bytes. Input: the file; behind a first NUL byte the lines of the
 * environment. */
#include "base/arena.h"
#include "base/conf.h"

#define MAX_ENV 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_result(struct mx_arena *a, enum mx_err e, const struct mx_settings *conf,
                         const struct mx_buf *faults)
{
    MX_ASSERT((e == MX_OK) == (faults->n == 0));
    if (e != MX_OK) {
        MX_ASSERT(e == MX_E_VALIDATION_FAILED);
        MX_ASSERT(faults->overflow || faults->p[faults->n - 1] == '\n');
        return;
    }
    MX_ASSERT(conf->workers.min >= 0 && conf->workers.min <= conf->workers.max &&
              conf->workers.max <= 1024);
    for (int i = 0; i < mx_conf_count(); i++) {
        struct mx_setting_view v = mx_conf_view(a, i);

        MX_ASSERT(v.value && v.origin && strlen(v.env) == strlen(v.name) + strlen("MERX_"));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct mx_arena *a;
    struct mx_str rest = {(const char *)data, size}, file, line;
    char *env[MAX_ENV + 1] = {NULL};
    struct mx_settings conf;
    struct mx_buf faults, unknown;

    /* The one setting that makes the reader open a file: what is in it is not our input. */
    if (memmem(data, size, "password_file", 13) || memmem(data, size, "PASSWORD_FILE", 13))
        return 0;
    if (!a)
        a = mx_arena_new(65536, 1 << 26);
    mx_buf_init(&faults, a, 1 << 20);
    mx_buf_init(&unknown, a, 1 << 20);
    mx_str_split(&rest, 0, &file);
    for (size_t n = 0; n < MAX_ENV && mx_str_split(&rest, '\n', &line); n++)
        env[n] = mx_arena_dup(a, line.p, line.n);
    check_result(a, mx_conf_read(a, "file", file, env, &conf, &faults), &conf, &faults);
    mx_conf_unknown_env(env, &unknown);
    mx_arena_reset(a);
    return 0;
}
