/* All that is held of a person, for the person: the caller's own account and the guests that they
 * were before they signed in. It comes in pages, for some of it grows without end: what an account
 * is and has now at once, and then, each newest first, its orders, addresses, sessions, mail and
 * audit rows. Nothing that proves or opens anything is part of it, and nothing of others.
 *
 * Columns that are left out, and why, are listed in tests/http/account/test_export.py, which
 * knows every column. */
#ifndef MX_ACCOUNT_EXPORT_H
#define MX_ACCOUNT_EXPORT_H

#include "account/account.h"
#include "shop/holding.h"
#include "shop/postal.h"

struct mx_cart;

/* The authenticator app and its recovery codes. */
struct mx_export_factors {
    struct mx_time totp_begun_at, totp_since; /* none: no app; not confirmed */
    struct mx_time totp_last_used_at;         /* the half minute of the last code; none: never */
    int64_t recovery_codes_left;
    struct mx_time recovery_codes_since, recovery_code_last_used_at; /* none: none there; never */
};

/* Purpose of a mailed code. */
struct mx_export_code {
    int purpose; /* enum mx_mailed_code_purpose */
    struct mx_str email, name;
    int64_t attempts;
    struct mx_time created_at, expires_at;
};

/* An account as it is now; of a cart it only holds the place. */
struct mx_export_account {
    struct mx_profile profile;
    struct mx_time email_verified_at, updated_at; /* first one none: not yet */
    struct mx_str metadata;                       /* the staff's; JSON object, absent: empty */
    struct mx_list ways_in;                       /* struct mx_str: password, passkey, identity */
    struct mx_export_factors factors;
    struct mx_list passkeys;   /* struct mx_passkey */
    struct mx_list identities; /* struct mx_identity */
    struct mx_list addresses;  /* struct mx_address: the book */
    struct mx_list codes;      /* struct mx_export_code */
    struct mx_cart *cart;      /* NULL: none */
};

/* An address row: what the book, a cart or an order points to, or once did. */
struct mx_export_address {
    struct mx_id id;
    struct mx_postal to;
    struct mx_time created_at;
};

struct mx_export_session {
    struct mx_id id;
    struct mx_str user_agent, address; /* absent: unknown */
    struct mx_time created_at, last_used_at, authenticated_at, expires_at;
    struct mx_time ended_at; /* none: it was not ended */
    int second_factor;       /* enum mx_second_factor */
    bool current;
};

/* Mail for the account, or to its proved address before there was one; no text is kept of it. */
struct mx_export_mail {
    struct mx_id id;
    struct mx_str template, locale;
    int state; /* 0 queued, 1 sent, 2 given up */
    struct mx_time created_at, done_at;
};

/* Actor of an audit row. */
enum mx_export_by { MX_EXPORT_YOU, MX_EXPORT_STAFF, MX_EXPORT_OTHER };

struct mx_export_audit {
    struct mx_id id;
    struct mx_str action, object_type;
    int by;                            /* enum mx_export_by */
    struct mx_str before, after;       /* JSON, of the account itself; absent for other objects */
    struct mx_str address, request_id; /* absent: staff's */
    struct mx_time created_at;
};

/* Readers of parts, see shop/holding.h. The cart of an account is left to who knows carts. */
#define MX_EXPORT_READER(name)                                                          \
    enum mx_err name(struct mx_export_walk *w, int64_t limit, struct mx_list *ret_rows, \
                     bool *ret_more) MX_MUST_CHECK
MX_EXPORT_READER(mx_export_accounts);       /* struct mx_export_account, one */
MX_EXPORT_READER(mx_export_addresses);      /* struct mx_export_address */
MX_EXPORT_READER(mx_export_sessions);       /* struct mx_export_session: not ended */
MX_EXPORT_READER(mx_export_ended_sessions); /* the same: ended, the last one first */
MX_EXPORT_READER(mx_export_mails);          /* struct mx_export_mail */
MX_EXPORT_READER(mx_export_audit_rows);     /* struct mx_export_audit */

/* Of rows that were asked for with one more than `limit`, leave `limit`; true when there were more.
 */
bool mx_export_cut(struct mx_list *rows, int64_t limit);

/* True when there is a part of that number. */
bool mx_export_has_part(int part);

/* Read the caller's page that begins at *at, of up to `limit` rows of all lists together, and move
 * *at to the next one. The lists stand at `ret_lists`, where the parts of mx_holdings say.
 * MX_E_UNAUTHORIZED when the account has ended; MX_E_UNAVAILABLE when something sealed does not
 * open. Reads only. */
enum mx_err mx_export_page(struct mx_ctx *cx, int64_t limit, struct mx_export_at *at,
                           void *ret_lists) MX_MUST_CHECK;

#endif
