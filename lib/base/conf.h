/* Reads the settings: built-in default < file (`name = value`, # comments) < environment. Every
 * error of all sources is reported at once. Parsed once in the master, constant afterwards. */
#ifndef MX_BASE_CONF_H
#define MX_BASE_CONF_H

#include "base/buf.h"
#include "base/settings.h"

#define MX_SECRET_FILE_MAX 4096
/* The variable that names the settings file. */
#define MX_CONF_FILE_ENV "MERX_CONF"

/* Where a value came from. */
enum mx_origin { MX_FROM_DEFAULT, MX_FROM_FILE, MX_FROM_ENVIRONMENT };

/* One setting as `merx config` shows it. */
struct mx_setting_view {
    const char *name;
    const char *env;    /* MERX_... */
    const char *value;  /* text; "(set)" or "" for a secret */
    const char *origin; /* "default", "file", "environment" */
    const char *doc;
};

/* Read settings into *ret_conf (strings live in `a`). `file_text` may be absent (no file); errors
 * call it `file_name`. `env` is an environ-style array. Errors are appended to `errors`, one line
 * each
 * ("/etc/merx/merx.conf line 3: unknown setting…"); MX_E_VALIDATION_FAILED when there is any, and
 * *ret_conf then has what is sound and the defaults of the rest, for a caller that needs a few
 * settings only. db_password_file, when set, is read (first line) and becomes db_password. Cross
 * checks of values live here too: log_level is a known word, socket_mode is octal, queue and
 * time-out order holds. */
enum mx_err mx_conf_read(struct mx_arena *a, const char *file_name, struct mx_str file_text,
                         char *const *env, struct mx_settings *ret_conf,
                         struct mx_buf *errors) MX_MUST_CHECK;

/* First line of the regular file `path`, without its end, into `out`; *ret_line is a part of it,
 * which the caller wipes. Cut at MX_SECRET_FILE_MAX. False with errno when it cannot be read. */
bool mx_conf_secret_line(const char *path, char out[MX_SECRET_FILE_MAX],
                         struct mx_str *ret_line) MX_MUST_CHECK;

/* Number of settings, and the view of the i-th after the last successful mx_conf_read, whose arena
 * must still live. */
int mx_conf_count(void);
struct mx_setting_view mx_conf_view(struct mx_arena *a, int i);

/* The documented sample file, one commented line a setting. */
void mx_conf_sample(struct mx_arena *a, struct mx_buf *out);

/* The variables of the environment that start with MERX_ and name no setting (nor the settings
 * file), one a line, for a warning by `merx check`. */
void mx_conf_unknown_env(char *const *env, struct mx_buf *out);

#endif
