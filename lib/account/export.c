#include "account/export.h"

#include "account/address.h"
#include "account/oidc.h"
#include "account/passkey.h"
#include "codec/totp.h"
#include "q/export.h"
#include "shop/mail.h"

/* Codes that are mailed live for minutes, and rate limits let no more than these be made. */
#define CODES_MAX 1000
/* The end of the year 9999. */
#define TIME_MAX_MS INT64_C(253402300799999)

static struct mx_id before(const struct mx_export_walk *w)
{
    struct mx_id newest;

    memset(newest.b, 0xff, sizeof(newest.b));
    return mx_id_none(w->at.before) ? newest : w->at.before;
}

bool mx_export_cut(struct mx_list *rows, int64_t limit)
{
    bool more = rows->n > (size_t)limit;

    if (more)
        rows->n = (size_t)limit;
    return more;
}

/* ---- what an account is ---- */

static enum mx_err read_codes(struct mx_ctx *cx, struct mx_list *ret_codes)
{
    struct mx_list rows;
    struct q_export_codes_in in = {cx->actor.account, CODES_MAX};

    MX_TRY(q_export_codes(cx->db, &in, &rows));
    *ret_codes = MX_LIST(MX_NEW_N(cx->arena, rows.n, struct mx_export_code), rows.n);
    for (size_t i = 0; i < rows.n; i++) {
        const struct q_export_codes_row *r = MX_AT(rows, struct q_export_codes_row, i);

        *MX_AT(*ret_codes, struct mx_export_code, i) = (struct mx_export_code){
            (int)r->purpose, r->email, r->name, r->attempts, r->created_at, r->expires_at};
    }
    return MX_OK;
}

static enum mx_err read_row(struct mx_ctx *cx, struct mx_export_account *x, bool *ret_password)
{
    struct mx_list rows;
    const struct q_export_account_row *r;

    MX_TRY(q_export_account(cx->db, &(struct q_export_account_in){x->profile.id}, &rows));
    if (rows.n == 0)
        return MX_E_NOT_FOUND;
    r = MX_AT(rows, struct q_export_account_row, 0);
    x->email_verified_at = r->verified_at;
    x->updated_at = r->updated_at;
    x->metadata = r->metadata;
    *ret_password = r->has_password != 0;
    x->factors = (struct mx_export_factors){
        .totp_begun_at = r->totp_begun_at,
        .totp_since = r->totp_since,
        .totp_last_used_at = {r->totp_last_step * MX_TOTP_STEP_S * 1000},
        .recovery_codes_left = r->codes_left,
        .recovery_codes_since = r->codes_since,
        .recovery_code_last_used_at = r->code_used_at,
    };
    return MX_OK;
}

static struct mx_list ways_in(struct mx_arena *a, const struct mx_export_account *x, bool password)
{
    struct mx_str *at = MX_NEW_N(a, 3, struct mx_str);
    size_t n = 0;

    if (password)
        at[n++] = MX_S("password");
    if (x->passkeys.n > 0)
        at[n++] = MX_S("passkey");
    if (x->identities.n > 0)
        at[n++] = MX_S("identity");
    return MX_LIST(at, n);
}

static enum mx_err describe(struct mx_ctx *cx, struct mx_export_account *x)
{
    bool password;

    MX_TRY(mx_account_profile(cx, cx->actor.account, &x->profile));
    MX_TRY(read_row(cx, x, &password));
    MX_TRY(mx_passkey_list(cx, &x->passkeys));
    MX_TRY(mx_oidc_list(cx, &x->identities));
    x->ways_in = ways_in(cx->arena, x, password);
    MX_TRY(mx_address_list(cx, (struct mx_id){{0}}, MX_ADDRESSES_MAX, &x->addresses));
    return read_codes(cx, &x->codes);
}

/* A guest may end meanwhile. */
enum mx_err mx_export_accounts(struct mx_export_walk *w, MX_UNUSED int64_t limit,
                               struct mx_list *ret_rows, bool *ret_more)
{
    struct mx_export_account *x = MX_NEW(w->as.arena, struct mx_export_account);
    enum mx_err e = describe(&w->as, x);

    *ret_rows = MX_LIST(x, e == MX_OK);
    *ret_more = false;
    if (e != MX_E_NOT_FOUND)
        return e;
    return mx_id_eq(w->as.actor.account, w->self) ? MX_E_UNAUTHORIZED : MX_OK;
}

/* ---- what it has gathered ---- */

