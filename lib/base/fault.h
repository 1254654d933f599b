/* The faults of one request, collected so that a client sees all of them at once. At most
 * MX_FAULTS_MAX are kept. Layers that know no HTTP add to it; http/problem.c prints it. */
#ifndef MX_BASE_FAULT_H
#define MX_BASE_FAULT_H

#include "base/str.h"

#define MX_FAULTS_MAX 20
#define MX_FAULT_EXTRAS_MAX 4

struct mx_fault {
    struct mx_str pointer;   /* RFC 6901 pointer into the body; absent for a parameter */
    struct mx_str parameter; /* query, path or header name; absent for a body member */
    const char *code;        /* stable, snake_case: required, out_of_range, unknown_member … */
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
