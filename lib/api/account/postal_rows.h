/* The members of a postal address, in requests and answers alike. M(member, flags, max, format,
 * doc) is a row of a table whose struct has a struct mx_postal; `needed` is MX_F_REQUIRED or 0. */
#ifndef MX_API_ACCOUNT_POSTAL_ROWS_H
#define MX_API_ACCOUNT_POSTAL_ROWS_H

#include "http/field.h"
#include "shop/postal.h"

/* clang-format off */
#define MX_POSTAL_ROWS(M, needed) \
    M(name, needed, 200, MX_LINE, "Name of the recipient."),    \
    M(company, MX_F_NULLABLE, 200, MX_LINE, "Company."), \
    M(line1, needed, 200, MX_LINE, "Street and number."), \
    M(line2, MX_F_NULLABLE, 200, MX_LINE, "Second line of the address."), \
    M(city, needed, 120, MX_LINE, "City."), \
    M(region, MX_F_NULLABLE, 120, MX_LINE, \
      "Region or state; GET /v1/countries says where one is required."), \
    M(postal_code, MX_F_NULLABLE, 20, MX_LINE, \
      "Postal code; GET /v1/countries says where there is none."), \
    M(country, needed, 2, MX_COUNTRY, "Country code (ISO 3166-1 alpha-2)."), \
    M(phone, MX_F_NULLABLE, 32, MX_PHONE, "Telephone number for the carrier.")
/* clang-format on */

/* A postal address in an answer, and alone in a request. */
extern const struct mx_shape mx_shape_postal, mx_shape_postal_in;

/* Tell what the address at `at` lacks of what its country asks for (codec/country.h), unless it was
 * told already. */
void mx_postal_missing(struct mx_faults *faults, struct mx_str at, const struct mx_postal *p);

#endif
