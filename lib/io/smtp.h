/* Mail to a server by SMTP (libcurl), as the settings smtp_... say. smtp:// asks for STARTTLS and
 * goes no further without it, smtps:// is TLS from the first byte; certificate and name are checked
 * before anything is said. Without TLS only where smtp_plain allows it: to this host itself. Time
 * is bounded for each mail. Nothing here logs, and no answer of the server leaves but its code:
 * its text may hold an address. */
#ifndef MX_IO_SMTP_H
#define MX_IO_SMTP_H

#include "base/settings.h"
#include "base/str.h"

struct mx_smtp;

/* How a mail ended. */
enum mx_smtp_end {
    MX_SMTP_SENT,    /* the server has taken it */
    MX_SMTP_REFUSED, /* this mail will never be taken: no address, a 5xx to it or to the text */
    MX_SMTP_LATER,   /* a 4xx to this mail; others may be tried at once */
    MX_SMTP_TROUBLE  /* no server, no trust, no login, no answer: any other mail would fare alike.
                        When the connection broke behind the text, the mail may have been taken. */
};

struct mx_smtp_result {
    enum mx_smtp_end end;
    const char *why; /* "550 to RCPT", "Timeout was reached"; "" when sent. No addresses, no texts
                        of the server; a literal or in the arena */
};

/* Judge the settings without asking anybody. False: *ret_why (in `a` or a literal) is what is
 * wrong. smtp_url must be set. */
bool mx_smtp_check(struct mx_arena *a, const struct mx_settings *conf,
                   const char **ret_why) MX_MUST_CHECK;

/* Can mail be sent from or to that address? */
bool mx_smtp_is_address(const char *address);

/* Begin a conversation for several mails; it connects with the first one. The settings must outlive
 * it. NULL when they do not hold (any more): *ret_why as above. The caller closes it. */
struct mx_smtp *mx_smtp_open(struct mx_arena *a, const struct mx_settings *conf,
                             const char **ret_why) MX_MUST_CHECK;
/* Send one message, whose lines end in LF, to one address. May take smtp_timeout_s. */
struct mx_smtp_result mx_smtp_send(struct mx_smtp *s, struct mx_arena *a, struct mx_str to,
                                   struct mx_str message);
/* Take leave, which may take smtp_timeout_s once more, and free. NULL is allowed. */
void mx_smtp_close(struct mx_smtp *s);

#endif
