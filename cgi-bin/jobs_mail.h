/* The job that delivers queued mail. */
#ifndef MX_CGI_JOBS_MAIL_H
#define MX_CGI_JOBS_MAIL_H

#include "base/ctx.h"

/* Deliver mail that is due, at most `limit` and for a few seconds: to the mail server of smtp_url,
 * else as files in the directory of the setting mail, else not at all. *ret_n is `limit` when there
 * may be more. MX_E_UNAVAILABLE when the server or the directory is in trouble, which the caller
 * waits out: other mail would fare alike. */
enum mx_err mx_mail_deliver_due(struct mx_ctx *cx, int64_t limit, int64_t *ret_n) MX_MUST_CHECK;

#endif
