/* Field tables: one row describes one member of a JSON object or one parameter, and binds it to a
 * member of a C struct by its offset. The same table reads a request (mx_fields_read, collecting
 * every fault), writes a response (mx_shape_write), and makes the OpenAPI schema (http/openapi.c).
 * The C type of the member gives the kind at compile time. */
#ifndef MX_HTTP_FIELD_H
#define MX_HTTP_FIELD_H

#include "base/clock.h"
#include "base/fault.h"
#include "base/id.h"
#include "base/list.h"
#include "codec/json.h"
#include "codec/jsonw.h"
#include "codec/money.h"
#include "codec/uri.h"

enum mx_kind {
    MX_K_STR,    /* struct mx_str */
    MX_K_INT,    /* int64_t */
    MX_K_BOOL,   /* bool */
    MX_K_ID,     /* struct mx_id */
    MX_K_TIME,   /* struct mx_time */
    MX_K_MONEY,  /* struct mx_money */
    MX_K_ENUM,   /* int, index into `names`; -1 is null */
    MX_K_OBJECT, /* embedded struct, `shape` */
    MX_K_OBJPTR, /* pointer to struct (NULL: null), `shape` */
    MX_K_LIST,   /* struct mx_list of `shape` structs */
    MX_K_STRS,   /* struct mx_list of struct mx_str */
    MX_K_IDS,    /* struct mx_list of struct mx_id, in a query alone: between commas, or repeated */
    MX_K_MAP,    /* struct mx_list of struct mx_pair: {"name": "value"} */
    MX_K_EACH,   /* struct mx_list of struct mx_sent: objects of `shape`, in a request alone */
    MX_K_METADATA,  /* struct mx_str: a JSON object of the caller's own, see MX_METADATA_* */
    MX_K_JSON_LIST, /* struct mx_str: JSON text of a LIST of `shape`, in an answer alone */
    MX_K_JSON_MAP,  /* the same of a MAP */
    MX_K_RAW /* struct mx_str: JSON text, written byte for byte; in a request: taken, not looked at
              */
};

enum mx_from { MX_BODY, MX_PATH, MX_QUERY, MX_HEADER };

/* Formats of strings: each is a row in format.c with its check and its OpenAPI pattern. */
enum mx_format {
    MX_TEXT, /* any characters but control characters other than \n \t */
    MX_LINE, /* one line without control characters; not white space alone */
    MX_EMAIL,
    MX_PASSWORD, /* any text, composed; never in logs or examples */
    MX_SLUG,     /* [a-z0-9]+(-[a-z0-9]+)* */
    MX_SKU,      /* [A-Za-z0-9._-]+ */
    MX_PHONE,    /* [+]?[0-9 ()./-]+ */
    MX_COUNTRY,  /* ISO 3166-1 alpha-2 */
    MX_CURRENCY, /* ISO 4217, known */
    MX_LOCALE,   /* BCP 47 */
    MX_DIGITS,
    MX_TOKEN, /* [A-Za-z0-9._~+/=-]+ */
    MX_ETAG
};

#define MX_F_REQUIRED 1u
#define MX_F_NULLABLE 2u
#define MX_F_SECRET 4u
#define MX_F_PREFIX \
    8u /* query: every parameter that starts with `name` ("attr."): a MAP of the rest */
#define MX_F_OMIT 16u      /* output: left out instead of null when absent */
#define MX_F_READ_ONLY 32u /* of a shape that is given and taken: no member of what is taken */
/* EACH: changes of what there is. Nothing is required but its id; its version may say what was
 * seen. */
#define MX_F_CHANGES 64u

#define MX_NO_HAS 0xffffu

/* What METADATA may hold: so many members, characters of a member's name and bytes of JSON text.
 * Numbers must be integers, for those alone are kept as they are written. */
#define MX_METADATA_MEMBERS 50
#define MX_METADATA_NAME 64
#define MX_METADATA_BYTES 16384

struct mx_shape;

struct mx_field {
    const char *name;
    enum mx_kind kind;
    enum mx_from from;
    unsigned flags;
    unsigned off;     /* of the bound member */
    unsigned has_off; /* of a bool "was sent", or MX_NO_HAS */
    int64_t min, max; /* code points, value or items; for MONEY the amount; both 0: no bounds */
    enum mx_format format;
    const char *const *names;     /* ENUM: NULL-terminated */
    const struct mx_shape *shape; /* OBJECT, OBJPTR, LIST */
    const char *doc;
    const char *names_id; /* ENUM: what the array of its names is called */
};

/* A named set of fields: a schema of the OpenAPI document. */
struct mx_shape {
    const char *name; /* PascalCase */
    size_t size;      /* of the C struct */
    const struct mx_field *fields;
    size_t n;
    /* A rule over several members of an object that was sent whole; NULL: none. A breach is
     * told of `faults` like what is wrong with a member; `at` points to the object. Members that
     * are missing or wrong are as if they were absent. */
    void (*check)(struct mx_faults *faults, struct mx_str at, const void *in);
};

