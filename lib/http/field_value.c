/* Code that reading from JSON and reading from parameters share: faults with their place, and the
 * kinds that are text in both. */
#include "http/field_read.h"

#include <inttypes.h>
#include <stdarg.h>

#include "base/arena.h"
#include "codec/params.h"
#include "codec/utf8.h"

#define STRING_MAX 200 /* code points of a string in STRS and MAP */
#define NAME_SHOWN 128 /* bytes of an unknown name that a fault repeats */
#define POINTER_MAX 2048

/* ---- faults ---- */

/* At most NAME_SHOWN bytes of a name that the client chose, cut between code points. */
static struct mx_str shown(struct mx_str name)
{
    size_t n = name.n < NAME_SHOWN ? name.n : NAME_SHOWN;

    while (n > 0 && n < name.n && ((unsigned char)name.p[n] & 0xc0) == 0x80)
        n--;
    return mx_str_sub(name, 0, n);
}

static void render(struct mx_buf *out, const struct mx_place *at)
{
    struct mx_str name;

    if (at->kind == MX_PLACE_ROOT)
        return;
    render(out, at->up);
    mx_buf_byte(out, '/');
    if (at->kind == MX_PLACE_ITEM) {
        mx_buf_i64(out, (int64_t)at->index);
        return;
    }
    name = shown(at->name);
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] == '~')
            mx_buf_c(out, "~0");
        else if (name.p[i] == '/')
            mx_buf_c(out, "~1");
        else
            mx_buf_byte(out, name.p[i]);
    }
}

struct mx_str mx_place_pointer(struct mx_arena *a, const struct mx_place *at)
{
    struct mx_buf pointer;

    mx_buf_init(&pointer, a, POINTER_MAX);
    render(&pointer, at);
    return pointer.n ? mx_buf_view(&pointer) : MX_S("");
}

MX_PRINTF(4, 5)
void mx_read_fault(struct mx_reader *r, const struct mx_place *at, const char *code,
                   const char *fmt, ...)
{
    char detail[200];
    va_list ap;

    r->faulty = true;
    if (r->faults->n >= MX_FAULTS_MAX) {
        r->faults->last = NULL;
        r->faults->dropped++;
        return;
    }
    va_start(ap, fmt);
    (void)vsnprintf(detail, sizeof(detail), fmt, ap);
    va_end(ap);
    if (at->kind == MX_PLACE_PARAMETER)
        mx_fault_param(r->faults, shown(at->name), code, "%s", detail);
    else
        mx_fault_at(r->faults, mx_place_pointer(r->arena, at), code, "%s", detail);
}

/* The params of the fault just told: what was allowed. */
static void tell_bounds(struct mx_reader *r, int64_t min, int64_t max)
{
    struct mx_params p;

    mx_params_init(&p, r->arena);
    mx_params_int(&p, "min", min);
    mx_params_int(&p, "max", max);
    mx_fault_params(r->faults, mx_params_text(&p));
}

void mx_read_wrong_type(struct mx_reader *r, const struct mx_place *at, const char *want)
{
    mx_read_fault(r, at, "wrong_type", "must be %s", want);
}

void mx_read_missing(struct mx_reader *r, const struct mx_place *at)
{
    mx_read_fault(r, at, "required", "is required");
}

/* ---- table ---- */

void *mx_field_member(void *base, unsigned off)
{
    return (char *)base + off;
}

bool mx_field_bounded(const struct mx_field *f)
{
    return f->min != 0 || f->max != 0;
}

bool mx_field_may_be_empty(const struct mx_field *f)
{
    return f->kind == MX_K_STR && f->min == 0;
}

void mx_field_sent(const struct mx_field *f, void *base)
{
    if (f->has_off != MX_NO_HAS)
        *(bool *)mx_field_member(base, f->has_off) = true;
}

const struct mx_field *mx_field_find(const struct mx_shape *shape, enum mx_from from,
                                     struct mx_str name)
{
    for (size_t i = 0; i < shape->n; i++) {
        const struct mx_field *f = &shape->fields[i];

        if (f->from == from && !(f->flags & MX_F_PREFIX) && mx_str_eqc(name, f->name))
            return f;
    }
    return NULL;
}

/* ---- values ---- */

/* Bounds of a string in its normal form; both 0: none. */
static bool length_ok(struct mx_reader *r, const struct mx_place *at, struct mx_str s,
                      const struct mx_field *f)
{
    int64_t length = (int64_t)mx_utf8_length(s);

    if (!mx_field_bounded(f) || (length >= f->min && length <= f->max))
        return true;
    if (length < f->min)
        mx_read_fault(r, at, "too_short", "must have at least %" PRId64 " character%s", f->min,
                      f->min == 1 ? "" : "s");
    else
        mx_read_fault(r, at, "too_long", "must have at most %" PRId64 " character%s", f->max,
                      f->max == 1 ? "" : "s");
    tell_bounds(r, f->min, f->max);
    return false;
}

