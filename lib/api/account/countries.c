/* /v1/countries */
#include "api/account/countries.h"

#include "codec/country.h"

struct country {
    struct mx_str code, name;
    int postal_code, region;
};
static const struct mx_field country_fields[] = {
    MX_O(struct country, code, "Country code (ISO 3166-1 alpha-2)."),
    MX_O(struct country, name, "Name in English."),
    MX_O_ENUM(struct country, postal_code, mx_address_part_names,
              "Whether an address requires a postal code; none: leave it out of the form."),
    MX_O_ENUM(struct country, region, mx_address_part_names,
              "Whether an address requires a state, province or prefecture; none: leave "
              "it out of the form."),
};
static MX_SHAPE(country_shape, "Country", struct country, country_fields);

struct countries {
    struct mx_list data;
};
static const struct mx_field countries_fields[] = {
    MX_O_LIST(struct countries, data, &country_shape, "All countries, by code."),
};
static MX_SHAPE(countries_shape, "Countries", struct countries, countries_fields);

static enum mx_err api_countries(struct mx_ctx *cx, MX_UNUSED const void *in,
                                 struct mx_reply *reply)
{
    struct countries *out = MX_NEW(cx->arena, struct countries);
    struct country *at = MX_NEW_N(cx->arena, mx_countries_n, struct country);

    for (size_t i = 0; i < mx_countries_n; i++) {
        const struct mx_country *c = &mx_countries[i];

        at[i] = (struct country){mx_str_c(c->code), mx_str_c(c->name), c->postal_code, c->region};
    }
    out->data = MX_LIST(at, mx_countries_n);
    reply->out = out;
    return MX_OK;
}

const struct mx_route mx_routes_countries[] = {
    {.id = "countries.list",
     .method = MX_GET,
     .path = "/v1/countries",
     .who = MX_WHO_PUBLIC,
     .flags = MX_R_PUBLIC,
     .answers = {{200, &countries_shape}},
     .fn = api_countries,
     .doc = "List countries",
     .more = "The countries of the world, with the members that a postal address in each "
             "requires. Use it to build address forms."},
    {0}};
