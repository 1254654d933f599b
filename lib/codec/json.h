/* Strict JSON reading (RFC 8259). A one-pass scan refuses what cJSON lets through (trailing bytes,
 * invalid UTF-8, NUL and \u0000, raw control bytes, BOM, lone surrogates, bad numbers, duplicate
 * members, depth over MX_JSON_DEPTH); then cJSON builds the tree. The only file that sees cJSON. */
#ifndef MX_CODEC_JSON_H
#define MX_CODEC_JSON_H

#include "base/str.h"

#define MX_JSON_DEPTH 16
#define MX_JSON_NODES 20000

enum mx_json_type {
    MX_JSON_NULL,
    MX_JSON_BOOL,
    MX_JSON_NUMBER,
    MX_JSON_STRING,
    MX_JSON_ARRAY,
    MX_JSON_OBJECT
};

struct mx_json; /* one value; opaque */

/* Parse one document. The tree lives in `a`. MX_E_MALFORMED_JSON with *ret_why (a literal) naming
 * the fault and *ret_offset its byte. */
enum mx_err mx_json_parse(struct mx_arena *a, struct mx_str text, const struct mx_json **ret_root,
                          const char **ret_why, size_t *ret_offset) MX_MUST_CHECK;

/* The member of the outermost object whose value is why mx_json_parse refuses the text, by a NUL in
 * it; absent where the fault is another. */
struct mx_str mx_json_nul_member(struct mx_arena *a, struct mx_str text);

/* Type of a value; the accessors below need the fitting one. */
enum mx_json_type mx_json_type(const struct mx_json *v);
/* Value of a string, NUL-terminated in the arena. */
struct mx_str mx_json_string(const struct mx_json *v);
bool mx_json_bool(const struct mx_json *v);
/* True when the number is an integer within +-(2^53-1), written without exponent; 1.0 is 1. */
bool mx_json_int(const struct mx_json *v, int64_t *ret_value);
/* Children of an array or object, in order: first, then next until NULL. */
const struct mx_json *mx_json_first(const struct mx_json *v);
const struct mx_json *mx_json_next(const struct mx_json *v);
size_t mx_json_count(const struct mx_json *v);
/* Name of an object's member. */
struct mx_str mx_json_name(const struct mx_json *member);
/* Case-sensitive member of an object, or NULL. */
const struct mx_json *mx_json_get(const struct mx_json *object, const char *name);

#endif
