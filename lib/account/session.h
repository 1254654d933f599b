/* Sessions: one row a signed-in device. The access token is a short-lived JWT; the refresh token is
 * the session's id and generation under the server's HMAC key, one use each. Only the present
 * generation rotates (compare-and-set); the one before it gives the same successor again for a
 * short grace, so that a lost answer costs nothing; anything older revokes the session. Nothing
 * stored can refresh. Revocation is written to the database and to the host's deny-list. */
#ifndef MX_ACCOUNT_SESSION_H
#define MX_ACCOUNT_SESSION_H

#include "account/account.h"
#include "codec/token.h"

/* Tokens that signing in gives. */
struct mx_tokens {
    struct mx_str access_token;
    int64_t expires_in;
    struct mx_str refresh_token;
    struct mx_profile user;
};

/* The second factor that a session's owner proved; column `second_factor`. */
enum mx_second_factor {
    MX_SECOND_NONE,
    MX_SECOND_TOTP,
    MX_SECOND_RECOVERY_CODE,
    MX_SECOND_PASSKEY /* also alone: it checks who uses it */
};

/* Proofs of the caller's live session. */
struct mx_session_proof {
    enum mx_second_factor second;
    bool fresh; /* its owner proved a short while ago to be there (reauth_max_age_s) */
};

/* Ask the database for it. MX_E_UNAUTHORIZED when the session or its account has ended. */
enum mx_err mx_session_live(struct mx_ctx *cx, struct mx_session_proof *ret_proof) MX_MUST_CHECK;

/* The caller's present rights as staff, as the database has them. */
struct mx_session_rights {
    uint64_t permissions;         /* of all roles of the account */
    enum mx_second_factor second; /* that the session has proved */
    struct mx_id audit_key;       /* what encrypts the account's addresses in the audit log */
};

/* Ask for it. MX_E_UNAUTHORIZED when the session or its account has ended, or it is not staff. */
enum mx_err mx_session_rights(struct mx_ctx *cx, struct mx_session_rights *ret) MX_MUST_CHECK;

/* Require that it lives, in the present transaction if there is one; asks the database unless this
 * transaction has seen it already. MX_E_UNAUTHORIZED. */
enum mx_err mx_session_require_live(struct mx_ctx *cx) MX_MUST_CHECK;
/* A statement of the present transaction has found that the caller's session lives. */
void mx_session_seen_live(struct mx_ctx *cx);

/* Start a session of the account in `tokens->user` in the present transaction; fills the rest, and
 * writes the audit log unless it is a guest's. MX_E_NOT_FOUND when the account is not active. It
 * counts as a fresh sign-in. For new accounts and account/signin.h: a sign-in to an account that
 * exists comes through mx_signin_finish. */
enum mx_err mx_session_start(struct mx_ctx *cx, enum mx_second_factor second,
                             struct mx_tokens *tokens) MX_MUST_CHECK;

/* Use a refresh token in the present transaction. MX_E_INVALID_REFRESH_TOKEN when nothing is to be
 * written; when the token was spent before, MX_OK with that error in *ret_refused: the session is
 * revoked and the transaction must commit. */
enum mx_err mx_session_refresh(struct mx_ctx *cx, struct mx_str refresh_token,
                               struct mx_tokens *ret_tokens,
                               enum mx_err *ret_refused) MX_MUST_CHECK;

/* All that end sessions do it in the present transaction, and for this host at once. */

/* End all sessions of an account, and sign-ins to it that wait for a second factor. */
enum mx_err mx_session_end_all(struct mx_ctx *cx, struct mx_id account) MX_MUST_CHECK;
/* The same, but for session `keep`. */
enum mx_err mx_session_end_others(struct mx_ctx *cx, struct mx_id account,
                                  struct mx_id keep) MX_MUST_CHECK;

/* The caller signs out, of this session or (`all`) of every one of the account. Doing it again with
 * the token of the session that ended is no error and does nothing. MX_E_UNAUTHORIZED when `all` is
 * asked for with the token of an ended session while one that it could have ended lives: an ended
 * session ends no other. Sessions that customers and staff end are in the audit log. */
enum mx_err mx_session_sign_out(struct mx_ctx *cx, bool all) MX_MUST_CHECK;

/* Learn which sessions other hosts have ended, if nobody on this host has asked for `interval_ms`:
 * they go to the deny-list. A database that does not answer is asked again later. */
void mx_session_poll(const struct mx_proc *proc, struct mx_db *db, int64_t now_ms,
                     int64_t interval_ms);

/* A live session as its owner sees it. */
struct mx_session {
    struct mx_id id;
    struct mx_str user_agent, address; /* of the sign-in; absent: unknown */
    struct mx_time created_at;
    struct mx_time last_used_at; /* when it last got new tokens */
    bool current;                /* the caller's own */
};

/* Up to `limit` live sessions of the caller that are older than `before` (none: from the newest
 * on), newest first; *ret_more tells that there are older ones. struct mx_session. */
enum mx_err mx_session_list(struct mx_ctx *cx, struct mx_id before, int64_t limit,
                            struct mx_list *ret_sessions) MX_MUST_CHECK;
/* End a live session of the caller. MX_E_NOT_FOUND also for another's. */
enum mx_err mx_session_end_own(struct mx_ctx *cx, struct mx_id id) MX_MUST_CHECK;

/* The session that a refresh token was once made for, also a spent one or one of a session that has
 * ended; false when it is no token of ours. Needs no database. */
bool mx_session_of_token(struct mx_ctx *cx, struct mx_str refresh_token,
                         struct mx_id *ret_session) MX_MUST_CHECK;

/* The caller's session has proved a second factor. */
enum mx_err mx_session_proved(struct mx_ctx *cx, enum mx_second_factor second) MX_MUST_CHECK;
/* A factor of the account was removed: its sessions no longer count as proved by what it has not
 * got any more. */
enum mx_err mx_session_unproved(struct mx_ctx *cx, struct mx_id account) MX_MUST_CHECK;

/* Of table session, see shop/holding.h. */
enum mx_err mx_session_erase(struct mx_ctx *cx, const struct mx_holder *h) MX_MUST_CHECK;
enum mx_err mx_session_purge(struct mx_ctx *cx, const struct mx_guests *g) MX_MUST_CHECK;

/* Account of the session, also an ended one; none: there is no such session. */
enum mx_err mx_session_account(struct mx_ctx *cx, struct mx_id id,
                               struct mx_id *ret_account) MX_MUST_CHECK;

#endif
