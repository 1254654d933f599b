/* Money arithmetic in integers; products that could pass 64 bits are split or done in 128. */
#include "codec/money.h"

#include <inttypes.h>

#include "base/buf.h"
#include "codec/locale.h"

#define MILLION INT64_C(1000000)
#define TEXT_MAX 64 /* of an amount: 16 digits with their separators, and a code */
#define NBSP "\u00a0"

__extension__ typedef __int128 wide;

/* ISO 4217, sorted: code and digits of the minor unit. Metals, bond units and test codes, which
 * have no minor unit, are not money here. */
static const char known[][5] = {
    "AED2", "AFN2", "ALL2", "AMD2", "ANG2", "AOA2", "ARS2", "AUD2", "AWG2", "AZN2", "BAM2", "BBD2",
    "BDT2", "BGN2", "BHD3", "BIF0", "BMD2", "BND2", "BOB2", "BOV2", "BRL2", "BSD2", "BTN2", "BWP2",
    "BYN2", "BZD2", "CAD2", "CDF2", "CHE2", "CHF2", "CHW2", "CLF4", "CLP0", "CNY2", "COP2", "COU2",
    "CRC2", "CUP2", "CVE2", "CZK2", "DJF0", "DKK2", "DOP2", "DZD2", "EGP2", "ERN2", "ETB2", "EUR2",
    "FJD2", "FKP2", "GBP2", "GEL2", "GHS2", "GIP2", "GMD2", "GNF0", "GTQ2", "GYD2", "HKD2", "HNL2",
    "HTG2", "HUF2", "IDR2", "ILS2", "INR2", "IQD3", "IRR2", "ISK0", "JMD2", "JOD3", "JPY0", "KES2",
    "KGS2", "KHR2", "KMF0", "KPW2", "KRW0", "KWD3", "KYD2", "KZT2", "LAK2", "LBP2", "LKR2", "LRD2",
    "LSL2", "LYD3", "MAD2", "MDL2", "MGA2", "MKD2", "MMK2", "MNT2", "MOP2", "MRU2", "MUR2", "MVR2",
    "MWK2", "MXN2", "MXV2", "MYR2", "MZN2", "NAD2", "NGN2", "NIO2", "NOK2", "NPR2", "NZD2", "OMR3",
    "PAB2", "PEN2", "PGK2", "PHP2", "PKR2", "PLN2", "PYG0", "QAR2", "RON2", "RSD2", "RUB2", "RWF0",
    "SAR2", "SBD2", "SCR2", "SDG2", "SEK2", "SGD2", "SHP2", "SLE2", "SOS2", "SRD2", "SSP2", "STN2",
    "SVC2", "SYP2", "SZL2", "THB2", "TJS2", "TMT2", "TND3", "TOP2", "TRY2", "TTD2", "TWD2", "TZS2",
    "UAH2", "UGX0", "USD2", "USN2", "UYI0", "UYU2", "UYW4", "UZS2", "VED2", "VES2", "VND0", "VUV0",
    "WST2", "XAF0", "XCD2", "XCG2", "XOF0", "XPF0", "YER2", "ZAR2", "ZMW2", "ZWG2"};

static int compare_code(const void *code, const void *row)
{
    return memcmp(code, row, 3);
}

/* Row of a code of three bytes, or NULL. */
static const char *find(const char *code)
{
    return bsearch(code, known, MX_LEN(known), sizeof(known[0]), compare_code);
}

bool mx_currency_parse(struct mx_str s, struct mx_currency *ret_currency)
{
    if (s.n != 3 || !find(s.p))
        return false;
    *ret_currency = (struct mx_currency){{s.p[0], s.p[1], s.p[2], '\0'}};
    return true;
}

struct mx_currency mx_currency_stored(struct mx_str s)
{
    struct mx_currency c;

    if (!mx_currency_parse(s, &c))
        MX_BUG("a stored currency is unknown");
    return c;
}

bool mx_currency_eq(struct mx_currency a, struct mx_currency b)
{
    return memcmp(a.code, b.code, sizeof(a.code)) == 0;
}

struct mx_str mx_currency_str(const struct mx_currency *c)
{
    return mx_str_c(c->code);
}

int mx_currency_digits(struct mx_currency c)
{
    const char *row = find(c.code);

    MX_ASSERT(row != NULL);
    return row[3] - '0';
}

struct mx_money mx_money(int64_t minor, struct mx_currency c)
{
    return (struct mx_money){minor, c};
}

/* ---- text ---- */

/* The forms of amounts of CLDR. The first row that speaks a locale counts, the last for all. */
static const struct style {
    const char *locale, *decimal, *group;
    const char *gap; /* between a symbol and the figures; a code has a blank in any case */
    bool symbol_first;
} styles[] = {
    {"de-AT", ",", ".", NBSP, true},
    {"de-CH", ".", "’", NBSP, true},
    {"de", ",", ".", NBSP, false},
    {"en", ".", ",", "", true},
};

