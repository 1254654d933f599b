#include "account/account.h"

#include "io/db.h"
#include "q/account.h"
#include "shop/sealed.h"

const char *const mx_account_status_names[] = {"active", "closed", "disabled", "invited", NULL};

typedef struct q_account_profile_row row_t;

static int by_text(const void *a, const void *b)
{
    return mx_str_cmp(*(const struct mx_str *)a, *(const struct mx_str *)b);
}

static struct mx_list roles_of(struct mx_arena *a, struct mx_list rows)
{
    struct mx_list roles = MX_LIST(MX_NEW_N(a, rows.n, struct mx_str), 0);

    for (size_t i = 0; i < rows.n; i++) {
        struct mx_str role = MX_AT(rows, row_t, i)->role;

        if (role.p != NULL)
            *MX_AT(roles, struct mx_str, roles.n++) = role;
    }
    qsort(roles.at, roles.n, sizeof(struct mx_str), by_text);
    return roles;
}

enum mx_err mx_account_profile(struct mx_ctx *cx, struct mx_id id, struct mx_profile *ret_profile)
{
    struct mx_list rows;
    const row_t *r;
    struct mx_str phone;

    MX_TRY(q_account_profile(cx->db, &(struct q_account_profile_in){id}, &rows));
    if (rows.n == 0)
        return MX_E_NOT_FOUND;
    r = MX_AT(rows, row_t, 0);
    MX_TRY(mx_sealed_open(cx, MX_SEALED_PHONE, r->id, r->phone, &phone));
    *ret_profile = (struct mx_profile){
        .id = r->id,
        .email = r->email,
        .email_verified = r->verified_at.ms != 0,
        .name = r->name,
        .phone = phone,
        .locale = r->locale,
        .created_at = r->created_at,
        .mfa_enabled = r->mfa != 0,
        .public_metadata = r->public_metadata,
        .roles = roles_of(cx->arena, rows),
        .kind = r->kind,
    };
    return MX_OK;
}

static bool changes_nothing(const struct mx_profile_patch *in, const struct mx_profile *now)
{
    return (!in->has_name || mx_str_eq(in->name, now->name)) &&
           (!in->has_phone || mx_str_eq(in->phone, now->phone)) &&
           (!in->has_locale || mx_str_eq(in->locale, now->locale)) &&
           (!in->has_public_metadata || mx_str_eq(in->public_metadata, now->public_metadata));
}

enum mx_err mx_account_patch(struct mx_ctx *cx, const struct mx_profile_patch *in,
                             struct mx_profile *ret_profile)
{
    int64_t changed;
    struct mx_profile before;
    struct q_account_patch_in patch = {
        .id = cx->actor.account,
        .name = in->name,
        .set_phone = in->has_phone,
        .phone =
            mx_pii_seal(cx->arena, cx->proc->keys, MX_SEALED_PHONE, cx->actor.account, in->phone),
        .locale = in->locale,
        .set_public_metadata = in->has_public_metadata,
        .public_metadata = in->public_metadata,
        .now = {cx->now_ms},
    };

    MX_TRY(mx_account_profile(cx, cx->actor.account, &before));
    if (changes_nothing(in, &before)) {
        *ret_profile = before;
        return MX_OK;
    }
    MX_TRY(q_account_patch(cx->db, &patch, &changed));
    if (changed == 0)
        return MX_E_NOT_FOUND;
    return mx_account_profile(cx, cx->actor.account, ret_profile);
}

enum mx_err mx_account_lock(struct mx_ctx *cx, struct mx_id id)
{
    struct mx_list rows;

    MX_TRY(q_account_lock(cx->db, &(struct q_account_lock_in){id}, &rows));
    return rows.n == 0 ? MX_E_NOT_FOUND : MX_OK;
}

enum mx_err mx_account_lock_own(struct mx_ctx *cx)
{
    enum mx_err e = mx_account_lock(cx, cx->actor.account);

    return e == MX_E_NOT_FOUND ? MX_E_UNAUTHORIZED : e;
}

enum mx_err mx_account_stay(struct mx_ctx *cx, struct mx_id id)
{
    struct mx_list rows;

    MX_TRY(q_account_stay(cx->db, &(struct q_account_stay_in){id}, &rows));
    return rows.n == 0 ? MX_E_UNAUTHORIZED : MX_OK;
}

enum mx_err mx_account_keeps_way_in(struct mx_ctx *cx, struct mx_id id)
{
    struct mx_list rows;

    MX_TRY(q_account_ways_in(cx->db, &(struct q_account_ways_in_in){id}, &rows));
    if (rows.n == 1 && MX_AT(rows, struct q_account_ways_in_row, 0)->ways > 1)
        return MX_OK;
    return mx_fail(cx->faults, MX_E_CONFLICT,
                   "This is the only way to sign in: set a password first.");
}

enum mx_err mx_account_merge(struct mx_ctx *cx, struct mx_id guest, struct mx_id account)
{
    struct q_account_take_metadata_in in = {guest, account, {cx->now_ms}};

    return q_account_take_metadata(cx->db, &in, NULL);
}

enum mx_err mx_account_erase(struct mx_ctx *cx, const struct mx_holder *h)
{
    return q_account_erase(cx->db, &(struct q_account_erase_in){h->account, {cx->now_ms}}, NULL);
}

const struct mx_sealed_column mx_account_sealed = {MX_SEALED_PHONE, &q_account_sealed_sql,
                                                   &q_account_reseal_sql};

enum mx_err mx_account_owner(struct mx_ctx *cx, struct mx_str email_key, struct mx_owner *ret_owner)
{
    const struct q_account_owner_row *r;
    struct mx_list rows;

    *ret_owner = (struct mx_owner){.open = false};
    MX_TRY(q_account_owner(cx->db, &(struct q_account_owner_in){email_key}, &rows));
    if (rows.n == 0)
        return MX_OK;
    r = MX_AT(rows, const struct q_account_owner_row, 0);
    *ret_owner = (struct mx_owner){r->id, r->status == MX_ACCOUNT_ACTIVE, r->email, r->locale};
    return MX_OK;
}
