/* Non-owning byte slice. `p` may be NULL only for "absent" (n is 0 then); an empty string has a
 * non-NULL `p`. Not NUL-terminated unless its maker says so. */
#ifndef MX_BASE_STR_H
#define MX_BASE_STR_H

#include "base/err.h"

struct mx_arena;

struct mx_str {
    const char *p;
    size_t n;
};

/* Slice of a string literal. */
#define MX_S(lit) ((struct mx_str){(lit), sizeof(lit) - 1})
/* For printf("%.*s", MX_FMT(s)). */
#define MX_FMT(s) (int)(s).n, (s).p

#define MX_I64_TEXT 20 /* bytes of the longest one, "-9223372036854775808" */

/* Slice of a C string; NULL gives the absent slice. */
struct mx_str mx_str_c(const char *c);

/* Byte equality; absent equals absent only. */
bool mx_str_eq(struct mx_str a, struct mx_str b);
bool mx_str_eqc(struct mx_str a, const char *c);
/* ASCII case-insensitive equality. */
bool mx_str_ieq(struct mx_str a, struct mx_str b);
/* memcmp order, shorter first on a tie. */
int mx_str_cmp(struct mx_str a, struct mx_str b);
bool mx_str_starts(struct mx_str s, struct mx_str prefix);
bool mx_str_ends(struct mx_str s, struct mx_str suffix);
/* First position of byte `c`, or -1. */
ptrdiff_t mx_str_find(struct mx_str s, char c);
/* s[from..from+n), clamped to s. */
struct mx_str mx_str_sub(struct mx_str s, size_t from, size_t n);
/* Without leading and trailing ASCII space and tab. */
struct mx_str mx_str_trim(struct mx_str s);
/* Take what stands before the first `sep` off the front of *rest (all of it when there is none, and
 * *rest becomes absent). False when *rest is absent. */
bool mx_str_split(struct mx_str *rest, char sep, struct mx_str *ret_part);
/* Decimal integer, whole slice, optional '-', no '+', no leading zeros but "0", in [min, max]. */
bool mx_str_i64(struct mx_str s, int64_t min, int64_t max, int64_t *ret_value);
/* The number in decimal, in `out`, without a NUL. */
struct mx_str mx_str_i64_text(int64_t v, char out[MX_I64_TEXT]);
/* Copy into the arena, NUL-terminated. Absent stays absent. */
struct mx_str mx_str_dup(struct mx_arena *a, struct mx_str s);
/* printf into the arena. */
struct mx_str mx_str_fmt(struct mx_arena *a, const char *fmt, ...) MX_PRINTF(2, 3);
/* NUL-terminated copy as a C string; "" for absent. */
const char *mx_str_z(struct mx_arena *a, struct mx_str s);
/* Bytes (1 to 4) of the well-formed UTF-8 sequence that begins at s[at], at < s.n; 0 when there is
 * none (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF). */
size_t mx_str_utf8(struct mx_str s, size_t at);
/* names[value] of a table that ends with NULL; absent for a value that it does not have, such as
 * one that a newer program has stored. */
struct mx_str mx_str_name(const char *const *names, int64_t value);
/* 64-bit keyed hash (SipHash-2-4) for tables, not for security tokens. The key is drawn before main
 * begins: all processes forked from one program start hash alike, two starts differ. */
uint64_t mx_str_hash(struct mx_str s);
/* Two starts that share hashed tables hash alike: the first leaves its key in `key`, which is
 * zeroed before, the second takes it. Call it before anything is hashed. */
void mx_str_hash_share(uint64_t key[2]);
/* SipHash-2-4 under a key of the caller: two words, the first one first in little-endian order. */
uint64_t mx_str_siphash(const uint64_t key[2], struct mx_str s);

#endif
