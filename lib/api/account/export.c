/* /v1/me/export */
#include "api/account/export.h"
#include "api/account/postal_rows.h"

#include "account/export.h"
#include "api/account/addresses.h"
#include "api/account/holdings.h"
#include "api/account/me.h"
#include "api/account/oidc.h"
#include "api/account/passkeys.h"
#include "api/sales/cart.h"
#include "api/sales/orders.h"
#include "http/page.h"

#define LIMIT_DEFAULT 100
#define PARTS_MAX 64

static const char *const code_purpose_names[] = {"sign_up", "password", "email", NULL};
static const char *const second_factor_names[] = {"none", "totp", "recovery_code", "passkey", NULL};
static const char *const mail_state_names[] = {"queued", "sent", "given_up", NULL};
static const char *const audit_by_names[] = {"you", "staff", "other", NULL};

/* ---- an account ---- */

static const struct mx_field factor_fields[] = {
    MX_O_NULL(struct mx_export_factors, totp_begun_at,
              "Time at which setting up the authenticator app began."),
    MX_O_NULL(struct mx_export_factors, totp_since,
              "Time at which the authenticator app was confirmed."),
    MX_O_NULL(struct mx_export_factors, totp_last_used_at,
              "Time of its last code, to half a minute."),
    MX_O(struct mx_export_factors, recovery_codes_left, "Number of unused recovery codes."),
    MX_O_NULL(struct mx_export_factors, recovery_codes_since, "Time at which they were created."),
    MX_O_NULL(struct mx_export_factors, recovery_code_last_used_at,
              "Time at which one was last used."),
};
static MX_SHAPE(factors_shape, "ExportSecondFactors", struct mx_export_factors, factor_fields);

static const struct mx_field code_fields[] = {
    MX_O_ENUM(struct mx_export_code, purpose, code_purpose_names, "Purpose of the code."),
    MX_O(struct mx_export_code, email, "E-mail address that it was sent to."),
    MX_O_NULL(struct mx_export_code, name, "Name given at sign-up."),
    MX_O(struct mx_export_code, attempts, "Number of attempts."),
    MX_O(struct mx_export_code, created_at, "Time of creation."),
    MX_O(struct mx_export_code, expires_at, "Time at which it expires."),
};
static MX_SHAPE(code_shape, "ExportCode", struct mx_export_code, code_fields);

#define LIST(T, m, shape, doc) MX_O_LIST(T, m, &shape, doc)
static const struct mx_field account_fields[] = {
    MX_O_OBJ(struct mx_export_account, profile, &mx_shape_user, "The account, as in GET /v1/me."),
    MX_O_NULL(struct mx_export_account, email_verified_at,
              "Time at which the address was verified."),
    MX_O(struct mx_export_account, updated_at, "Time of the last change of the account."),
    MX_O_METADATA(struct mx_export_account, metadata, "Data of the staff about the account."),
    MX_F_KIND(struct mx_export_account, ways_in, "ways_in", MX_K_STRS, MX_BODY, 0, 0, 0, MX_LINE,
              "Ways to sign in to the account."),
    MX_F_SUB(struct mx_export_account, factors, MX_K_OBJECT, 0, 0, 0, &factors_shape,
             "Authenticator app and recovery codes."),
    LIST(struct mx_export_account, passkeys, mx_shape_passkey, "Passkeys, oldest first."),
    LIST(struct mx_export_account, identities, mx_shape_identity,
         "Providers to sign in with, newest first."),
    LIST(struct mx_export_account, addresses, mx_shape_address, "Address book, newest first."),
    LIST(struct mx_export_account, codes, code_shape,
         "Mailed codes and their purposes, newest first."),
    MX_O_PTR(struct mx_export_account, cart, &mx_shape_cart, "The open cart."),
};
static MX_SHAPE(account_shape, "ExportAccount", struct mx_export_account, account_fields);

/* ---- what it has gathered ---- */

static const struct mx_field address_fields[] = {
    MX_O(struct mx_export_address, id, "Id of the address."),
    MX_O_OBJ(struct mx_export_address, to, &mx_shape_postal, "The address."),
    MX_O(struct mx_export_address, created_at, "Time of creation."),
};
static MX_SHAPE(address_shape, "ExportAddress", struct mx_export_address, address_fields);

static const struct mx_field session_fields[] = {
    MX_O(struct mx_export_session, id, "Id of the session."),
    MX_F_AS(struct mx_export_session, user_agent, "device", MX_BODY, MX_F_NULLABLE, 0, 0, MX_TEXT,
            "User agent that signed in."),
    MX_O_NULL(struct mx_export_session, address, "IP address of the sign-in."),
    MX_O(struct mx_export_session, created_at, "Time of the sign-in."),
    MX_O(struct mx_export_session, last_used_at, "Time of the last token refresh."),
    MX_O(struct mx_export_session, authenticated_at, "Time of the last authentication."),
    MX_O_ENUM(struct mx_export_session, second_factor, second_factor_names,
              "Second factor that was used."),
    MX_O(struct mx_export_session, expires_at, "Time at which it expires unless it is used."),
    MX_O_NULL(struct mx_export_session, ended_at, "Time at which it was ended."),
    MX_O(struct mx_export_session, current, "True: the session of this request."),
};
static MX_SHAPE(session_shape, "ExportSession", struct mx_export_session, session_fields);

