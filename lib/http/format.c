/* The formats of strings: one row each, with the check, what OpenAPI calls it, the ECMA pattern
 * that says the same, and the words of a fault. Knows no field and no JSON. */
#include "http/field.h"

#include <limits.h>

#include "codec/clean.h"
#include "codec/country.h"
#include "codec/etag.h"
#include "codec/text_norm.h"
#include "codec/utf8.h"

typedef bool (*is_byte)(unsigned char c);

static bool is_lower(unsigned char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_upper(unsigned char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alpha(unsigned char c)
{
    return is_lower(c) || is_upper(c);
}

static bool is_alnum(unsigned char c)
{
    return is_alpha(c) || is_digit(c);
}

static bool one_of(unsigned char c, const char *set)
{
    return c != 0 && strchr(set, c) != NULL;
}

static bool is_slug(unsigned char c)
{
    return is_lower(c) || is_digit(c);
}

static bool is_sku(unsigned char c)
{
    return is_alnum(c) || one_of(c, "._-");
}

static bool is_phone(unsigned char c)
{
    return is_digit(c) || one_of(c, " ()./-");
}

static bool is_token(unsigned char c)
{
    return is_alnum(c) || one_of(c, "._~+/=-");
}

static bool is_atext(unsigned char c)
{
    return is_alnum(c) || one_of(c, "!#$%&'*+/=?^_`{|}~-");
}

static bool is_label(unsigned char c)
{
    return is_alnum(c) || c == '-';
}

/* `min` to `max` bytes, all of the class. */
static bool run(struct mx_str s, is_byte is, size_t min, size_t max)
{
    if (s.n < min || s.n > max)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (!is((unsigned char)s.p[i]))
            return false;
    }
    return true;
}

/* Pieces of 1 to `max` bytes of the class between single `sep`; *ret_n counts them. */
static bool pieces(struct mx_str s, char sep, is_byte is, size_t max, size_t *ret_n)
{
    struct mx_str part;

    *ret_n = 0;
    while (mx_str_split(&s, sep, &part)) {
        if (!run(part, is, 1, max))
            return false;
        ++*ret_n;
    }
    return *ret_n > 0;
}

static bool check_text(struct mx_str s)
{
    return !mx_utf8_control(s, "\n\t");
}

static bool check_line(struct mx_str s)
{
    return mx_utf8_line(s);
}

static bool check_password(struct mx_str s)
{
    (void)s;
    return true;
}

/* Addresses as people have them: no quoted local parts, no address literals, a domain with a dot.
 */
static bool check_email(struct mx_str s)
{
    ptrdiff_t at = mx_str_find(s, '@');
    struct mx_str domain, part;
    size_t n;

    if (at < 1 || s.n > 254)
        return false;
    if (!pieces(mx_str_sub(s, 0, (size_t)at), '.', is_atext, 64, &n))
        return false;
    domain = mx_str_sub(s, (size_t)at + 1, s.n);
    if (!pieces(domain, '.', is_label, 63, &n) || n < 2)
        return false;
    while (mx_str_split(&domain, '.', &part)) {
        if (part.p[0] == '-' || part.p[part.n - 1] == '-')
            return false;
    }
    return true;
}

static bool check_slug(struct mx_str s)
{
    size_t n;

    return pieces(s, '-', is_slug, SIZE_MAX, &n);
}

static bool check_sku(struct mx_str s)
{
    return run(s, is_sku, 1, SIZE_MAX);
}

static bool check_phone(struct mx_str s)
{
    return run(s.n > 0 && s.p[0] == '+' ? mx_str_sub(s, 1, s.n) : s, is_phone, 1, SIZE_MAX);
}

static bool check_country(struct mx_str s)
{
    return mx_country_find(s) != NULL;
}

static bool check_currency(struct mx_str s)
{
    struct mx_currency c;

    return mx_currency_parse(s, &c);
}

/* Subtags of a language tag (RFC 5646, 2.1). */

static bool is_language(struct mx_str s)
{
    return run(s, is_alpha, 2, 8);
}

static bool is_extlang(struct mx_str s)
{
    return run(s, is_alpha, 3, 3);
}

static bool is_script(struct mx_str s)
{
    return run(s, is_alpha, 4, 4);
}

static bool is_region(struct mx_str s)
{
    return run(s, is_alpha, 2, 2) || run(s, is_digit, 3, 3);
}

static bool is_variant(struct mx_str s)
{
    return run(s, is_alnum, 5, 8) || (run(s, is_alnum, 4, 4) && is_digit((unsigned char)s.p[0]));
}

static bool is_private(struct mx_str s)
{
    return mx_str_ieq(s, MX_S("x"));
}

static bool is_singleton(struct mx_str s)
{
    return run(s, is_alnum, 1, 1) && !is_private(s);
}

static bool is_of_extension(struct mx_str s)
{
    return run(s, is_alnum, 2, 8);
}

static bool is_of_private(struct mx_str s)
{
    return run(s, is_alnum, 1, 8);
}

/* Step over the next subtag if it is one of those, up to `max` times; how often it was. */
static int take(struct mx_str *rest, bool (*is)(struct mx_str s), int max)
{
    struct mx_str ahead = *rest, subtag;
    int n = 0;

    while (n < max && mx_str_split(&ahead, '-', &subtag) && is(subtag)) {
        *rest = ahead;
        n++;
    }
    return n;
}

static bool check_locale(struct mx_str s)
{
    struct mx_str rest = s;

    if (take(&rest, is_language, 1) == 0)
        return false;
    take(&rest, is_extlang, 3);
    take(&rest, is_script, 1);
    take(&rest, is_region, 1);
    take(&rest, is_variant, INT_MAX);
    while (take(&rest, is_singleton, 1) > 0)
        if (take(&rest, is_of_extension, INT_MAX) == 0)
            return false;
    if (take(&rest, is_private, 1) > 0 && take(&rest, is_of_private, INT_MAX) == 0)
        return false;
    return rest.p == NULL;
}

static bool check_digits(struct mx_str s)
{
    return run(s, is_digit, 1, SIZE_MAX);
}

static bool check_token(struct mx_str s)
{
    return run(s, is_token, 1, SIZE_MAX);
}

#define BLANK "\\u00A0\\u1680\\u2000-\\u200D\\u2028\\u2029\\u202F\\u205F\\u2060\\u3000\\uFEFF"
#define LABEL \
    "[A-Za-z0-9\\u0080-\\uFFFF]([A-Za-z0-9\\u0080-\\uFFFF-]{0,61}[A-Za-z0-9\\u0080-\\uFFFF])?"
#define ATEXT "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}"

/* Normalisation of a value before it is checked. */
enum norm {
    AS_SENT,
    COMPOSED, /* Unicode form C */
    ONE_LINE  /* the same, without blanks at its ends */
};

/* The pattern is that of what is taken; `clean` then makes one spelling of it. `code`: one of a
 * list.
 */
static const struct {
    bool (*check)(struct mx_str s);
    const char *openapi, *pattern, *hint;
    struct mx_str (*clean)(struct mx_arena *a, struct mx_str s);
    enum norm norm;
    bool code;
} formats[] = {
    [MX_TEXT] = {check_text, NULL, "^[^\\u0000-\\u0008\\u000B-\\u001F\\u007F-\\u009F]*$",
                 "must hold no control characters but line feed and tab", NULL, COMPOSED},
    [MX_LINE] = {check_line, NULL,
                 "^(?![ " BLANK "]+$)[^\\u0000-\\u001F\\u007F-\\u009F\\u202D\\u202E]*$",
                 "must be one line of visible text, without control characters", mx_clean_line,
                 ONE_LINE},
    [MX_EMAIL] = {check_email, "email", "^" ATEXT "(\\." ATEXT ")*@" LABEL "(\\." LABEL ")+$",
                  "must be an e-mail address, in ASCII before the @: name@example.com",
                  mx_clean_email, ONE_LINE},
    [MX_PASSWORD] = {check_password, "password", NULL, "must be text", NULL, COMPOSED},
    [MX_SLUG] = {check_slug, NULL, "^[a-z0-9]+(-[a-z0-9]+)*$",
                 "must be lower-case letters, digits and single hyphens"},
    [MX_SKU] = {check_sku, NULL, "^[A-Za-z0-9._-]+$",
                "must be letters, digits, dots, underscores and hyphens"},
    [MX_PHONE] = {check_phone, NULL, "^[^A-Za-z\\u0000-\\u001F]+$",
                  "must be a telephone number, for example +49 30 123456", mx_clean_phone,
                  ONE_LINE},
    [MX_COUNTRY] = {check_country, NULL, "^[A-Za-z]{2}$",
                    "must be the two letters of ISO 3166-1, for example DE for Germany",
                    mx_clean_upper, ONE_LINE, true},
    [MX_CURRENCY] = {check_currency, NULL, "^[A-Za-z]{3}$",
                     "must be the three letters of ISO 4217, for example EUR", mx_clean_upper,
                     ONE_LINE, true},
    [MX_LOCALE] = {check_locale, NULL,
                   "^[A-Za-z]{2,8}([-_][A-Za-z]{3}){0,3}([-_][A-Za-z]{4})?"
                   "([-_]([A-Za-z]{2}|[0-9]{3}))?"
                   "([-_]([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*"
                   "([-_][A-WY-Za-wy-z0-9]([-_][A-Za-z0-9]{2,8})+)*"
                   "([-_][Xx]([-_][A-Za-z0-9]{1,8})+)?([.@].*)?$",
                   "must be a BCP 47 language tag, for example en-US", mx_clean_locale, ONE_LINE},
    [MX_DIGITS] = {check_digits, NULL, "^[0-9]+$", "must be digits"},
    [MX_TOKEN] = {check_token, NULL, "^[A-Za-z0-9._~+/=-]+$",
                  "must be letters, digits and any of . _ ~ + / = -"},
    [MX_ETAG] = {mx_etag_list_ok, NULL, NULL, "must be entity tags between commas"},
};

struct mx_str mx_format_norm(struct mx_arena *a, enum mx_format f, struct mx_str s)
{
    if (formats[f].clean)
        s = formats[f].clean(a, mx_utf8_trim(s));
    switch (formats[f].norm) {
    case COMPOSED:
        return mx_text_nfc(a, s);
    case ONE_LINE:
        return mx_text_line(a, s);
    default:
        return s;
    }
}

bool mx_format_is_code(enum mx_format f)
{
    return formats[f].code;
}

bool mx_format_check(enum mx_format f, struct mx_str s)
{
    return mx_utf8_valid(s) && formats[f].check(s);
}

const char *mx_format_hint(enum mx_format f)
{
    return formats[f].hint;
}

const char *mx_format_openapi(enum mx_format f)
{
    return formats[f].openapi;
}

const char *mx_format_pattern(enum mx_format f)
{
    return formats[f].pattern;
}
