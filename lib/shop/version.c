#include "shop/version.h"

#include "codec/etag.h"

enum mx_err mx_version_check(struct mx_ctx *cx, const char *what, struct mx_str if_match,
                             int64_t version)
{
    char text[24];

    snprintf(text, sizeof(text), "%lld", (long long)version);
    if (!if_match.p || mx_etag_listed(if_match, mx_str_c(text)))
        return MX_OK;
    return mx_fail(cx->faults, MX_E_VERSION_CONFLICT, "%s is at version %s.", what, text);
}
