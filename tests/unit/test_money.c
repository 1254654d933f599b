#include "base/rnd.h"
#include "codec/money.h"
#include "tap.h"

static void currencies(void)
{
    static const char *const refused[] = {"",    "EU",  "EURO", "eur", "XXX",
                                          "XAU", "AAA", "ZZZ",  "E R"};
    static const struct {
        const char *code;
        int digits;
    } digits[] = {{"AED", 2}, {"EUR", 2}, {"JPY", 0}, {"KWD", 3}, {"CLF", 4}, {"ZWG", 2}};
    struct mx_currency c = {""}, d = {""};
    size_t i;

    for (i = 0; i < MX_LEN(refused); i++)
        tap_ok(!mx_currency_parse(mx_str_c(refused[i]), &c), "refused: '%s'", refused[i]);
    tap_ok(!mx_currency_parse((struct mx_str){0}, &c), "refused: absent");
    for (i = 0; i < MX_LEN(digits); i++) {
        tap_ok(mx_currency_parse(mx_str_c(digits[i].code), &c), "%s", digits[i].code);
        tap_int(mx_currency_digits(c), digits[i].digits, "digits");
        tap_str(mx_currency_str(&c), digits[i].code, "text");
    }
    tap_ok(mx_currency_parse(MX_S("EUR"), &d) && !mx_currency_eq(c, d), "two currencies differ");
    tap_ok(mx_currency_eq(d, mx_money(1, d).currency), "one is itself");
}

static void checked(void)
{
    int64_t r = -7;

    tap_ok(mx_money_add(MX_MONEY_MAX - 1, 1, &r) && r == MX_MONEY_MAX, "add up to the maximum");
    tap_ok(mx_money_add(-MX_MONEY_MAX, 0, &r) && r == -MX_MONEY_MAX, "down to the minimum");
    r = -7;
    tap_ok(!mx_money_add(MX_MONEY_MAX, 1, &r), "not beyond");
    tap_ok(!mx_money_add(-MX_MONEY_MAX, -1, &r), "not below");
    tap_ok(!mx_money_add(INT64_MAX, INT64_MAX, &r), "not past 64 bits");
    tap_ok(!mx_money_mul(INT64_MAX, 3, &r), "nor by multiplying");
    tap_ok(!mx_money_mul(MX_MONEY_MAX / 2 + 1, 2, &r), "nor past the maximum");
    tap_int(r, -7, "nothing is written then");
    tap_ok(mx_money_mul(1299, 99, &r) && r == 128601, "multiply");
    tap_ok(mx_money_mul(-5, 3, &r) && r == -15, "multiply a negative");
}

static void rates(void)
{
    static const struct {
        int64_t amount, ppm, tax, included;
    } cases[] = {
        {0, 190000, 0, 0},
        {1000, 190000, 190, 160},
        {1299, 190000, 247, 207},
        {50, 190000, 10, 8},
        {2, 250000, 1, 0},
        {1, 500000, 1, 0},
        {1, 499999, 0, 0},
        {3, 1000000, 3, 2},
        {1000, 0, 0, 0},
        {MX_MONEY_MAX, 1000000, MX_MONEY_MAX, 4503599627370496},
        {MX_MONEY_MAX, 190000, 1711367858400788, 1438124250756965},
    };
    size_t i;

    for (i = 0; i < MX_LEN(cases); i++) {
        tap_int(mx_money_ppm(cases[i].amount, cases[i].ppm), cases[i].tax, "part of an amount");
        tap_int(mx_money_ppm_included(cases[i].amount, cases[i].ppm), cases[i].included,
                "part within a gross amount");
    }
}

static void check_split(int64_t total, const int64_t *weights, const int64_t *want, size_t n)
{
    int64_t got[8];
    size_t i;

    mx_money_allocate(total, weights, n, got);
    for (i = 0; i < n && got[i] == want[i]; i++)
        ;
    tap_ok(i == n, "split %" PRId64 " over %zu", total, n);
}

