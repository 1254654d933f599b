#include "shop/mail.h"

#include "codec/jsonw.h"
#include "codec/uri.h"
#include "io/db.h"
#include "statements.h"

#define DATA_MAX 4096
#define MESSAGE_MAX 16384
#define BACK_OFF_MAX_S 3600
/* Text of one encoded-word (RFC 2047 allows 75 characters with its frame of 12). */
#define WORD_BYTES 45

enum { STATE_SENT = 1, STATE_GIVEN_UP = 2 };

/* ---- queue ---- */

static struct mx_str json_of(struct mx_arena *a, struct mx_list vars)
{
    struct mx_buf out;
    struct mx_jsonw w;
    mx_buf_init(&out, a, DATA_MAX);
    mx_jsonw_init(&w, &out);
    mx_jsonw_open(&w);
    for (size_t i = 0; i < vars.n; i++) {
        const struct mx_pair *var = MX_AT(vars, struct mx_pair, i);
        mx_jsonw_name_str(&w, var->name);
        mx_jsonw_str(&w, var->value);
    }
    mx_jsonw_close(&w);
    MX_ASSERT(!out.overflow);
    return mx_buf_view(&out);
}

enum mx_err mx_mail_queue(struct mx_ctx *cx, struct mx_str recipient, const char *name,
                          struct mx_str locale, struct mx_list vars)
{
    struct q_mail_queue_in in = {
        .id = mx_id_new(),
        .recipient = recipient,
        .template = mx_str_c(name),
        .locale = locale.p != NULL ? locale : MX_S(MX_MAIL_LOCALE),
        .data = json_of(cx->arena, vars),
        .now = {cx->now_ms},
    };
    return q_mail_queue(cx->db, &in, NULL);
}

/* ---- deliver ---- */

/* Rows looked at for one claim: other senders may be ahead at the first ones. */
#define DUE_ROWS 20

enum mx_err mx_mail_claim(struct mx_ctx *cx, struct mx_id owner, int64_t until_ms,
                          struct mx_mail *ret_mail)
{
    struct mx_list due;
    struct mx_time now = {cx->now_ms};
    MX_TRY(q_mail_due(cx->db, &(struct q_mail_due_in){now, DUE_ROWS}, &due));
    for (size_t i = 0; i < due.n; i++) {
        int64_t claimed;
        const struct q_mail_due_row *r = MX_AT(due, struct q_mail_due_row, i);
        struct q_mail_claim_in in = {r->id, r->attempts, owner, {until_ms}, now};
        MX_TRY(q_mail_claim(cx->db, &in, &claimed));
        if (claimed == 0)
            continue;
        *ret_mail = (struct mx_mail){r->id,   r->recipient,    r->template,  r->locale,
                                     r->data, r->attempts + 1, r->created_at};
        return MX_OK;
    }
    return MX_E_NOT_FOUND;
}

static enum mx_err finish(struct mx_ctx *cx, struct mx_id owner, struct mx_id id, int64_t state)
{
    struct q_mail_finish_in in = {id, owner, state, {cx->now_ms}};
    return q_mail_finish(cx->db, &in, NULL);
}

enum mx_err mx_mail_sent(struct mx_ctx *cx, struct mx_id owner, struct mx_id id)
{
    return finish(cx, owner, id, STATE_SENT);
}

enum mx_err mx_mail_failed(struct mx_ctx *cx, struct mx_id owner, const struct mx_mail *m)
{
    if (m->attempts >= MX_MAIL_ATTEMPTS_MAX)
        return finish(cx, owner, m->id, STATE_GIVEN_UP);
    int64_t wait_s = 1;
    for (int64_t i = 1; i < m->attempts && wait_s < BACK_OFF_MAX_S; i++)
        wait_s *= 2;
    if (wait_s > BACK_OFF_MAX_S)
        wait_s = BACK_OFF_MAX_S;
    struct q_mail_later_in in = {m->id, owner, {cx->now_ms + wait_s * 1000}};
    return q_mail_later(cx->db, &in, NULL);
}

/* ---- compose ---- */

static bool speaks(const char *language, struct mx_str locale)
{
    struct mx_str want = mx_str_c(language);
    return mx_str_ieq(mx_str_sub(locale, 0, want.n), want) &&
           (locale.n == want.n || locale.p[want.n] == '-');
}

static const struct mx_mail_text *text_for(struct mx_str name, struct mx_str locale)
{
    const struct mx_mail_text *fallback = NULL;
    for (size_t i = 0; i < mx_mail_texts_n; i++) {
        const struct mx_mail_text *t = &mx_mail_texts[i];
        if (!mx_str_eqc(name, t->name))
            continue;
        if (speaks(t->locale, locale))
            return t;
        if (speaks(MX_MAIL_LOCALE, mx_str_c(t->locale)))
            fallback = t;
    }
    return fallback;
}