enum mx_err mx_export_addresses(struct mx_export_walk *w, int64_t limit, struct mx_list *ret_rows,
                                bool *ret_more)
{
    struct mx_ctx *cx = &w->as;
    struct mx_list rows;
    struct q_export_addresses_in in = {w->at.account, before(w), limit + 1};

    MX_TRY(q_export_addresses(cx->db, &in, &rows));
    *ret_more = mx_export_cut(&rows, limit);
    *ret_rows = MX_LIST(MX_NEW_N(cx->arena, rows.n, struct mx_export_address), rows.n);
    for (size_t i = 0; i < rows.n; i++) {
        const struct q_export_addresses_row *r = MX_AT(rows, struct q_export_addresses_row, i);
        struct mx_export_address *x = MX_AT(*ret_rows, struct mx_export_address, i);

        *x = (struct mx_export_address){.id = r->id, .created_at = r->created_at};
        MX_TRY(mx_postal_open(cx, r->id, r->sealed, r->country, &x->to));
    }
    return MX_OK;
}

static struct mx_str or_absent(struct mx_str s)
{
    return s.n > 0 ? s : (struct mx_str){0};
}

static void sessions_of(const struct mx_export_walk *w, struct mx_list rows,
                        struct mx_list *ret_rows)
{
    *ret_rows = MX_LIST(MX_NEW_N(w->as.arena, rows.n, struct mx_export_session), rows.n);
    for (size_t i = 0; i < rows.n; i++) {
        const struct q_export_session_row *r = MX_AT(rows, struct q_export_session_row, i);

        *MX_AT(*ret_rows, struct mx_export_session, i) = (struct mx_export_session){
            .id = r->id,
            .user_agent = or_absent(r->user_agent),
            .address = or_absent(r->address),
            .created_at = r->created_at,
            .last_used_at = r->rotated_at,
            .authenticated_at = r->authenticated_at,
            .expires_at = r->expires_at,
            .ended_at = r->revoked_at,
            .second_factor = (int)r->second_factor,
            .current = mx_id_eq(r->id, w->as.actor.session),
        };
    }
}

enum mx_err mx_export_sessions(struct mx_export_walk *w, int64_t limit, struct mx_list *ret_rows,
                               bool *ret_more)
{
    struct mx_list rows;
    struct q_export_sessions_in in = {w->at.account, before(w), limit + 1};

    MX_TRY(q_export_sessions(w->as.db, &in, &rows));
    *ret_more = mx_export_cut(&rows, limit);
    sessions_of(w, rows, ret_rows);
    return MX_OK;
}

enum mx_err mx_export_ended_sessions(struct mx_export_walk *w, int64_t limit,
                                     struct mx_list *ret_rows, bool *ret_more)
{
    struct mx_list rows;
    int64_t ended_ms = mx_id_none(w->at.before) ? TIME_MAX_MS : w->at.ended_ms;
    struct q_export_ended_in in = {w->at.account, {ended_ms}, before(w), limit + 1};

    MX_TRY(q_export_ended(w->as.db, &in, &rows));
    *ret_more = mx_export_cut(&rows, limit);
    sessions_of(w, rows, ret_rows);
    if (rows.n > 0)
        w->at.ended_ms = MX_AT(*ret_rows, struct mx_export_session, rows.n - 1)->ended_at.ms;
    return MX_OK;
}

/* Mail from before there was an account is found by the address; to one that was never proved it
 * may be somebody else's. No hash is all zero. */
static enum mx_err find_mails(struct mx_export_walk *w, int64_t limit, struct mx_list *ret_rows)
{
    struct mx_ctx *cx = &w->as;
    struct mx_profile owner;
    struct q_export_mails_in in = {
        .account = w->at.account, .before = before(w), .limit = limit + 1};
    enum mx_err e = mx_account_profile(cx, w->at.account, &owner);

    if (e == MX_OK && owner.email_verified && owner.email.p != NULL)
        mx_mail_hashes(cx, owner.email, &in.recipient, &in.recipient_old);
    if (e != MX_OK && e != MX_E_NOT_FOUND)
        return e;
    return q_export_mails(cx->db, &in, ret_rows);
}

enum mx_err mx_export_mails(struct mx_export_walk *w, int64_t limit, struct mx_list *ret_rows,
                            bool *ret_more)
{
    struct mx_list rows;

    MX_TRY(find_mails(w, limit, &rows));
    *ret_more = mx_export_cut(&rows, limit);
    *ret_rows = MX_LIST(MX_NEW_N(w->as.arena, rows.n, struct mx_export_mail), rows.n);
    for (size_t i = 0; i < rows.n; i++) {
        const struct q_export_mails_row *r = MX_AT(rows, struct q_export_mails_row, i);

        *MX_AT(*ret_rows, struct mx_export_mail, i) = (struct mx_export_mail){
            r->id, r->template, r->locale, (int)r->state, r->created_at, r->sent_at};
    }
    return MX_OK;
}

