#include "base/fault.h"

#include <stdarg.h>

#include "base/arena.h"

void mx_faults_init(struct mx_faults *f, struct mx_arena *a)
{
    *f = (struct mx_faults){.arena = a};
}

/* The next free row with code and detail, or NULL when there are enough. */
static MX_PRINTF(3, 0) struct mx_fault *add(struct mx_faults *f, const char *code, const char *fmt,
                                            va_list ap)
{
    struct mx_fault *row;

    f->last = NULL;
    if (f->n == MX_FAULTS_MAX) {
        f->dropped++;
        return NULL;
    }
    row = f->last = &f->at[f->n++];
    *row = (struct mx_fault){.code = code, .detail = mx_str_c(mx_arena_vprintf(f->arena, fmt, ap))};
    return row;
}

void mx_fault_at(struct mx_faults *f, struct mx_str pointer, const char *code, const char *fmt, ...)
{
    struct mx_fault *row;
    va_list ap;

    va_start(ap, fmt);
    row = add(f, code, fmt, ap);
    va_end(ap);
    if (row)
        row->pointer = mx_str_dup(f->arena, pointer);
}

void mx_fault_param(struct mx_faults *f, struct mx_str name, const char *code, const char *fmt, ...)
{
    struct mx_fault *row;
    va_list ap;

    va_start(ap, fmt);
    row = add(f, code, fmt, ap);
    va_end(ap);
    if (row)
        row->parameter = mx_str_dup(f->arena, name);
}

int mx_faults_told(const struct mx_faults *f)
{
    return f->n + f->dropped;
}

bool mx_fault_told(const struct mx_faults *f, struct mx_str pointer)
{
    for (int i = 0; i < f->n; i++)
        if (f->at[i].pointer.p && mx_str_eq(f->at[i].pointer, pointer))
            return true;
    return false;
}

void mx_fault_params(struct mx_faults *f, struct mx_str json)
{
    if (f->last)
        f->last->params = json;
}

enum mx_err mx_fail(struct mx_faults *f, enum mx_err e, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    f->detail = mx_str_c(mx_arena_vprintf(f->arena, fmt, ap));
    va_end(ap);
    return e;
}

void mx_fault_extra(struct mx_faults *f, const char *name, struct mx_str value)
{
    int i = 0;

    while (i < f->n_extra && strcmp(f->extra[i].name, name) != 0)
        i++;
    MX_ASSERT(i < MX_FAULT_EXTRAS_MAX);
    if (i == f->n_extra)
        f->n_extra++;
    f->extra[i].name = name;
    f->extra[i].value = mx_str_dup(f->arena, value);
}
