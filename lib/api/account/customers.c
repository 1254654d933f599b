/* /v1/admin/customers */
#include "api/account/customers.h"

#include "account/customer.h"

/* clang-format off */
#define FIELDS                                                                                     \
    MX_O(struct mx_customer, id, "Id of the account."),                                            \
    MX_O_NULL(struct mx_customer, email, "E-mail address; null after the account was erased."),    \
    MX_O(struct mx_customer, email_verified, "True: the address has been verified."),              \
    MX_O(struct mx_customer, name, "Name."),                                                       \
    MX_O(struct mx_customer, locale, "Language of e-mails, a BCP 47 tag: en, de-AT."),             \
    MX_O_ENUM(struct mx_customer, status, mx_account_status_names,                                 \
              "Only active customers can sign in."),                                               \
    MX_O(struct mx_customer, version,                                                              \
         "Version of the resource; send it in `If-Match` to detect changes by others."),           \
    MX_O(struct mx_customer, created_at, "Time of creation.")
/* clang-format on */

static const struct mx_field row_fields[] = {FIELDS};
static MX_SHAPE(row, "CustomerRow", struct mx_customer, row_fields);

static const struct mx_field customer_fields[] = {
    FIELDS,
    MX_O_NULL(struct mx_customer, phone, "Telephone number."),
    MX_O(struct mx_customer, orders_count, "Number of orders in any state."),
    MX_O_METADATA(struct mx_customer, metadata,
                  "Data of the staff; part of the customer's export of personal data."),
    MX_O_METADATA(struct mx_customer, public_metadata,
                  "Data that the customer's app and the staff share, as in GET /v1/me."),
};
static MX_SHAPE(customer_shape, "Customer", struct mx_customer, customer_fields);

/* States in which a customer can be; the names stand in the order of `states`. */
static const char *const customer_filter_names[] = {"active", "disabled", "closed", NULL};
static const int states[] = {MX_ACCOUNT_ACTIVE, MX_ACCOUNT_DISABLED, MX_ACCOUNT_CLOSED};
static const char *const customer_state_names[] = {"active", "disabled", NULL};

struct query {
    int status;
    bool has_status;
    struct mx_str email, q;
};
static const struct mx_field query_fields[] = {
    MX_F_ENUM_HAS(struct query, status, MX_QUERY, 0, customer_filter_names,
                  "Only customers in this state; by default all except closed ones."),
    MX_F(struct query, email, MX_QUERY, 0, 3, 254, MX_EMAIL,
         "Only the customer with this address."),
    MX_F(struct query, q, MX_QUERY, 0, 2, 200, MX_LINE,
         "Beginning of the e-mail address or name. Cannot be combined with `email`."),
};
static MX_SHAPE(customer_query_shape, "CustomerQuery", struct query, query_fields);

struct patch {
    struct mx_id id;
    struct mx_str if_match;
    int status;
    struct mx_str metadata, public_metadata;
    bool has_status, has_metadata, has_public_metadata;
};
#define ID MX_F(struct patch, id, MX_PATH, MX_F_REQUIRED, 0, 0, MX_LINE, "Id of the account.")
static const struct mx_field id_fields[] = {ID};
static MX_SHAPE(customer_id_shape, "CustomerId", struct patch, id_fields);

static const struct mx_field patch_fields[] = {
    ID,
    MX_F_IF_MATCH(struct patch, if_match),
    MX_F_ENUM_HAS(struct patch, status, MX_BODY, 0, customer_state_names,
                  "disabled: signed out at once and unable to sign in."),
    MX_F_METADATA(struct patch, metadata, "Data of the staff, not shown to buyers."),
    MX_F_METADATA(struct patch, public_metadata,
                  "Data of the staff that the customer's app can read."),
};
static MX_SHAPE(customer_patch_shape, "CustomerPatch", struct patch, patch_fields);

/* ---- handlers ---- */

/* Answer with the version as entity tag. */
static enum mx_err answer(struct mx_ctx *cx, struct mx_reply *reply, enum mx_err e,
                          const struct mx_customer *c)
{
    if (e == MX_OK)
        reply->etag = mx_str_fmt(cx->arena, "%lld", (long long)c->version);
    reply->out = c;
    return e;
}

