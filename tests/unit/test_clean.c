/* Spellings that mean the same, and the table of countries. */
#include "base/arena.h"
#include "codec/clean.h"
#include "codec/country.h"
#include "tap.h"

static struct mx_arena *arena;

typedef struct mx_str (*clean_fn)(struct mx_arena *a, struct mx_str s);

static void is(clean_fn clean, const char *from, const char *to)
{
    tap_str(clean(arena, mx_str_c(from)), to, to);
}

static void test_clean(void)
{
    is(mx_clean_phone, "\u202a+49\u00a030\u2011123456\u202c", "+49 30-123456");
    is(mx_clean_phone, "\u00a0\uff0b\uff14\uff19 30\u200b ", "+49 30");
    is(mx_clean_phone, "call me", "call me");
    is(mx_clean_line, "\u2068Ada\u2069 L\u00f6we", "Ada L\u00f6we");
    is(mx_clean_line, "plain", "plain");
    is(mx_clean_line, "\u202b\u202c", "");
    is(mx_clean_line, "Ada \u202egnik", "Ada \u202egnik");
    is(mx_clean_locale, "en_US", "en-US");
    is(mx_clean_locale, "DE", "de");
    is(mx_clean_locale, "de_DE.UTF-8@euro", "de-DE");
    is(mx_clean_locale, "ZH-hant-tw", "zh-Hant-TW");
    is(mx_clean_locale, "de-419-U-CO-PHONEBK", "de-419-u-co-phonebk");
    is(mx_clean_locale, "", "");
    is(mx_clean_upper, "de", "DE");
    is(mx_clean_email, "Ada@b\u00fccher.example", "Ada@xn--bcher-kva.example");
    is(mx_clean_email, "ada@B\u00dcCHER.example", "ada@xn--bcher-kva.example");
    is(mx_clean_email, "ada@bu\u0308cher.example", "ada@xn--bcher-kva.example");
    is(mx_clean_email, "Ada@Example.COM", "Ada@Example.COM");
    is(mx_clean_email, "b\u00fccher", "b\u00fccher");
    is(mx_clean_email, "mike@exa\uff4dple.com", "mike@exa\uff4dple.com");
    is(mx_clean_email, "ada@stra\u00dfe.example", "ada@xn--strae-oqa.example");
}

static void test_countries(void)
{
    size_t sorted = 0;

    for (size_t i = 1; i < mx_countries_n; i++)
        sorted += strcmp(mx_countries[i - 1].code, mx_countries[i].code) < 0;
    tap_int((int64_t)sorted, (int64_t)mx_countries_n - 1, "the table is sorted by code");
    for (size_t i = 0; i < mx_countries_n; i++)
        if (mx_country_find(mx_str_c(mx_countries[i].code)) != &mx_countries[i])
            tap_ok(false, "%s is found", mx_countries[i].code);
    tap_ok(!mx_country_find(MX_S("XX")) && !mx_country_find(MX_S("D")) &&
               !mx_country_find(MX_S("")),
           "and no other");
    tap_int(mx_country_find(MX_S("HK"))->postal_code, MX_PART_NONE, "HK has no postal codes");
    tap_int(mx_country_find(MX_S("US"))->region, MX_PART_REQUIRED, "US needs a state");
}

int main(void)
{
    arena = mx_arena_new(4096, 1 << 20);
    test_clean();
    test_countries();
    mx_arena_free(arena);
    return tap_done();
}