/* Symbols that name one currency wherever there are mails; others are written as their code. */
static const char *const symbols[][2] = {{"EUR", "€"}, {"GBP", "£"}, {"JPY", "¥"}, {"USD", "$"}};

static const struct style *style_of(struct mx_str locale)
{
    size_t i = 0;

    while (i + 1 < MX_LEN(styles) && !mx_locale_speaks(styles[i].locale, locale))
        i++;
    return &styles[i];
}

/* NULL: it is written as its code. */
static const char *symbol_of(struct mx_currency c)
{
    for (size_t i = 0; i < MX_LEN(symbols); i++) {
        if (strcmp(symbols[i][0], c.code) == 0)
            return symbols[i][1];
    }
    return NULL;
}

static void add_grouped(struct mx_buf *out, int64_t n, const char *group)
{
    if (n < 1000) {
        mx_buf_fmt(out, "%" PRId64, n);
        return;
    }
    add_grouped(out, n / 1000, group);
    mx_buf_fmt(out, "%s%03" PRId64, group, n % 1000);
}

static void add_figures(struct mx_buf *out, struct mx_money m, const struct style *style)
{
    int digits = mx_currency_digits(m.currency);
    int64_t unit = 1;

    for (int i = 0; i < digits; i++)
        unit *= 10;
    add_grouped(out, m.minor / unit, style->group);
    if (digits > 0)
        mx_buf_fmt(out, "%s%0*" PRId64, style->decimal, digits, m.minor % unit);
}

struct mx_str mx_money_text(struct mx_arena *a, struct mx_money m, struct mx_str locale)
{
    const struct style *style = style_of(locale);
    const char *symbol = symbol_of(m.currency);
    const char *unit = symbol ? symbol : m.currency.code;
    const char *gap = symbol ? style->gap : NBSP;
    struct mx_buf out;

    MX_ASSERT(m.minor >= 0);
    mx_buf_init(&out, a, TEXT_MAX);
    if (style->symbol_first)
        mx_buf_fmt(&out, "%s%s", unit, gap);
    add_figures(&out, m, style);
    if (!style->symbol_first)
        mx_buf_fmt(&out, "%s%s", gap, unit);
    MX_ASSERT(!out.overflow);
    return mx_buf_view(&out);
}

/* ---- arithmetic ---- */

/* Pass on a result that did not overflow and is within bounds. */
static bool bounded(bool overflow, int64_t value, int64_t *ret)
{
    if (overflow || value > MX_MONEY_MAX || value < -MX_MONEY_MAX)
        return false;
    *ret = value;
    return true;
}

bool mx_money_add(int64_t a, int64_t b, int64_t *ret)
{
    int64_t sum = 0;
    bool overflow = __builtin_add_overflow(a, b, &sum);

    return bounded(overflow, sum, ret);
}

bool mx_money_mul(int64_t a, int64_t n, int64_t *ret)
{
    int64_t product = 0;
    bool overflow = __builtin_mul_overflow(a, n, &product);

    return bounded(overflow, product, ret);
}

/* amount * part / whole, half up. Splitting off the whole multiples keeps every product below 2^63:
 * amount is at most MX_MONEY_MAX, part at most a million and not above whole, whole at most two
 * million. */
static int64_t share(int64_t amount, int64_t part, int64_t whole)
{
    MX_ASSERT(amount >= 0 && amount <= MX_MONEY_MAX && part >= 0 && part <= MILLION);
    return amount / whole * part + (2 * (amount % whole * part) + whole) / (2 * whole);
}

int64_t mx_money_ppm(int64_t amount, int64_t ppm)
{
    return share(amount, ppm, MILLION);
}

int64_t mx_money_ppm_included(int64_t gross, int64_t ppm)
{
    return share(gross, ppm, MILLION + ppm);
}

/* Index of the largest remainder, the first of equals. */
static size_t largest(const int64_t *rest, size_t n)
{
    size_t i, best = 0;

    for (i = 1; i < n; i++)
        if (rest[i] > rest[best])
            best = i;
    return best;
}

void mx_money_allocate(int64_t total, const int64_t *weights, size_t n, int64_t *ret_parts)
{
    int64_t sum = 0, left = total;
    size_t i;

    for (i = 0; i < n; i++)
        MX_ASSERT(weights[i] >= 0 && !__builtin_add_overflow(sum, weights[i], &sum));
    MX_ASSERT(total >= 0 && sum > 0);
    for (i = 0; i < n; i++) {
        wide product = (wide)total * weights[i];

        ret_parts[i] = (int64_t)(product % sum);
        left -= (int64_t)(product / sum);
    }
    /* Fewer units are left than there are remainders; -1 marks who gets one. */
    for (; left > 0; left--)
        ret_parts[largest(ret_parts, n)] = -1;
    for (i = 0; i < n; i++)
        ret_parts[i] = (int64_t)((wide)total * weights[i] / sum) + (ret_parts[i] < 0);
}
