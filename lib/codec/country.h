/* THE table of countries (ISO 3166-1) and of what a postal address in each needs beside name,
 * street and city. What "none" says is for forms: a member that is sent all the same is kept. */
#ifndef MX_CODEC_COUNTRY_H
#define MX_CODEC_COUNTRY_H

#include "base/str.h"

enum mx_part { MX_PART_REQUIRED, MX_PART_OPTIONAL, MX_PART_NONE };
/* Wire names of enum mx_part, NULL-terminated. */
extern const char *const mx_address_part_names[];

struct mx_country {
    const char *code; /* alpha-2 */
    const char *name; /* in English */
    int postal_code;  /* enum mx_part */
    int region;       /* enum mx_part: state, province, prefecture */
};

/* All of them, by code. */
extern const struct mx_country mx_countries[];
extern const size_t mx_countries_n;

/* The country of an alpha-2 code in capitals, or NULL. */
const struct mx_country *mx_country_find(struct mx_str code);

#endif