/* `s` without control characters. */
static struct mx_str on_one_line(struct mx_arena *a, struct mx_str s)
{
    char *p = mx_arena_dup(a, s.p, s.n);
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)p[i] < 0x20 || p[i] == 0x7f)
            p[i] = ' ';
    return (struct mx_str){p, s.n};
}

static struct mx_str value_of(const struct mx_ctx *cx, struct mx_list vars, struct mx_str name)
{
    if (mx_str_eqc(name, "shop"))
        return mx_str_c(cx->conf->shop_name);
    for (size_t i = 0; i < vars.n; i++)
        if (mx_str_eq(MX_AT(vars, struct mx_pair, i)->name, name))
            return MX_AT(vars, struct mx_pair, i)->value;
    return MX_S("");
}

/* `text` with its {names} replaced. */
static struct mx_str filled(struct mx_ctx *cx, struct mx_list vars, const char *text)
{
    struct mx_buf out;
    struct mx_str rest = mx_str_c(text), part;
    mx_buf_init(&out, cx->arena, MESSAGE_MAX);
    while (mx_str_split(&rest, '{', &part)) {
        struct mx_str name;
        mx_buf_str(&out, part);
        if (rest.p != NULL && mx_str_split(&rest, '}', &name))
            mx_buf_str(&out, on_one_line(cx->arena, value_of(cx, vars, name)));
    }
    return mx_buf_view(&out);
}

static void add_base64(struct mx_buf *out, struct mx_str s)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < s.n; i += 3) {
        uint32_t v = 0;
        for (size_t k = 0; k < 3; k++)
            v = v << 8 | (i + k < s.n ? (unsigned char)s.p[i + k] : 0u);
        mx_buf_byte(out, digits[v >> 18]);
        mx_buf_byte(out, digits[v >> 12 & 63]);
        mx_buf_byte(out, i + 1 < s.n ? digits[v >> 6 & 63] : '=');
        mx_buf_byte(out, i + 2 < s.n ? digits[v & 63] : '=');
    }
}

static bool is_ascii(struct mx_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] >= 0x80)
            return false;
    return true;
}

/* A header value: plain ASCII as it is, else encoded-words that each hold whole characters. */
static void add_words(struct mx_buf *out, struct mx_str s)
{
    if (is_ascii(s)) {
        mx_buf_str(out, s);
        return;
    }
    for (size_t at = 0; at < s.n;) {
        size_t n = s.n - at < WORD_BYTES ? s.n - at : WORD_BYTES;
        while (at + n < s.n && ((unsigned char)s.p[at + n] & 0xc0) == 0x80)
            n--;
        mx_buf_c(out, at == 0 ? "=?utf-8?B?" : "\n =?utf-8?B?");
        add_base64(out, mx_str_sub(s, at, n));
        mx_buf_c(out, "?=");
        at += n;
    }
}

static void add_header(struct mx_buf *out, const char *name, struct mx_str value)
{
    mx_buf_fmt(out, "%s: ", name);
    add_words(out, on_one_line(out->arena, value));
    mx_buf_byte(out, '\n');
}

static struct mx_str date_of(struct mx_arena *a, struct mx_time t)
{
    static const char *const days[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct mx_civil c = mx_time_civil(t);
    return mx_str_fmt(a, "%s, %d %s %04d %02d:%02d:%02d +0000", days[t.ms / 86400000 % 7], c.day,
                      months[c.month - 1], c.year, c.hour, c.minute, c.second);
}

bool mx_mail_compose(struct mx_ctx *cx, const struct mx_mail *m, struct mx_list vars,
                     struct mx_str *ret_message)
{
    struct mx_buf out;
    const struct mx_mail_text *text = text_for(m->name, m->locale);
    if (text == NULL)
        return false;
    mx_buf_init(&out, cx->arena, MESSAGE_MAX);
    struct mx_str from = mx_str_c(cx->conf->mail_from), id = mx_id_str(cx->arena, m->id);
    ptrdiff_t at = mx_str_find(from, '@');
    struct mx_str host = at < 0 ? MX_S("localhost") : mx_str_sub(from, (size_t)at + 1, from.n);
    add_header(&out, "Date", date_of(cx->arena, m->created_at));
    add_header(&out, "From", from);
    add_header(&out, "To", m->recipient);
    add_header(&out, "Subject", filled(cx, vars, text->subject));
    add_header(&out, "Message-ID", mx_str_fmt(cx->arena, "<%s@%.*s>", id.p, MX_FMT(host)));
    add_header(&out, "Content-Language", mx_str_c(text->locale));
    add_header(&out, "Auto-Submitted", MX_S("auto-generated"));
    add_header(&out, "MIME-Version", MX_S("1.0"));
    add_header(&out, "Content-Type", MX_S("text/plain; charset=utf-8"));
    add_header(&out, "Content-Transfer-Encoding", MX_S("8bit"));
    mx_buf_byte(&out, '\n');
    mx_buf_str(&out, filled(cx, vars, text->body));
    *ret_message = mx_buf_view(&out);
    return !out.overflow;
}
