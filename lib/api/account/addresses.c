/* /v1/me/addresses */
#include "api/account/addresses.h"

#include "account/address.h"
#include "api/account/postal_rows.h"

/* ---- answers ---- */

#define OUT(m, flags, max, fmt, doc) \
    MX_F_AS(struct mx_address, to.m, #m, MX_BODY, (flags)&MX_F_NULLABLE, 0, 0, MX_LINE, doc)
static const struct mx_field address_fields[] = {
    MX_O(struct mx_address, id, "Id of the saved address."),
    MX_POSTAL_ROWS(OUT, 0),
    MX_O(struct mx_address, is_default, "True: the default address."),
    MX_O(struct mx_address, created_at, "Time of creation."),
};
MX_SHAPE(mx_shape_address, "Address", struct mx_address, address_fields);

/* ---- requests ---- */

#define IN(m, flags, max, fmt, doc) \
    MX_F_AS(struct mx_address_put, to.m, #m, MX_BODY, flags, 1, max, fmt, doc)
/* clang-format off */
#define ADDRESS_FIELDS \
    MX_POSTAL_ROWS(IN, MX_F_REQUIRED), \
    MX_F_HAS(struct mx_address_put, is_default, MX_BODY, 0, 0, 0, MX_LINE, \
             "true: make it the default instead of the present one. The first address " \
         "always becomes the default.")
/* clang-format on */
static const struct mx_field new_fields[] = {ADDRESS_FIELDS};
static void check_address(struct mx_faults *faults, struct mx_str at, const void *in)
{
    mx_postal_missing(faults, at, &((const struct mx_address_put *)in)->to);
}
static MX_SHAPE_CHECKED(address_new_shape, "AddressNew", struct mx_address_put, new_fields,
                        check_address);

static const struct mx_field put_fields[] = {
    MX_F(struct mx_address_put, id, MX_PATH, MX_F_REQUIRED, 0, 0, MX_LINE,
         "Id of the saved address."),
    ADDRESS_FIELDS,
};
static MX_SHAPE_CHECKED(address_put_shape, "AddressPut", struct mx_address_put, put_fields,
                        check_address);

struct address_id {
    struct mx_id id;
};
static const struct mx_field id_fields[] = {
    MX_F(struct address_id, id, MX_PATH, MX_F_REQUIRED, 0, 0, MX_LINE, "Id of the saved address."),
};
static MX_SHAPE(address_id_shape, "AddressId", struct address_id, id_fields);

/* ---- handlers ---- */

static enum mx_err api_addresses_list(struct mx_ctx *cx, MX_UNUSED const void *in,
                                      struct mx_reply *reply)
{
    return mx_address_list(cx, reply->page.at.id, reply->page.limit, &reply->page.rows);
}

static enum mx_err api_address_add(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    struct mx_address *out = MX_NEW(cx->arena, struct mx_address);

    MX_TRY(mx_address_put(cx, in, out));
    reply->out = out;
    reply->location = mx_str_fmt(cx->arena, "/v1/me/addresses/%s", mx_id_str(cx->arena, out->id).p);
    return MX_OK;
}

static enum mx_err api_address_get(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    struct mx_address *out = MX_NEW(cx->arena, struct mx_address);

    reply->out = out;
    return mx_address_get(cx, ((const struct address_id *)in)->id, out);
}

static enum mx_err api_address_put(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    struct mx_address *out = MX_NEW(cx->arena, struct mx_address);

    reply->out = out;
    return mx_address_put(cx, in, out);
}

static enum mx_err api_address_remove(struct mx_ctx *cx, const void *in, struct mx_reply *reply)
{
    (void)reply;
    return mx_address_remove(cx, ((const struct address_id *)in)->id);
}

const struct mx_route mx_routes_addresses[] = {
    {.id = "me.addresses.list",
     .method = MX_GET,
     .path = "/v1/me/addresses",
     .who = MX_WHO_TOKEN,
     .flags = MX_R_LIST,
     .answers = {{200, &mx_shape_address}},
     .fn = api_addresses_list,
     .doc = "List the address book",
     .more = "The caller's saved addresses, newest first."},
    {.id = "me.addresses.add",
     .method = MX_POST,
     .path = "/v1/me/addresses",
     .who = MX_WHO_TOKEN,
     .flags = MX_R_TX,
     .in = &address_new_shape,
     .answers = {{201, &mx_shape_address}},
     .errors = MX_ROUTE_ERRORS(MX_E_CONFLICT),
     .fn = api_address_add,
     .doc = "Add an address",
     .more = "Saves a postal address. The first one becomes the default. GET /v1/countries "
             "says which members a country requires. 409 `conflict`: the address book is "
             "full."},
    {.id = "me.addresses.get",
     .method = MX_GET,
     .path = "/v1/me/addresses/{id}",
     .who = MX_WHO_TOKEN,
     .in = &address_id_shape,
     .answers = {{200, &mx_shape_address}},
     .fn = api_address_get,
     .doc = "Get an address",
     .more = "Returns one saved address. Another account's address is 404."},
    {.id = "me.addresses.put",
     .method = MX_PUT,
     .path = "/v1/me/addresses/{id}",
     .who = MX_WHO_TOKEN,
     .flags = MX_R_TX,
     .in = &address_put_shape,
     .answers = {{200, &mx_shape_address}},
     .fn = api_address_put,
     .doc = "Replace an address",
     .more = "Replaces all members of a saved address. Carts and orders keep the address "
             "that they were given."},
    {.id = "me.addresses.remove",
     .method = MX_DELETE,
     .path = "/v1/me/addresses/{id}",
     .who = MX_WHO_TOKEN,
     .flags = MX_R_TX,
     .in = &address_id_shape,
     .answers = {{204}},
     .fn = api_address_remove,
     .doc = "Delete an address",
     .more = "Removes a saved address. Carts and orders that use it keep their copy."},
    {0}};
