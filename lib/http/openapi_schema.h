/* JSON Schemas (2020-12) of field rows and shapes, for the OpenAPI document. */
#ifndef MX_HTTP_OPENAPI_SCHEMA_H
#define MX_HTTP_OPENAPI_SCHEMA_H

#include "http/shapes.h"

/* Write {"$ref": …} to the component of `shape` as it is given or taken. */
void mx_openapi_ref(struct mx_jsonw *w, const struct mx_shapes *s, const struct mx_shape *shape,
                    enum mx_way way);

/* The same to the component of a page of such rows. */
void mx_openapi_list_ref(struct mx_jsonw *w, const struct mx_shape *shape);

/* Write the schema of one row as it is taken (`in`) or given. */
void mx_openapi_field(struct mx_jsonw *w, const struct mx_shapes *s, const struct mx_field *f,
                      bool in);

/* Write the object of all component schemas: each shape once a direction (a shape that is taken and
 * given gives "Name" and "NameInput"), what a PATCH takes as "NamePatch", changes by id as
 * "NameChange", pages as "NameList", each enumeration once, Money where it is used, Problem,
 * ErrorCode and FaultCode. Schemas of input are closed, those of answers may grow. MX_BUG when two
 * enumerations of other values have one name. */
void mx_openapi_components(struct mx_jsonw *w, const struct mx_shapes *s, mx_routes_ptr tables);

/* Write "name": "value" and "name": value. */
void mx_openapi_c(struct mx_jsonw *w, const char *name, const char *value);
void mx_openapi_int(struct mx_jsonw *w, const char *name, int64_t value);
void mx_openapi_bool(struct mx_jsonw *w, const char *name, bool value);

#endif
