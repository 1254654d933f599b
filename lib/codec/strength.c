#include "codec/strength.h"

#include <zxcvbn.h>

#include "base/arena.h"

/* The same, wherever it stands: a part that is made of equal parts is a repetition. */
static enum mx_weakness kind_of(int type)
{
    if (type >= MULTIPLE_MATCH)
        return MX_WEAK_REPEATED;
    switch (type) {
    case USER_MATCH:
    case USER_LEET_MATCH:
        return MX_WEAK_CONTEXT;
    case REPEATS_MATCH:
        return MX_WEAK_REPEATED;
    case SEQUENCE_MATCH:
        return MX_WEAK_SEQUENCE;
    case SPATIAL_MATCH:
        return MX_WEAK_KEYBOARD;
    case DATE_MATCH:
    case YEAR_MATCH:
        return MX_WEAK_DATE;
    default:
        return MX_WEAK_COMMON;
    }
}

/* The longest part that something is known about gives the reason. */
static enum mx_weakness reason_of(const ZxcMatch_t *parts)
{
    enum mx_weakness why = MX_WEAK_COMMON;
    int longest = 0;

    for (const ZxcMatch_t *p = parts; p; p = p->Next) {
        if (p->Type == BRUTE_MATCH || p->Type == NON_MATCH || p->Length <= longest)
            continue;
        longest = p->Length;
        why = kind_of((int)p->Type);
    }
    return why;
}

/* ASCII letters in lower case: the library ignores the case of the password alone. */
static const char *word_of(struct mx_arena *a, struct mx_str s)
{
    char *p = mx_arena_dup(a, s.p, s.n);

    for (size_t i = 0; i < s.n; i++)
        if (p[i] >= 'A' && p[i] <= 'Z')
            p[i] = (char)(p[i] | 0x20);
    return p;
}

enum mx_weakness mx_password_weakness(struct mx_arena *a, struct mx_str password,
                                      struct mx_list words)
{
    const char *known[MX_STRENGTH_WORDS_MAX + 1] = {NULL};
    enum mx_weakness why = MX_STRONG;
    ZxcMatch_t *parts = NULL;

    for (size_t i = 0; i < words.n && i < MX_STRENGTH_WORDS_MAX; i++)
        known[i] = word_of(a, *MX_AT(words, struct mx_str, i));
    if (ZxcvbnMatch(mx_str_z(a, password), known, &parts) < MX_STRENGTH_BITS)
        why = reason_of(parts);
    ZxcvbnFreeInfo(parts);
    return why;
}