static const struct mx_field mail_fields[] = {
    MX_O(struct mx_export_mail, id, "Id of the e-mail."),
    MX_O(struct mx_export_mail, template, "Name of the template, like verify_code."),
    MX_O(struct mx_export_mail, locale, "Language of the e-mail."),
    MX_O_ENUM(struct mx_export_mail, state, mail_state_names, "State of delivery."),
    MX_O(struct mx_export_mail, created_at, "Time at which it was requested."),
    MX_O_NULL(struct mx_export_mail, done_at, "Time at which it was sent or given up."),
};
static MX_SHAPE(mail_shape, "ExportMail", struct mx_export_mail, mail_fields);

static const struct mx_field audit_fields[] = {
    MX_O(struct mx_export_audit, id, "Id of the entry."),
    MX_O(struct mx_export_audit, action, "Action, like account.update."),
    MX_O(struct mx_export_audit, object_type, "Type of the object, like account."),
    MX_O_ENUM(struct mx_export_audit, by, audit_by_names,
              "The kind of actor; other: not signed in, or a program of the shop."),
    MX_O_RAW(struct mx_export_audit, before, "The account before; null for other objects."),
    MX_O_RAW(struct mx_export_audit, after, "The account after; null for other objects."),
    MX_O_NULL(struct mx_export_audit, address, "IP address of the client, except that of staff."),
    MX_O_NULL(struct mx_export_audit, request_id, "Id of the request, except those of staff."),
    MX_O(struct mx_export_audit, created_at, "Time of creation."),
};
static MX_SHAPE(audit_shape, "ExportAuditEntry", struct mx_export_audit, audit_fields);

struct page {
    struct mx_export_page is;
    struct mx_str next_cursor;
};
#define PART(m, shape, doc) MX_F_SUB_AS(struct page, is.m, #m, MX_K_LIST, 0, 0, 0, &shape, doc)
static const struct mx_field page_fields[] = {
    PART(accounts, account_shape,
         "The caller's account, then the guest accounts that became part of it."),
    PART(orders, mx_shape_order, "Newest first."),
    PART(addresses, address_shape, "Addresses of the address book, carts and orders."),
    PART(sessions, session_shape, "Sessions: open ones first, then ended ones."),
    PART(mails, mail_shape,
         "E-mails to the account or its verified address; their texts are not kept."),
    PART(audit_log, audit_shape,
         "Audit log: actions of the caller, and actions of others on the account."),
    MX_O_NULL(struct page, next_cursor,
              "Send it as `cursor` to get the next page; null: this is the last page."),
};
static MX_SHAPE(export_shape, "Export", struct page, page_fields);

/* ---- request ---- */

struct query {
    int64_t limit;
    bool has_limit;
    struct mx_str cursor;
};
static const struct mx_field query_fields[] = {
    MX_F_HAS(struct query, limit, MX_QUERY, 0, 1, 100, MX_LINE,
             "Largest number of entries of all lists on a page, 100 by default. A page "
             "may have fewer and still not be the last."),
    MX_F(struct query, cursor, MX_QUERY, 0, 1, MX_CURSOR_MAX, MX_TOKEN,
         "`next_cursor` of the previous page."),
};
static MX_SHAPE(export_page_shape, "ExportQuery", struct query, query_fields);

/* A cursor's text is the account, its number the time and the part. */
static struct mx_str cursor_of(const struct mx_ctx *cx, const struct mx_export_at *at)
{
    struct mx_cursor c = {.set = true,
                          .number = at->ended_ms * PARTS_MAX + at->part,
                          .text = mx_id_str(cx->arena, at->account),
                          .id = at->before};

    return mx_cursor_encode(cx->arena, mx_cursor_tag(cx->route_id, 0), &c);
}

static enum mx_err place_of(struct mx_ctx *cx, struct mx_str cursor, struct mx_export_at *ret_at)
{
    struct mx_cursor c;

    *ret_at = (struct mx_export_at){.account = cx->actor.account};
    MX_TRY(mx_cursor_decode(cx->arena, mx_cursor_tag(cx->route_id, 0), cursor, cx->faults, &c));
    if (!c.set)
        return MX_OK;
    if (c.number < 0 || !mx_export_has_part((int)(c.number % PARTS_MAX)) || c.text.p == NULL ||
        !mx_id_parse(c.text, &ret_at->account)) {
        mx_fault_param(cx->faults, MX_S("cursor"), "bad_format",
                       "must be the next_cursor of the same list");
        return MX_E_VALIDATION_FAILED;
    }
    ret_at->part = (int)(c.number % PARTS_MAX);
    ret_at->ended_ms = c.number / PARTS_MAX;
    ret_at->before = c.id;
    return MX_OK;
}

static enum mx_err api_me_export(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    const struct query *q = in;
    struct page *out = MX_NEW(cx->arena, struct page);
    struct mx_export_at at;

    MX_TRY(place_of(cx, q->cursor, &at));
    MX_TRY(mx_export_page(cx, q->has_limit ? q->limit : LIMIT_DEFAULT, &at, &out->is));
    if (!mx_id_none(at.account))
        out->next_cursor = cursor_of(cx, &at);
    reply->out = out;
    return MX_OK;
}

const struct mx_route mx_routes_export[] = {
    {.id = "me.export",
     .method = MX_GET,
     .path = "/v1/me/export",
     .who = MX_WHO_TOKEN,
     .flags = MX_R_RECENT_AUTH,
     .rate = MX_RATE_PASSWORD,
     .in = &export_page_shape,
     .answers = {{200, &export_shape}},
     .fn = api_me_export,
     .doc = "Export personal data",
     .more = "Everything stored about the caller, including the guest accounts used before "
             "signing in. The data is paged list by list: follow `next_cursor` and join the "
             "lists; a list may be empty on a page."},
    {0}};
