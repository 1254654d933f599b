/* Money: an integer count of minor units with its currency (ISO 4217). Never a float, never
 * negative on the wire. All arithmetic is checked; rounding is half up and stated where it happens.
 */
#ifndef MX_CODEC_MONEY_H
#define MX_CODEC_MONEY_H

#include "base/arena.h"
#include "base/str.h"

#define MX_MONEY_MAX INT64_C(9007199254740991) /* 2^53 - 1 */

/* Largest price of one unit, and of shipping: 100 lines of 999 units and their shipping, all of
 * them taxed at 100 %, stay below MX_MONEY_MAX (lib/sales/cart.h has the assertion). */
#define MX_PRICE_MAX INT64_C(45000000000)

struct mx_currency {
    char code[4]; /* upper case, NUL-terminated; "" means none */
};

struct mx_money {
    int64_t minor;
    struct mx_currency currency;
};

/* Known ISO 4217 code. */
bool mx_currency_parse(struct mx_str s, struct mx_currency *ret_currency);
/* Currency of a code that was stored, hence known: MX_BUG otherwise. */
struct mx_currency mx_currency_stored(struct mx_str s);
bool mx_currency_eq(struct mx_currency a, struct mx_currency b);
struct mx_str mx_currency_str(const struct mx_currency *c);
/* Digits of the minor unit (EUR 2, JPY 0, KWD 3). */
int mx_currency_digits(struct mx_currency c);
struct mx_money mx_money(int64_t minor, struct mx_currency c);
/* An amount (minor >= 0) as people of the locale (BCP 47) write it: "€1,299.00", "1.299,00 €" in
 * de, "€ 1.299,00" in de-AT. Blanks do not break. Locales that have no style of their own, and an
 * absent one, are written as in English; so is mail in a language that it has no texts for. */
struct mx_str mx_money_text(struct mx_arena *a, struct mx_money m, struct mx_str locale);
/* *ret = a + b or a * n; false (nothing written) beyond +-MX_MONEY_MAX. */
bool mx_money_add(int64_t a, int64_t b, int64_t *ret) MX_MUST_CHECK;
bool mx_money_mul(int64_t a, int64_t n, int64_t *ret) MX_MUST_CHECK;
/* amount * ppm / 1,000,000, rounded half up (amount >= 0, 0 <= ppm <= 1,000,000). */
int64_t mx_money_ppm(int64_t amount, int64_t ppm);
/* The part of a gross amount that is tax at `ppm`: gross * ppm / (1e6 + ppm), the tax rounded half
 * up; the net is what remains. Bounds as above. */
int64_t mx_money_ppm_included(int64_t gross, int64_t ppm);
/* Split `total` >= 0 over `n` weights (all >= 0, 0 < their sum < 2^63) by largest remainder, ties
 * to the first: the parts sum to total, and a weight of 0 gets nothing. ret_parts is another array.
 */
void mx_money_allocate(int64_t total, const int64_t *weights, size_t n, int64_t *ret_parts);

#endif