/* Kind of a struct member by its C type; another type is a compile error. */
#define MX_KIND(T, m)                     \
    _Generic(((T *)0)->m, struct mx_str   \
             : MX_K_STR, int64_t          \
             : MX_K_INT, bool             \
             : MX_K_BOOL, struct mx_id    \
             : MX_K_ID, struct mx_time    \
             : MX_K_TIME, struct mx_money \
             : MX_K_MONEY)

/* clang-format off */
/* Rows. T: the struct, m: its member and, but for _AS, the wire name. */
#define MX_F(T, m, from, flags, min, max, fmt, doc) \
    {#m, MX_KIND(T, m), from, flags, offsetof(T, m), MX_NO_HAS, min, max, fmt, NULL, NULL, doc, NULL}
#define MX_F_AS(T, m, wire, from, flags, min, max, fmt, doc) \
    {wire, MX_KIND(T, m), from, flags, offsetof(T, m), MX_NO_HAS, min, max, fmt, NULL, NULL, doc, NULL}
/* As MX_F, and bool member has_<m> tells that the member was sent (PATCH: absent is not null). */
#define MX_F_HAS(T, m, from, flags, min, max, fmt, doc) \
    {#m, MX_KIND(T, m), from, flags, offsetof(T, m), offsetof(T, has_##m), min, max, fmt, NULL, NULL, doc, NULL}
/* `int` member m, index into the NULL-terminated array `names`. The array is called <enum>_names or
 * mx_<enum>_names: <Enum> is its component of the OpenAPI document. */
#define MX_F_ENUM(T, m, from, flags, names, doc) \
    {#m, MX_K_ENUM, from, flags, offsetof(T, m), MX_NO_HAS, 0, 0, MX_LINE, names, NULL, doc, #names}
#define MX_F_ENUM_HAS(T, m, from, flags, names, doc) \
    {#m, MX_K_ENUM, from, flags, offsetof(T, m), offsetof(T, has_##m), 0, 0, MX_LINE, names, NULL, doc, #names}
#define MX_F_ENUM_AS(T, m, wire, from, flags, names, doc) \
    {wire, MX_K_ENUM, from, flags, offsetof(T, m), MX_NO_HAS, 0, 0, MX_LINE, names, NULL, doc, #names}
/* Composite kinds: OBJECT, OBJPTR, LIST (min/max: items). */
#define MX_F_SUB(T, m, kind, flags, min, max, shape, doc) \
    {#m, kind, MX_BODY, flags, offsetof(T, m), MX_NO_HAS, min, max, MX_LINE, NULL, shape, doc, NULL}
#define MX_F_SUB_HAS(T, m, kind, flags, min, max, shape, doc) \
    {#m, kind, MX_BODY, flags, offsetof(T, m), offsetof(T, has_##m), min, max, MX_LINE, NULL, shape, doc, NULL}
#define MX_F_SUB_AS(T, m, wire, kind, flags, min, max, shape, doc) \
    {wire, kind, MX_BODY, flags, offsetof(T, m), MX_NO_HAS, min, max, MX_LINE, NULL, shape, doc, NULL}
/* STRS, MAP, RAW: kind given, C type as the kind says. min/max: items; strings of at most 200. */
#define MX_F_KIND(T, m, wire, kind, from, flags, min, max, fmt, doc) \
    {wire, kind, from, flags, offsetof(T, m), MX_NO_HAS, min, max, fmt, NULL, NULL, doc, NULL}
#define MX_F_KIND_HAS(T, m, wire, kind, from, flags, min, max, fmt, doc) \
    {wire, kind, from, flags, offsetof(T, m), offsetof(T, has_##m), min, max, fmt, NULL, NULL, doc, NULL}
/* Metadata of a resource, in a request: replaced as a whole, null empties it. An empty object is
 * absent, too. */
#define MX_F_METADATA(T, m, doc) \
    {#m, MX_K_METADATA, MX_BODY, MX_F_NULLABLE, offsetof(T, m), offsetof(T, has_##m), \
     0, MX_METADATA_MEMBERS, MX_TEXT, NULL, NULL, doc, NULL}
/* The If-Match header: versions that the caller has seen, for mx_version_check. */
#define MX_F_IF_MATCH(T, m) \
    MX_F_AS(T, m, "If-Match", MX_HEADER, 0, 1, 1000, MX_ETAG, \
            "The `version` that was read: the request is refused with 412 " \
            "`version_conflict` if it is no longer current.")
/* Output rows: member of the answer. */
#define MX_O(T, m, doc) MX_F(T, m, MX_BODY, 0, 0, 0, MX_TEXT, doc)
#define MX_O_NULL(T, m, doc) MX_F(T, m, MX_BODY, MX_F_NULLABLE, 0, 0, MX_TEXT, doc)
#define MX_O_ENUM(T, m, names, doc) MX_F_ENUM(T, m, MX_BODY, 0, names, doc)
#define MX_O_LIST(T, m, shape, doc) MX_F_SUB(T, m, MX_K_LIST, 0, 0, 0, shape, doc)
#define MX_O_OBJ(T, m, shape, doc) MX_F_SUB(T, m, MX_K_OBJECT, 0, 0, 0, shape, doc)
#define MX_O_PTR(T, m, shape, doc) MX_F_SUB(T, m, MX_K_OBJPTR, MX_F_NULLABLE, 0, 0, shape, doc)
#define MX_O_JSON_LIST(T, m, shape, doc) MX_F_SUB(T, m, MX_K_JSON_LIST, 0, 0, 0, shape, doc)
#define MX_O_JSON_MAP(T, m, doc) MX_F_KIND(T, m, #m, MX_K_JSON_MAP, MX_BODY, 0, 0, 0, MX_TEXT, doc)
#define MX_O_METADATA(T, m, doc) MX_F_KIND(T, m, #m, MX_K_METADATA, MX_BODY, 0, 0, 0, MX_TEXT, doc)
#define MX_O_RAW(T, m, doc) MX_F_KIND(T, m, #m, MX_K_RAW, MX_BODY, MX_F_NULLABLE, 0, 0, MX_TEXT, doc)
/* A shape over a static array of rows; declared extern in the header of its noun. */
#define MX_SHAPE(id, wire_name, T, rows) \
    const struct mx_shape id = {wire_name, sizeof(T), rows, MX_LEN(rows), NULL}
#define MX_SHAPE_CHECKED(id, wire_name, T, rows, check) \
    const struct mx_shape id = {wire_name, sizeof(T), rows, MX_LEN(rows), check}
/* clang-format on */

/* A struct of a shape, and which rows of the shape were sent: bit i is row i. */
struct mx_sent {
    void *at;
    uint64_t rows;
};

/* Where the values of one request come from. Path values are in the order of the {names} in the
 * route. */
struct mx_sources {
    const struct mx_json *body; /* NULL: no body */
    const struct mx_pair *query;
    int n_query;
    const struct mx_pair *path;
    int n_path;
    struct mx_str if_match; /* the only header field: wire name "If-Match" */
    bool partial;   /* of a PATCH: no member of the body is required, and an empty text clears
                     * what may be null */
    uint64_t *sent; /* NULL, or where to say which body rows were sent, as struct mx_sent */
};

/* Lay the members that were sent over *to, a struct of the same shape: what was sent as null is
 * absent there. */
void mx_sent_lay(const struct mx_shape *shape, const struct mx_sent *sent, void *to);

/* Take the parameters that the shape has out of the query; sources of them alone. */
struct mx_sources mx_sources_take(struct mx_arena *a, struct mx_sources *src,
                                  const struct mx_shape *shape);

/* Fill *out (zeroed here, shape->size bytes) from the sources. Strings are in the normal form of
 * their format (mx_format_norm), and borrow from the sources where they were sent so. Every fault
 * goes to `faults`, none of them quotes a value. Its codes: required, wrong_type, out_of_range,
 * too_short, too_long, too_few, too_many, bad_format, unknown_value (enums), unknown_member,
 * unknown_parameter, repeated (a parameter, or names of a MAP that are one in their normal form).
 * MX_E_VALIDATION_FAILED when there is any. MX_E_NOT_FOUND when a path value other than a string is
 * malformed: no such resource can be; path strings are checked like all others. The all-zero id and
 * the epoch are refused: they mean "none" inside. Empty text of an optional row that cannot be
 * empty counts as absent; in a change (src->partial, MX_F_CHANGES) it is null where the row may be
 * null. An empty parameter of IDS names none of them, and the list has
 * memory all the same. STRS take a repeatable query parameter. An ENUM that is absent is names[0].
 */
enum mx_err mx_fields_read(struct mx_arena *a, const struct mx_shape *shape,
                           const struct mx_sources *src, struct mx_faults *faults,
                           void *out) MX_MUST_CHECK;

/* Write `in` (a struct of the shape) as a JSON object of the shape's body rows. An absent member is
 * null, or left out with MX_F_OMIT: absent strings, ids, times and pointers, money without
 * currency, a negative enum, and all whose has_ member is false. An enum without a name, as a newer
 * program may have stored, makes the buffer overflow. */
void mx_shape_write(struct mx_jsonw *w, const struct mx_shape *shape, const void *in);

/* The normal form of valid UTF-8 of the format: free text is composed (Unicode form C), and what
 * is one line has no blanks at its ends. */
struct mx_str mx_format_norm(struct mx_arena *a, enum mx_format f, struct mx_str s);
/* True when a value is one of a list of codes: what is wrong with it is told by the hint, not by
 * its length. */
bool mx_format_is_code(enum mx_format f);
/* True when `s` is valid UTF-8 of the format; length is not its business. */
bool mx_format_check(enum mx_format f, struct mx_str s);
/* Description of a valid value of the format, for the detail of a fault: "must be …". */
const char *mx_format_hint(enum mx_format f);
/* The format's OpenAPI "format" or NULL, and its ECMA pattern or NULL. */
const char *mx_format_openapi(enum mx_format f);
const char *mx_format_pattern(enum mx_format f);

#endif
