#include "base/trace.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/rnd.h"

#define TRACE_AT 3
#define SPAN_AT (TRACE_AT + MX_TRACE_ID + 1)
#define FLAGS_AT (SPAN_AT + MX_SPAN_ID + 1)
#define LENGTH (FLAGS_AT + 2) /* of version 00 */
#define SAMPLED 1

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Lower-case hex digits, not all zero unless `zero`. */
static bool is_hex(struct mx_str s, bool zero)
{
    for (size_t i = 0; i < s.n; i++) {
        if (digit(s.p[i]) < 0)
            return false;
        zero |= s.p[i] != '0';
    }
    return zero;
}

static bool has_form(struct mx_str s)
{
    struct mx_str version = mx_str_sub(s, 0, 2);

    if (s.n < LENGTH || s.p[TRACE_AT - 1] != '-' || s.p[SPAN_AT - 1] != '-' ||
        s.p[FLAGS_AT - 1] != '-')
        return false;
    if (s.n > LENGTH && (mx_str_eqc(version, "00") || s.p[LENGTH] != '-'))
        return false;
    return is_hex(version, true) && !mx_str_eqc(version, "ff");
}

static struct mx_str new_id(struct mx_arena *a, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[MX_TRACE_ID];
    char *text = mx_arena_alloc(a, n);

    mx_rnd(bytes, n);
    bytes[0] |= 1; /* never all zero */
    for (size_t i = 0; i < n; i++)
        text[i] = digits[bytes[i] & 15];
    return (struct mx_str){text, n};
}

void mx_trace_begin(struct mx_arena *a, struct mx_str traceparent, struct mx_trace *ret_trace)
{
    struct mx_str id = mx_str_sub(traceparent, TRACE_AT, MX_TRACE_ID);
    struct mx_str parent = mx_str_sub(traceparent, SPAN_AT, MX_SPAN_ID);
    struct mx_str flags = mx_str_sub(traceparent, FLAGS_AT, 2);

    *ret_trace = (struct mx_trace){.span = new_id(a, MX_SPAN_ID)};
    if (!has_form(traceparent) || !is_hex(id, false) || !is_hex(parent, false) ||
        !is_hex(flags, true)) {
        ret_trace->id = new_id(a, MX_TRACE_ID);
        return;
    }
    ret_trace->id = id;
    ret_trace->parent = parent;
    ret_trace->sampled = digit(flags.p[1]) & SAMPLED;
}

struct mx_str mx_trace_parent(struct mx_arena *a, const struct mx_trace *t)
{
    struct mx_buf out;

    mx_buf_init(&out, a, LENGTH);
    mx_buf_str(&out, MX_S("00-"));
    mx_buf_str(&out, t->id);
    mx_buf_byte(&out, '-');
    mx_buf_str(&out, t->span);
    mx_buf_str(&out, t->sampled ? MX_S("-01") : MX_S("-00"));
    return mx_buf_view(&out);
}
