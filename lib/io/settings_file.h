/* Settings as the program starts with them: file and environment together. */
#ifndef MX_IO_SETTINGS_FILE_H
#define MX_IO_SETTINGS_FILE_H

#include "base/conf.h"
#include "codec/oidc.h"

/* The settings file of an installed merx. */
#define MX_SETTINGS_FILE "/etc/merx/merx.conf"

/* Path of the settings file where none is given: what MERX_CONF names ("" none), else
 * MX_SETTINGS_FILE where it exists, else "". */
const char *mx_settings_path(void);

/* Read the file at `path` ("" or NULL: none) and the process's environment into *ret_conf; strings
 * live in `a`. Every error is a line of `errors`; the currency is looked at when there is no other.
 * MX_E_VALIDATION_FAILED when there is any; *ret_conf then has what is sound (mx_conf_read). */
enum mx_err mx_settings_load(struct mx_arena *a, const char *path, struct mx_settings *ret_conf,
                             struct mx_buf *errors) MX_MUST_CHECK;

/* Read the providers that the settings name. Every error is a line of `errors`, a CA file that
 * cannot be read too. MX_E_VALIDATION_FAILED when there is any. Strings live in `a`. */
enum mx_err mx_settings_oidc(struct mx_arena *a, const struct mx_settings *conf,
                             struct mx_oidc *ret_oidc, struct mx_buf *errors) MX_MUST_CHECK;

/* Let the log follow log_level and log_format. */
void mx_settings_log(const struct mx_settings *conf);

#endif
