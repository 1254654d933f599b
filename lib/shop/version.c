#include "shop/version.h"

#include "codec/etag.h"
#include "codec/params.h"

enum mx_err mx_version_check(struct mx_ctx *cx, const char *what, struct mx_str if_match,
                             int64_t version)
{
    struct mx_params p;
    char text[24];

    snprintf(text, sizeof(text), "%lld", (long long)version);
    if (!if_match.p || mx_etag_listed(if_match, mx_str_c(text)))
        return MX_OK;
    mx_params_init(&p, cx->arena);
    mx_params_int(&p, "version", version);
    cx->faults->params = mx_params_text(&p);
    return mx_fail(cx->faults, MX_E_VERSION_CONFLICT,
                   "%s has been changed; its current version is %s.", what, text);
}
