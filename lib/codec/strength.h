/* How easily a password is guessed (libzxcvbn; the only file that sees it): dictionaries of tens of
 * thousands of common passwords, words and names, runs of keys and of letters, repetition, dates,
 * all of it also in 1337 spelling, and words that only concern the one who chooses it. */
#ifndef MX_CODEC_STRENGTH_H
#define MX_CODEC_STRENGTH_H

#include "base/list.h"
#include "base/str.h"

/* A password is weak that a guesser who knows all this finds in fewer than 4 million tries. */
#define MX_STRENGTH_BITS 22.0
#define MX_STRENGTH_WORDS_MAX 32

enum mx_weakness {
    MX_STRONG,
    MX_WEAK_COMMON,   /* a common password or word */
    MX_WEAK_CONTEXT,  /* one of `words` */
    MX_WEAK_REPEATED, /* the same again and again */
    MX_WEAK_SEQUENCE, /* abcdefgh, 13579 */
    MX_WEAK_KEYBOARD, /* keys beside each other */
    MX_WEAK_DATE
};

/* The kind of words that make up most of a weak password, MX_STRONG if it is not weak. `words`
 * (struct mx_str, UTF-8 without NUL; at most MX_STRENGTH_WORDS_MAX are looked at) count as the
 * first thing that is tried, in any case. The work grows with the length: ~10 ms for 200 characters
 * at worst. */
enum mx_weakness mx_password_weakness(struct mx_arena *a, struct mx_str password,
                                      struct mx_list words);

#endif