static enum mx_err api_admin_customers_list(struct mx_ctx *cx, const void *in,
                                            struct mx_reply *reply)
{
    const struct query *i = in;
    struct mx_customer_query q = {.has_status = i->has_status,
                                  .status = states[i->status],
                                  .email = i->email,
                                  .q = i->q,
                                  .after = reply->page.at.id,
                                  .limit = reply->page.limit};

    if (i->email.p && i->q.p) {
        mx_fault_param(cx->faults, MX_S("q"), "unknown_parameter", "cannot be combined with email");
        return MX_E_VALIDATION_FAILED;
    }
    return mx_customer_list(cx, &q, &reply->page.rows);
}

static enum mx_err api_admin_customer_get(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    struct mx_customer *c = MX_NEW(cx->arena, struct mx_customer);

    return answer(cx, reply, mx_customer_get(cx, ((const struct patch *)in)->id, c), c);
}

static enum mx_err api_admin_customer_update(struct mx_ctx *cx, const void *in,
                                             struct mx_reply *reply)
{
    const struct patch *i = in;
    struct mx_customer *c = MX_NEW(cx->arena, struct mx_customer);
    struct mx_customer_patch p = {
        .id = i->id,
        .if_match = i->if_match,
        .status = states[i->status],
        .metadata = i->metadata,
        .public_metadata = i->public_metadata,
        .has_status = i->has_status,
        .has_metadata = i->has_metadata,
        .has_public_metadata = i->has_public_metadata,
    };

    return answer(cx, reply, mx_customer_update(cx, &p, c), c);
}

static enum mx_err api_admin_customer_end_sessions(struct mx_ctx *cx, const void *in,
                                                   MX_UNUSED struct mx_reply *reply)
{
    return mx_customer_end_sessions(cx, ((const struct patch *)in)->id);
}

const struct mx_route mx_routes_customers[] = {
    {.id = "admin.customers.list",
     .method = MX_GET,
     .path = "/v1/admin/customers",
     .who = MX_WHO_STAFF,
     .permission = MX_PERM(CUSTOMERS_READ),
     .flags = MX_R_LIST,
     .in = &customer_query_shape,
     .answers = {{200, &row}},
     .fn = api_admin_customers_list,
     .doc = "List customers",
     .more = "Newest first. `email` finds one address, `q` the beginning of an address or "
             "name; closed customers are listed only with `status=closed`."},
    {.id = "admin.customers.get",
     .method = MX_GET,
     .path = "/v1/admin/customers/{id}",
     .who = MX_WHO_STAFF,
     .permission = MX_PERM(CUSTOMERS_READ),
     .in = &customer_id_shape,
     .answers = {{200, &customer_shape}},
     .fn = api_admin_customer_get,
     .doc = "Get a customer",
     .more = "Returns the customer with contact details, metadata and the number of orders."},
    {.id = "admin.customers.update",
     .method = MX_PATCH,
     .path = "/v1/admin/customers/{id}",
     .who = MX_WHO_STAFF,
     .permission = MX_PERM(CUSTOMERS_WRITE),
     .flags = MX_R_TX,
     .in = &customer_patch_shape,
     .answers = {{200, &customer_shape}},
     .errors = MX_ROUTE_ERRORS(MX_E_INVALID_TRANSITION),
     .fn = api_admin_customer_update,
     .doc = "Update a customer",
     .more = "Disables or enables a customer, or replaces `metadata` and `public_metadata`. "
             "Members that are not sent are unchanged. Disabling ends all sessions at once. "
             "A closed account stays closed: 409 `invalid_transition`."},
    {.id = "admin.customers.end_sessions",
     .method = MX_DELETE,
     .path = "/v1/admin/customers/{id}/sessions",
     .who = MX_WHO_STAFF,
     .permission = MX_PERM(CUSTOMERS_WRITE),
     .flags = MX_R_TX,
     .in = &customer_id_shape,
     .answers = {{204}},
     .fn = api_admin_customer_end_sessions,
     .doc = "End all sessions of a customer",
     .more = "Signs the customer out on every device at once. The customer can sign in "
             "again."},
    {0}};