/* Bounds and format. The fault of one of a list of codes is told by its format, not by its
 * length. */
static bool string_ok(struct mx_reader *r, const struct mx_place *at, struct mx_str s,
                      const struct mx_field *f)
{
    bool good = mx_format_is_code(f->format) || length_ok(r, at, s, f);

    if (!good || mx_format_check(f->format, s))
        return good;
    mx_read_fault(r, at, "bad_format", "%s", mx_format_hint(f->format));
    return false;
}

bool mx_read_string(struct mx_reader *r, const struct mx_place *at, struct mx_str s,
                    const struct mx_field *f, struct mx_str *to)
{
    if (!mx_utf8_valid(s)) {
        mx_read_fault(r, at, "bad_format", "must be valid UTF-8");
        return false;
    }
    s = mx_format_norm(r->arena, f->format, s);
    if (!string_ok(r, at, s, f))
        return false;
    *to = s;
    return true;
}

bool mx_read_item(struct mx_reader *r, const struct mx_place *at, struct mx_str s,
                  enum mx_format format, struct mx_str *to)
{
    const struct mx_field item = {.min = 1, .max = STRING_MAX, .format = format};

    return mx_read_string(r, at, s, &item, to);
}

void mx_read_int(struct mx_reader *r, const struct mx_field *f, const struct mx_place *at,
                 const int64_t *value, void *to)
{
    int64_t min = mx_field_bounded(f) ? f->min : -MX_MONEY_MAX;
    int64_t max = mx_field_bounded(f) ? f->max : MX_MONEY_MAX;

    if (value && *value >= min && *value <= max) {
        *(int64_t *)to = *value;
        return;
    }
    if (value)
        mx_read_fault(r, at, "out_of_range", "must be from %" PRId64 " to %" PRId64, min, max);
    else
        mx_read_fault(r, at, "wrong_type", "must be an integer from %" PRId64 " to %" PRId64, min,
                      max);
    tell_bounds(r, min, max);
}

static void read_enum(struct mx_reader *r, const struct mx_field *f, const struct mx_place *at,
                      struct mx_str s, void *to)
{
    struct mx_buf known;

    for (int i = 0; f->names[i]; i++) {
        if (mx_str_eqc(s, f->names[i])) {
            *(int *)to = i;
            return;
        }
    }
    mx_buf_init(&known, r->arena, 160);
    for (int i = 0; f->names[i]; i++)
        mx_buf_fmt(&known, "%s%s", i ? ", " : "", f->names[i]);
    mx_read_fault(r, at, "unknown_value", "must be one of %.*s", MX_FMT(mx_buf_view(&known)));
    mx_fault_params(r->faults, mx_params_allowed(r->arena, f->names));
}

bool mx_read_left_out(const struct mx_reader *r, const struct mx_field *f, struct mx_str s)
{
    bool text =
        f->kind == MX_K_STR || f->kind == MX_K_ENUM || f->kind == MX_K_ID || f->kind == MX_K_TIME;

    bool optional = r->changes || !(f->flags & MX_F_REQUIRED);

    return s.n == 0 && text && optional && !mx_field_may_be_empty(f);
}

/* Kinds that are text in JSON and in parameters alike. */
void mx_read_text(struct mx_reader *r, const struct mx_field *f, const struct mx_place *at,
                  struct mx_str s, void *to)
{
    struct mx_id id;
    struct mx_time t;

    switch (f->kind) {
    case MX_K_STR:
        mx_read_string(r, at, s, f, to);
        return;
    case MX_K_ENUM:
        read_enum(r, f, at, s, to);
        return;
    case MX_K_ID:
        if (mx_id_parse(s, &id) && !mx_id_none(id))
            *(struct mx_id *)to = id;
        else
            mx_read_fault(r, at, "bad_format", "must be a UUID");
        return;
    case MX_K_TIME:
        if (mx_time_parse(s, &t) && t.ms != 0)
            *(struct mx_time *)to = t;
        else
            mx_read_fault(r, at, "bad_format", "must be an RFC 3339 date and time with an offset");
        return;
    default:
        MX_BUG("%s: kind %d is no text", f->name, (int)f->kind);
    }
}

bool mx_read_count_ok(struct mx_reader *r, const struct mx_field *f, const struct mx_place *at,
                      size_t n)
{
    if (!mx_field_bounded(f) || ((int64_t)n >= f->min && (int64_t)n <= f->max))
        return true;
    if ((int64_t)n < f->min)
        mx_read_fault(r, at, "too_few", "must have at least %" PRId64 " entr%s", f->min,
                      f->min == 1 ? "y" : "ies");
    else
        mx_read_fault(r, at, "too_many", "must have at most %" PRId64 " entr%s", f->max,
                      f->max == 1 ? "y" : "ies");
    tell_bounds(r, f->min, f->max);
    return false;
}
