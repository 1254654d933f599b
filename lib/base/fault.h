/* The faults of one request, collected so that a client sees all of them at once. At most
 * MX_FAULTS_MAX are kept. Layers that know no HTTP add to it; http/problem.c prints it. */
#ifndef MX_BASE_FAULT_H
#define MX_BASE_FAULT_H

#include "base/str.h"

#define MX_FAULTS_MAX 20
#define MX_FAULT_EXTRAS_MAX 4

/* The codes of faults, each with what it means: X("code", "Meaning"). The code of an error
 * (base/err.h) is one, too, where the whole error is about one place. */
#define MX_FAULT_CODES(X)                                                            \
    X("required", "is missing")                                                      \
    X("wrong_type", "has the wrong JSON type, or is null where null is not allowed") \
    X("bad_format", "does not have the required format")                             \
    X("out_of_range", "is a number or an amount outside its bounds")                 \
    X("too_short", "has too few characters")                                         \
    X("too_long", "has too many characters or bytes")                                \
    X("too_few", "has too few entries")                                              \
    X("too_many", "has too many entries")                                            \
    X("repeated", "appears twice")                                                   \
    X("unknown_member", "is not a member of the object, or not beside another one")  \
    X("unknown_parameter", "is not a parameter of the request")                      \
    X("unknown_value", "is not an allowed value, or refers to nothing that exists")  \
    X("taken", "must be unique, and another one has it")                             \
    X("in_use", "is used by another one")                                            \
    X("empty", "is empty")                                                           \
    X("mismatch", "does not match another member")                                   \
    X("wrong_currency", "is not in the currency of the store")                       \
    X("weak_password", "is easy to guess")                                           \
    X("level_exists", "is a level that only a stock adjustment changes")             \
    X("not_offered", "is a payment provider that the store does not offer")

struct mx_fault {
    struct mx_str pointer;   /* RFC 6901 pointer into the body; absent for a parameter */
    struct mx_str parameter; /* query, path or header name; absent for a body member */
    const char *code;        /* of MX_FAULT_CODES or MX_ERRORS */
    struct mx_str detail;    /* a sentence for a person */
    struct mx_str params;    /* what it names, for a program: a JSON object; absent: nothing */
};

struct mx_faults {
    struct mx_arena *arena;
    struct mx_str detail;  /* replaces the problem's default detail */
    struct mx_str params;  /* what it names, for a program: a JSON object; absent: nothing */
    int n, dropped;        /* those that are kept, and those beyond the maximum */
    struct mx_fault *last; /* the fault just added; NULL: it was one too many */
    struct mx_fault at[MX_FAULTS_MAX];
    int n_extra; /* further string members of the problem, e.g. order_id */
    struct {
        const char *name;
        struct mx_str value;
    } extra[MX_FAULT_EXTRAS_MAX];
    int retry_after_s; /* > 0: Retry-After */
    bool bad_token;    /* the access token that was sent is good for nothing: 401 says so */
};

/* Empty collection whose texts live in `a`. */
void mx_faults_init(struct mx_faults *f, struct mx_arena *a);
/* Add a fault of the body member at `pointer` (copied); beyond the maximum it is counted alone. */
void mx_fault_at(struct mx_faults *f, struct mx_str pointer, const char *code, const char *fmt, ...)
    MX_PRINTF(4, 5);
/* Add a fault of a query, path or header parameter. */
void mx_fault_param(struct mx_faults *f, struct mx_str name, const char *code, const char *fmt, ...)
    MX_PRINTF(4, 5);
/* How many faults there were, kept or not. */
int mx_faults_told(const struct mx_faults *f);
/* True when a fault at `pointer` is there already. */
bool mx_fault_told(const struct mx_faults *f, struct mx_str pointer);
/* Give the fault that was just added its params: `json` is a JSON object (codec/params.h makes it)
 * that lives as long as the arena. Nothing happens when that fault was one too many. */
void mx_fault_params(struct mx_faults *f, struct mx_str json);
/* Set the problem's detail and return `e`: return mx_fail(f, MX_E_CONFLICT, "…"); */
enum mx_err mx_fail(struct mx_faults *f, enum mx_err e, const char *fmt, ...) MX_PRINTF(3, 4);
/* Set the string member `name` (a literal) of the problem document; the last value of a name
 * counts.
 */
void mx_fault_extra(struct mx_faults *f, const char *name, struct mx_str value);

#endif
