/* Mail is queued as a row in the transaction of the change that asks for it and delivered by `merx
 * jobs`: nothing is announced that did not happen, and a broken mail system never changes an
 * answer. A sender claims a row by a lease (compare-and-set), so that several may run. Texts are
 * files of lib/shop/mail, compiled in. Recipient and values are sealed at rest, for values
 * may hold a code, and wiped when the mail is done. */
#ifndef MX_SHOP_MAIL_H
#define MX_SHOP_MAIL_H

#include "base/clock.h"
#include "base/ctx.h"
#include "base/list.h"
#include "codec/secret.h"
#include "codec/uri.h"
#include "shop/holding.h"
#include "shop/job.h"

#define MX_MAIL_LOCALE "en"

/* One mail in one language, as lib/shop/mail/gen.awk makes it: {name} stands for the variable of
 * that name, {shop} and {shop_url} for the settings. */
struct mx_mail_text {
    const char *name;   /* "verify_code" */
    const char *locale; /* language: "en", "de" */
    const char *subject;
    const char *plain; /* lines end with \n */
    const char *html;  /* a whole document; values are escaped */
};
extern const struct mx_mail_text mx_mail_texts[];
extern const size_t mx_mail_texts_n;

/* A mail to queue. */
struct mx_mail_draft {
    struct mx_id account; /* whose it is, for when it ends; none: nobody has an account yet */
    struct mx_str recipient;
    const char *name;     /* of a mail of lib/shop/mail; anything else is a bug */
    struct mx_str locale; /* BCP 47; absent: what the caller's Accept-Language says; unknown:
                             English */
    struct mx_list vars;  /* struct mx_pair: all that its texts name; less is a bug */
};

/* Queue mails in the present transaction. */
enum mx_err mx_mail_queue_all(struct mx_ctx *cx, const struct mx_mail_draft *drafts,
                              size_t n) MX_MUST_CHECK;
/* Queue one, told as its draft. */
enum mx_err mx_mail_queue(struct mx_ctx *cx, struct mx_id account, struct mx_str recipient,
                          const char *name, struct mx_str locale,
                          struct mx_list vars) MX_MUST_CHECK;

/* The work of queueing a mail without one, for an answer that must not tell whether there is
 * anybody to write to. */
enum mx_err mx_mail_queue_none(struct mx_ctx *cx, struct mx_str recipient, const char *name,
                               struct mx_list vars) MX_MUST_CHECK;

/* The hashes by which mail to `email` is found: under the server's secret, and under the one before
 * (the same again where there is none). */
void mx_mail_hashes(const struct mx_ctx *cx, struct mx_str email, struct mx_hash *ret_hash,
                    struct mx_hash *ret_old);

/* Forget what was ever queued for the account, whichever mailbox it went to, and to the address
 * (canonical form) unless that is absent; what is being sent now still is. */
enum mx_err mx_mail_forget(struct mx_ctx *cx, struct mx_id account,
                           struct mx_str email_key) MX_MUST_CHECK;

/* Of table mail, see shop/holding.h. */
enum mx_err mx_mail_purge(struct mx_ctx *cx, const struct mx_guests *g) MX_MUST_CHECK;

/* A mail that this process has claimed. `data` is the JSON object of its variables; absent: the
 * mail does not open. */
struct mx_mail {
    struct mx_id id;
    struct mx_str recipient, name, locale, data;
    int64_t attempts; /* this one included */
    struct mx_time created_at;
    bool failed;   /* a try failed before for a reason of the mail's own */
    int64_t tries; /* how many did */
};

#define MX_MAIL_CLAIM_MAX 16

/* Claim at most `limit` (up to MX_MAIL_CLAIM_MAX) due mails for `owner` until `until_ms`, oldest
 * first: struct mx_mail. None when nobody's is due. */
enum mx_err mx_mail_claim(struct mx_ctx *cx, struct mx_id owner, int64_t until_ms, int64_t limit,
                          struct mx_list *ret_mails) MX_MUST_CHECK;

enum mx_mail_end {
    MX_MAIL_SENT,
    MX_MAIL_REFUSED,   /* will never be delivered */
    MX_MAIL_FAILED,    /* for a reason of its own: tried again as shop/job.h says */
    MX_MAIL_HINDERED,  /* by the world: tried again within a minute, however often */
    MX_MAIL_NOT_TRIED, /* given back */
};

/* Outcome of a claimed mail. */
struct mx_mail_outcome {
    struct mx_job_row mail; /* nothing in `of` */
    int64_t attempts;
    enum mx_mail_end end;
    char why[100]; /* kept with the mail; must name no address */
};

/* Tell the outcomes of n mails, at most MX_MAIL_CLAIM_MAX, in a transaction of their own; told
 * twice, they count once. Nothing happens to a mail whose lease `owner` has lost. */
enum mx_err mx_mail_tell(struct mx_ctx *cx, struct mx_id owner,
                         const struct mx_mail_outcome *outcomes, size_t n) MX_MUST_CHECK;

/* The language of ours that an Accept-Language (RFC 9110 12.5.4) likes best, or English. */
struct mx_str mx_mail_language(struct mx_str accept);
/* There is such a mail, and `vars` holds all that its texts name. */
bool mx_mail_complete(const char *name, struct mx_list vars);
/* The message of `m` in the form of RFC 5322, text and HTML (multipart/alternative), with lines
 * that end in LF as in a local mail file; the sender on a wire makes them CRLF. Its Message-ID is
 * that of the mail, however often it is composed. `vars` is a list of struct mx_pair. Control
 * characters of values become spaces, so that none can make a header or a line of its own. False
 * when there is no such mail. */
bool mx_mail_compose(struct mx_ctx *cx, const struct mx_mail *m, struct mx_list vars,
                     struct mx_str *ret_message) MX_MUST_CHECK;

/* Of table mail, see shop/holding.h. */
extern const struct mx_sealed_column mx_mail_sealed;

#endif
