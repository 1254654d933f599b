#include "shop/audit.h"

#include "statements.h"

#define ADDRESS_MAX 45
#define REQUEST_ID_MAX 64

enum mx_err mx_audit_write(struct mx_ctx *cx, const struct mx_audit *row)
{
    const struct q_audit_insert_in in = {
        .id = mx_id_new(),
        .actor = cx->actor.account,
        .action = mx_str_c(row->action),
        .object_type = mx_str_c(row->object_type),
        .object = row->object,
        .before = row->before,
        .after = row->after,
        .address = cx->address.p ? mx_str_sub(cx->address, 0, ADDRESS_MAX) : MX_S(""),
        .request = cx->request_id.p ? mx_str_sub(cx->request_id, 0, REQUEST_ID_MAX) : MX_S(""),
        .now = {cx->now_ms},
    };

    return q_audit_insert(cx->db, &in, NULL);
}
