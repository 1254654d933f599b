/* Messages as they are sent: the text of a mail in the recipient's language, filled in and put into
 * MIME form. */
#include "codec/locale.h"
#include "codec/mime.h"
#include "shop/mail.h"

#define MESSAGE_MAX ((size_t)256 << 10)

/* ---- which text ---- */

static const struct mx_mail_text *text_for(struct mx_str name, struct mx_str locale)
{
    const struct mx_mail_text *fallback = NULL;

    for (size_t i = 0; i < mx_mail_texts_n; i++) {
        const struct mx_mail_text *t = &mx_mail_texts[i];

        if (!mx_str_eqc(name, t->name))
            continue;
        if (mx_locale_speaks(t->locale, locale))
            return t;
        if (mx_locale_speaks(MX_MAIL_LOCALE, mx_str_c(t->locale)))
            fallback = t;
    }
    return fallback;
}

/* Weight behind the `;` of a language, in thousandths; 0: not wanted, or not a weight. */
static int weight_of(struct mx_str parameter)
{
    struct mx_str q = mx_str_trim(parameter);
    int weight = 0;

    if (parameter.p == NULL || mx_str_starts(q, MX_S("q=1")))
        return 1000;
    if (!mx_str_starts(q, MX_S("q=0.")))
        return 0;
    for (size_t i = 4; i < 7; i++)
        weight = weight * 10 + (i < q.n && q.p[i] >= '0' && q.p[i] <= '9' ? q.p[i] - '0' : 0);
    return weight;
}

static const char *language_of(struct mx_str tag)
{
    for (size_t i = 0; i < mx_mail_texts_n; i++)
        if (mx_locale_speaks(mx_mail_texts[i].locale, tag))
            return mx_mail_texts[i].locale;
    return NULL;
}

struct mx_str mx_mail_language(struct mx_str accept)
{
    const char *best = MX_MAIL_LOCALE;
    int best_weight = 0;
    struct mx_str wish, tag;

    while (mx_str_split(&accept, ',', &wish)) {
        const char *language;
        int weight;

        mx_str_split(&wish, ';', &tag);
        language = language_of(mx_str_trim(tag));
        weight = weight_of(wish);
        if (language != NULL && weight > best_weight) {
            best = language;
            best_weight = weight;
        }
    }
    return mx_str_c(best);
}

/* ---- values ---- */

/* Step through a text: *ret_plain is what comes next, *ret_name the {name} behind it, absent at the
 * end. */
static bool next_name(struct mx_str *rest, struct mx_str *ret_plain, struct mx_str *ret_name)
{
    *ret_name = (struct mx_str){0};
    if (!mx_str_split(rest, '{', ret_plain))
        return false;
    if (rest->p != NULL && !mx_str_split(rest, '}', ret_name))
        *ret_name = (struct mx_str){0};
    return true;
}

static const struct mx_pair *find(struct mx_list vars, struct mx_str name)
{
    for (size_t i = 0; i < vars.n; i++)
        if (mx_str_eq(MX_AT(vars, struct mx_pair, i)->name, name))
            return MX_AT(vars, struct mx_pair, i);
    return NULL;
}

static bool is_setting(struct mx_str name)
{
    return mx_str_eqc(name, "shop") || mx_str_eqc(name, "shop_url");
}

/* All texts of a mail name the same values; the generator saw to that. */
bool mx_mail_complete(const char *name, struct mx_list vars)
{
    const struct mx_mail_text *text = text_for(mx_str_c(name), MX_S(MX_MAIL_LOCALE));

    if (text == NULL)
        return false;
    for (int i = 0; i < 2; i++) {
        struct mx_str rest = mx_str_c(i == 0 ? text->subject : text->plain), plain, want;

        while (next_name(&rest, &plain, &want))
            if (want.p != NULL && !is_setting(want) && find(vars, want) == NULL)
                return false;
    }
    return true;
}

static struct mx_str value_of(const struct mx_ctx *cx, struct mx_list vars, struct mx_str name)
{
    const struct mx_pair *var;

    if (mx_str_eqc(name, "shop"))
        return mx_str_c(cx->proc->conf->shop_name);
    if (mx_str_eqc(name, "shop_url"))
        return mx_str_c(cx->proc->conf->shop_url);
    var = find(vars, name);
    return var != NULL ? var->value : MX_S("");
}

