/* The table mx_holdings of shop/holding.h, and the page that its export makes. */
#ifndef MX_API_ACCOUNT_HOLDINGS_H
#define MX_API_ACCOUNT_HOLDINGS_H

#include "shop/holding.h"

/* The lists of an export; pages laid end to end, list by list, are the whole. */
struct mx_export_page {
    struct mx_list accounts;  /* struct mx_export_account: the caller's own first, then guests */
    struct mx_list orders;    /* struct mx_order */
    struct mx_list addresses; /* struct mx_export_address */
    struct mx_list sessions;  /* struct mx_export_session */
    struct mx_list mails;     /* struct mx_export_mail */
    struct mx_list audit_log; /* struct mx_export_audit */
};

#endif
