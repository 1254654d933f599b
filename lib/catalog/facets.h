/* Counts beside a list, inside of the catalog: shared by catalog.c and facets.c only. */
#ifndef MX_CATALOG_FACETS_H
#define MX_CATALOG_FACETS_H

#include "catalog/catalog.h"
#include "catalog/search.h"

/* A query made ready for the statements. */
struct mx_catalog_plan {
    struct mx_ctx *cx;
    const struct mx_catalog_query *q;
    enum mx_catalog_sort sort;
    struct mx_search search;  /* absent: no words */
    struct mx_str attributes; /* as sql/queries/catalog.sql says */
    int64_t n_attributes;     /* names among them */
    struct mx_str name;       /* the attribute that finds candidates; absent: none */
    struct mx_str value;      /* its value; absent: it has several */
    struct mx_id category;    /* none: all */
};

/* Counts over the planned list, in one round trip. */
enum mx_err mx_catalog_facets(const struct mx_catalog_plan *p,
                              struct mx_facets *ret_facets) MX_MUST_CHECK;

#endif