static void add_plain(struct mx_buf *out, struct mx_str s)
{
    mx_buf_str(out, s);
}

static void add_escaped(struct mx_buf *out, struct mx_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        switch (s.p[i]) {
        case '&':
            mx_buf_c(out, "&amp;");
            break;
        case '<':
            mx_buf_c(out, "&lt;");
            break;
        case '>':
            mx_buf_c(out, "&gt;");
            break;
        case '"':
            mx_buf_c(out, "&quot;");
            break;
        case '\'':
            mx_buf_c(out, "&#39;");
            break;
        default:
            mx_buf_byte(out, s.p[i]);
        }
    }
}

/* `text` with its {names} replaced by values that `add` writes. */
static struct mx_str filled(struct mx_ctx *cx, struct mx_list vars, const char *text,
                            void (*add)(struct mx_buf *out, struct mx_str value))
{
    struct mx_buf out;
    struct mx_str rest = mx_str_c(text), plain, name;

    mx_buf_init(&out, cx->arena, MESSAGE_MAX);
    while (next_name(&rest, &plain, &name)) {
        mx_buf_str(&out, plain);
        if (name.p != NULL)
            add(&out, mx_mime_one_line(cx->arena, value_of(cx, vars, name)));
    }
    return mx_buf_view(&out);
}

/* ---- message ---- */

static struct mx_str date_of(struct mx_arena *a, struct mx_time t)
{
    static const char *const days[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct mx_civil c = mx_time_civil(t);

    return mx_str_fmt(a, "%s, %d %s %04d %02d:%02d:%02d +0000", days[t.ms / 86400000 % 7], c.day,
                      months[c.month - 1], c.year, c.hour, c.minute, c.second);
}

/* The line end before a boundary belongs to it: the body keeps its own. */
static void add_part(struct mx_buf *out, const char *boundary, const char *type, struct mx_str body)
{
    mx_buf_fmt(out,
               "\n--%s\nContent-Type: %s; charset=utf-8\n"
               "Content-Transfer-Encoding: quoted-printable\n\n",
               boundary, type);
    mx_mime_quoted(out, body);
}

static void add_headers(struct mx_buf *out, struct mx_ctx *cx, const struct mx_mail *m,
                        const char *language)
{
    struct mx_str from = mx_str_c(cx->proc->conf->mail_from), id = mx_id_str(cx->arena, m->id);
    ptrdiff_t at = mx_str_find(from, '@');
    struct mx_str host = at < 0 ? MX_S("localhost") : mx_str_sub(from, (size_t)at + 1, from.n);

    mx_mime_line(out, "Date", date_of(cx->arena, m->created_at));
    mx_mime_address(out, "From", mx_str_c(cx->proc->conf->shop_name), from);
    mx_mime_line(out, "To", m->recipient);
    mx_mime_line(out, "Message-ID", mx_str_fmt(cx->arena, "<%s@%.*s>", id.p, MX_FMT(host)));
    mx_mime_line(out, "Content-Language", mx_str_c(language));
    mx_mime_line(out, "Auto-Submitted", MX_S("auto-generated"));
    mx_mime_line(out, "MIME-Version", MX_S("1.0"));
}

bool mx_mail_compose(struct mx_ctx *cx, const struct mx_mail *m, struct mx_list vars,
                     struct mx_str *ret_message)
{
    struct mx_buf out;
    const struct mx_mail_text *text = text_for(m->name, m->locale);
    const char *boundary;

    if (text == NULL)
        return false;
    /* Quoted-printable never holds "=_", so no part can hold the boundary. */
    boundary = mx_arena_printf(cx->arena, "=_%s", mx_id_str(cx->arena, m->id).p);
    mx_buf_init(&out, cx->arena, MESSAGE_MAX);
    add_headers(&out, cx, m, text->locale);
    mx_mime_text(&out, "Subject", filled(cx, vars, text->subject, add_plain));
    mx_buf_fmt(&out, "Content-Type: multipart/alternative;\n boundary=\"%s\"\n", boundary);
    add_part(&out, boundary, "text/plain", filled(cx, vars, text->plain, add_plain));
    add_part(&out, boundary, "text/html", filled(cx, vars, text->html, add_escaped));
    mx_buf_fmt(&out, "\n--%s--\n", boundary);
    *ret_message = mx_buf_view(&out);
    return !out.overflow;
}
