#include "io/settings_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "codec/money.h"

#define FILE_MAX ((size_t)256 << 10)

/* The whole file; false with errno. */
static bool read_all(struct mx_arena *a, const char *path, struct mx_str *ret_text)
{
    char *text = mx_arena_alloc(a, FILE_MAX);
    size_t all = 0;
    ssize_t n;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return false;
    while ((n = read(fd, text + all, FILE_MAX - all)) > 0)
        all += (size_t)n;
    close(fd);
    if (all == FILE_MAX)
        errno = EFBIG;
    *ret_text = (struct mx_str){text, all};
    return n == 0 && all < FILE_MAX;
}

enum mx_err mx_settings_load(struct mx_arena *a, const char *path, struct mx_settings *ret_conf,
                             struct mx_buf *errors)
{
    struct mx_str text = {0};
    struct mx_currency currency;
    bool read = !path || !path[0] || read_all(a, path, &text);
    enum mx_err e;

    if (!read) {
        mx_buf_fmt(errors, "settings file %s: %s\n", path, strerror(errno));
        text = (struct mx_str){0};
    }
    e = mx_conf_read(a, path, text, environ, ret_conf, errors);
    if (!read || e != MX_OK || mx_currency_parse(mx_str_c(ret_conf->currency), &currency))
        return read ? e : MX_E_VALIDATION_FAILED;
    mx_buf_c(errors, "settings: currency must be a code of ISO 4217, as EUR\n");
    return MX_E_VALIDATION_FAILED;
}

const char *mx_settings_path(void)
{
    const char *path = getenv(MX_CONF_FILE_ENV);

    if (path)
        return path;
    return access(MX_SETTINGS_FILE, F_OK) == 0 ? MX_SETTINGS_FILE : "";
}

enum mx_err mx_settings_oidc(struct mx_arena *a, const struct mx_settings *conf,
                             struct mx_oidc *ret_oidc, struct mx_buf *errors)
{
    struct mx_str text = {0};
    enum mx_err e = MX_OK;

    if (conf->oidc_providers[0] && !read_all(a, conf->oidc_providers, &text)) {
        mx_buf_fmt(errors, "oidc_providers %s: %s\n", conf->oidc_providers, strerror(errno));
        return MX_E_VALIDATION_FAILED;
    }
    MX_TRY(mx_oidc_read(a, text, ret_oidc, errors));
    for (size_t i = 0; i < ret_oidc->providers.n; i++) {
        const char *ca = MX_AT(ret_oidc->providers, struct mx_oidc_provider, i)->ca_file.p;

        if (ca && access(ca, R_OK) != 0) {
            mx_buf_fmt(errors, "oidc_providers: %s: %s\n", ca, strerror(errno));
            e = MX_E_VALIDATION_FAILED;
        }
    }
    return e;
}

void mx_settings_log(const struct mx_settings *conf)
{
    static const char *const words[] = {"debug", "info", "warn", "error"};

    mx_log_json(strcmp(conf->log_format, "json") == 0);
    for (int i = 0; i < (int)MX_LEN(words); i++)
        if (strcmp(conf->log_level, words[i]) == 0)
            mx_log_level((enum mx_level)i);
}
