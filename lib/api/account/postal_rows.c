#include "api/account/postal_rows.h"

#include "codec/country.h"

#define OUT(m, flags, max, fmt, doc) \
    MX_F(struct mx_postal, m, MX_BODY, (flags)&MX_F_NULLABLE, 0, 0, MX_LINE, doc)
static const struct mx_field out_fields[] = {MX_POSTAL_ROWS(OUT, 0)};
MX_SHAPE(mx_shape_postal, "PostalAddress", struct mx_postal, out_fields);

#define IN(m, flags, max, fmt, doc) MX_F(struct mx_postal, m, MX_BODY, flags, 1, max, fmt, doc)
static const struct mx_field in_fields[] = {MX_POSTAL_ROWS(IN, MX_F_REQUIRED)};
static void check_postal(struct mx_faults *faults, struct mx_str at, const void *in)
{
    mx_postal_missing(faults, at, in);
}
MX_SHAPE_CHECKED(mx_shape_postal_in, "PostalAddressInput", struct mx_postal, in_fields,
                 check_postal);

void mx_postal_missing(struct mx_faults *faults, struct mx_str at, const struct mx_postal *p)
{
    const struct mx_country *c = mx_country_find(p->country);
    const struct {
        const char *name;
        struct mx_str value;
        bool needed;
        bool by_country; /* needed because of the country */
    } needs[] = {
        {"name", p->name, true, false},
        {"line1", p->line1, true, false},
        {"city", p->city, true, false},
        {"region", p->region, c && c->region == MX_PART_REQUIRED, true},
        {"postal_code", p->postal_code, c && c->postal_code == MX_PART_REQUIRED, true},
        {"country", p->country, true, false},
    };

    for (size_t i = 0; i < MX_LEN(needs); i++) {
        struct mx_str pointer = mx_str_fmt(faults->arena, "%.*s/%s", MX_FMT(at), needs[i].name);

        if (needs[i].needed && needs[i].value.n == 0 && !mx_fault_told(faults, pointer))
            mx_fault_at(faults, pointer, "required", "is required%s%s",
                        needs[i].by_country ? " where country is " : "",
                        needs[i].by_country ? c->code : "");
    }
}
