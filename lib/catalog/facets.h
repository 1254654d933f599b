/* Counts beside a list, inside of the catalog: shared by catalog*.c and facets.c only. */
#ifndef MX_CATALOG_FACETS_H
#define MX_CATALOG_FACETS_H

#include "catalog/catalog_plan.h"

/* Counts over the planned list, in one round trip. */
enum mx_err mx_catalog_facets(const struct mx_catalog_plan *p,
                              struct mx_facets *ret_facets) MX_MUST_CHECK;

#endif