/* Whatever is split, no part is off its exact share by a whole unit and nothing is lost. */
static void split_anything(void)
{
    int64_t weights[40], parts[40], total, sum, left;
    size_t n, i, wrong = 0;
    int round;

    for (round = 0; round < 2000; round++) {
        n = (size_t)mx_rnd_below(40) + 1;
        total = (int64_t)mx_rnd_below(round % 2 ? 1000 : (uint64_t)MX_MONEY_MAX);
        for (sum = 0, i = 0; i < n; i++)
            sum += weights[i] =
                (int64_t)mx_rnd_below(round % 3 ? 100 : (uint64_t)MX_MONEY_MAX / 40);
        if (sum == 0)
            continue;
        mx_money_allocate(total, weights, n, parts);
        for (left = total, i = 0; i < n; i++) {
            long double exact = (long double)total * (long double)weights[i] / (long double)sum;

            left -= parts[i];
            wrong += (long double)parts[i] > exact + 1.01L ||
                     (long double)parts[i] < exact - 1.01L || (weights[i] == 0 && parts[i] != 0);
        }
        wrong += left != 0;
    }
    tap_int((int64_t)wrong, 0, "random splits are exact and fair");
}

#define NBSP "\u00a0"

/* Amounts as people write them, in each language that there are mails in and its neighbours. */
static void texts(void)
{
    static const struct {
        int64_t minor;
        const char *code, *locale, *text;
    } cases[] = {
        {11424, "EUR", "de", "114,24" NBSP "€"},
        {11424, "EUR", "de-DE", "114,24" NBSP "€"},
        {11424, "EUR", "DE", "114,24" NBSP "€"},
        {11424, "EUR", "de-AT", "€" NBSP "114,24"},
        {123456, "CHF", "de-CH", "CHF" NBSP "1’234.56"},
        {123456, "CHF", "de", "1.234,56" NBSP "CHF"},
        {1234567, "JPY", "de", "1.234.567" NBSP "¥"},
        {5, "EUR", "de", "0,05" NBSP "€"},
        {0, "EUR", "de", "0,00" NBSP "€"},
        {100000, "EUR", "de", "1.000,00" NBSP "€"},
        {11424, "EUR", "en", "€114.24"},
        {11424, "EUR", "en-GB", "€114.24"},
        {1299, "USD", "en", "$12.99"},
        {100005, "GBP", "en", "£1,000.05"},
        {999, "JPY", "en", "¥999"},
        {1234567, "KWD", "en", "KWD" NBSP "1,234.567"},
        {11424, "EUR", "fr", "€114.24"},
        {11424, "EUR", "den", "€114.24"},
        {11424, "EUR", "", "€114.24"},
        {MX_MONEY_MAX, "EUR", "de", "90.071.992.547.409,91" NBSP "€"},
        {MX_MONEY_MAX, "CHF", "de-CH", "CHF" NBSP "90’071’992’547’409.91"},
    };
    struct mx_arena *a = mx_arena_new(4096, 1 << 16);
    struct mx_currency c;

    for (size_t i = 0; i < MX_LEN(cases); i++) {
        tap_ok(mx_currency_parse(mx_str_c(cases[i].code), &c), "%s", cases[i].code);
        tap_str(mx_money_text(a, mx_money(cases[i].minor, c), mx_str_c(cases[i].locale)),
                cases[i].text, cases[i].locale);
    }
    tap_ok(mx_currency_parse(MX_S("EUR"), &c), "EUR");
    tap_str(mx_money_text(a, mx_money(1, c), (struct mx_str){0}), "€0.01", "no locale");
    mx_arena_free(a);
}

int main(void)
{
    texts();
    currencies();
    checked();
    rates();
    check_split(100, (int64_t[]){1, 1, 1}, (int64_t[]){34, 33, 33}, 3);
    check_split(101, (int64_t[]){1, 1, 1}, (int64_t[]){34, 34, 33}, 3);
    check_split(10, (int64_t[]){0, 5, 0, 5}, (int64_t[]){0, 5, 0, 5}, 4);
    check_split(7, (int64_t[]){1, 2, 4}, (int64_t[]){1, 2, 4}, 3);
    check_split(1, (int64_t[]){1, 3, 3}, (int64_t[]){0, 1, 0}, 3);
    check_split(0, (int64_t[]){3, 4}, (int64_t[]){0, 0}, 2);
    check_split(5, (int64_t[]){9}, (int64_t[]){5}, 1);
    check_split(MX_MONEY_MAX, (int64_t[]){MX_MONEY_MAX, MX_MONEY_MAX, 1},
                (int64_t[]){4503599627370495, 4503599627370495, 1}, 3);
    split_anything();
    return tap_done();
}