enum mx_err mx_export_audit_rows(struct mx_export_walk *w, int64_t limit, struct mx_list *ret_rows,
                                 bool *ret_more)
{
    struct mx_list rows;
    struct q_export_audit_in in = {w->at.account, w->self, before(w), limit + 1};

    MX_TRY(q_export_audit(w->as.db, &in, &rows));
    *ret_more = mx_export_cut(&rows, limit);
    *ret_rows = MX_LIST(MX_NEW_N(w->as.arena, rows.n, struct mx_export_audit), rows.n);
    for (size_t i = 0; i < rows.n; i++) {
        const struct q_export_audit_row *r = MX_AT(rows, struct q_export_audit_row, i);

        *MX_AT(*ret_rows, struct mx_export_audit, i) = (struct mx_export_audit){
            .id = r->id,
            .action = r->action,
            .object_type = r->object_type,
            .by = (int)r->by,
            .before = r->before,
            .after = r->after,
            .address = or_absent(r->address),
            .request_id = or_absent(r->request),
            .created_at = r->created_at,
        };
    }
    return MX_OK;
}

/* ---- page by page ---- */

/* A page that is being filled. */
struct page {
    struct mx_export_walk walk;
    int64_t left; /* rows that it still takes */
    void *lists;
};

/* Part number `n` of all that the table of holdings has; NULL behind the last one. */
static const struct mx_export_part *part_at(int n)
{
    for (const struct mx_holding *x = mx_holdings; x->table != NULL; x++)
        for (const struct mx_export_part *p = x->export; p != NULL && p->read != NULL; p++)
            if (n-- == 0)
                return p;
    return NULL;
}

static struct mx_list *list_of(const struct page *g, const struct mx_export_part *p)
{
    return (struct mx_list *)((char *)g->lists + p->list);
}

/* Rows of the part that this page still takes. */
static int64_t room(const struct page *g, const struct mx_export_part *p)
{
    int64_t n = p->max == 0 ? g->left : p->max - (int64_t)list_of(g, p)->n;

    return n < g->left ? n : g->left;
}

static void append(struct page *g, const struct mx_export_part *p, struct mx_list rows)
{
    struct mx_list *list = list_of(g, p);
    char *end = (char *)list->at + list->n * p->size;

    if (rows.n == 0)
        return;
    memcpy(end, rows.at, rows.n * p->size);
    memcpy(&g->walk.at.before, end + (rows.n - 1) * p->size, sizeof(g->walk.at.before));
    list->n += rows.n;
    g->left -= (int64_t)rows.n;
}

/* The guest whose id is `from`, or the next one. */
static enum mx_err go_to_guest(struct mx_export_walk *w, struct mx_id from)
{
    struct mx_list rows;
    struct mx_id guest;

    MX_TRY(q_export_guest(w->as.db, &(struct q_export_guest_in){w->self, from}, &rows));
    guest = (struct mx_id){{0}};
    if (rows.n > 0)
        guest = MX_AT(rows, struct q_export_guest_row, 0)->id;
    if (!mx_id_eq(guest, w->at.account))
        w->at = (struct mx_export_at){.account = guest};
    return MX_OK;
}

static struct mx_id after(struct mx_id id)
{
    for (size_t i = sizeof(id.b); i > 0 && ++id.b[i - 1] == 0; i--)
        continue;
    return id;
}

static enum mx_err next_part(struct mx_export_walk *w)
{
    struct mx_id none = {{0}};

    w->at = (struct mx_export_at){.account = w->at.account, .part = w->at.part + 1};
    if (part_at(w->at.part) != NULL)
        return MX_OK;
    return go_to_guest(w, mx_id_eq(w->at.account, w->self) ? none : after(w->at.account));
}

static enum mx_err fill(struct page *g)
{
    struct mx_export_walk *w = &g->walk;

    while (!mx_id_none(w->at.account)) {
        const struct mx_export_part *p = part_at(w->at.part);
        int64_t limit = room(g, p);
        struct mx_list rows;
        bool more;

        if (limit == 0)
            return MX_OK;
        w->as.actor.account = w->at.account;
        MX_TRY(p->read(w, limit, &rows, &more));
        append(g, p, rows);
        if (more)
            return MX_OK;
        MX_TRY(next_part(w));
    }
    return MX_OK;
}

bool mx_export_has_part(int part)
{
    return part >= 0 && part_at(part) != NULL;
}

enum mx_err mx_export_page(struct mx_ctx *cx, int64_t limit, struct mx_export_at *at,
                           void *ret_lists)
{
    struct page g = {{*cx, cx->actor.account, *at}, limit, ret_lists};
    const struct mx_export_part *p;

    for (int i = 0; (p = part_at(i)) != NULL; i++)
        *list_of(&g, p) =
            MX_LIST_OF(mx_arena_zalloc(cx->arena, (size_t)limit, p->size), 0, p->size);
    if (!mx_id_eq(at->account, g.walk.self))
        MX_TRY(go_to_guest(&g.walk, at->account));
    MX_TRY(fill(&g));
    *at = g.walk.at;
    return MX_OK;
}
