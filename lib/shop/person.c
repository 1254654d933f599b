#include "shop/person.h"

#include "base/log.h"

enum mx_err mx_person_open(const struct mx_ctx *cx, const char *column, struct mx_id row,
                           struct mx_str sealed, struct mx_str *ret_plain)
{
    if (mx_pii_open(cx->arena, cx->keys, column, row, sealed, ret_plain))
        return MX_OK;
    mx_log(MX_LOG_ERROR, "personal data does not open", MX_KC("column", column),
           MX_KS("row", mx_id_str(cx->arena, row)));
    return MX_E_UNAVAILABLE;
}
