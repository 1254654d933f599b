#include "codec/text_norm.h"

#include <unicode/uchar.h>
#include <unicode/uidna.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/ustring.h>

#include "base/arena.h"
#include "codec/utf8.h"

#define DOMAIN_MAX 253

/* UTF-16, as ICU works. */
struct text16 {
    UChar *p;
    int32_t n;
};

/* Letters that no decomposition takes apart, and what stands for them; sorted. */
static const struct {
    UChar letter;
    const char *plain;
} plain_letters[] = {
    {0x00e6, "ae"}, {0x00f0, "d"}, {0x00f8, "o"}, {0x00fe, "th"}, {0x0111, "d"},  {0x0127, "h"},
    {0x0131, "i"},  {0x0138, "k"}, {0x0142, "l"}, {0x014b, "n"},  {0x0153, "oe"}, {0x0167, "t"},
    {0x0180, "b"},  {0x0192, "f"}, {0x019a, "l"}, {0x01b6, "z"},  {0x01dd, "e"},  {0x01e5, "g"},
    {0x0247, "e"},  {0x0249, "j"}, {0x024d, "r"}, {0x024f, "y"},  {0x0253, "b"},  {0x0256, "d"},
    {0x0257, "d"},  {0x0259, "e"}, {0x0268, "i"}, {0x0289, "u"},
};

static bool is_ascii(struct mx_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] >= 0x80)
            return false;
    return true;
}

static struct mx_str lower_ascii(struct mx_arena *a, struct mx_str s)
{
    char *p = mx_arena_dup(a, s.p, s.n);

    for (size_t i = 0; i < s.n; i++)
        if (p[i] >= 'A' && p[i] <= 'Z')
            p[i] = (char)(p[i] + ('a' - 'A'));
    return (struct mx_str){p, s.n};
}

/* A code unit of UTF-8 makes at most one of UTF-16, one of UTF-16 at most three of UTF-8. */
static struct text16 decode(struct mx_arena *a, struct mx_str s)
{
    struct text16 t = {mx_arena_alloc(a, (s.n + 1) * sizeof(UChar)), 0};
    UErrorCode e = U_ZERO_ERROR;

    MX_ASSERT(s.n <= INT32_MAX / 32);
    u_strFromUTF8WithSub(t.p, (int32_t)s.n + 1, &t.n, s.p, (int32_t)s.n, 0xfffd, NULL, &e);
    MX_ASSERT(U_SUCCESS(e));
    return t;
}

static struct mx_str encode(struct mx_arena *a, struct text16 t)
{
    int32_t max = 3 * t.n + 1, n;
    char *p = mx_arena_alloc(a, (size_t)max);
    UErrorCode e = U_ZERO_ERROR;

    u_strToUTF8WithSub(p, max, &n, t.p, t.n, 0xfffd, NULL, &e);
    MX_ASSERT(U_SUCCESS(e));
    return (struct mx_str){p, (size_t)n};
}

static struct text16 normalise(struct mx_arena *a, const UNormalizer2 *form, struct text16 t)
{
    struct text16 out = {.n = t.n + 16};
    UErrorCode e = U_ZERO_ERROR;

    out.p = mx_arena_alloc(a, (size_t)out.n * sizeof(UChar));
    out.n = unorm2_normalize(form, t.p, t.n, out.p, out.n, &e);
    if (e == U_BUFFER_OVERFLOW_ERROR) {
        e = U_ZERO_ERROR;
        out.p = mx_arena_alloc(a, ((size_t)out.n + 1) * sizeof(UChar));
        out.n = unorm2_normalize(form, t.p, t.n, out.p, out.n + 1, &e);
    }
    MX_ASSERT(U_SUCCESS(e));
    return out;
}

struct mx_str mx_text_nfc(struct mx_arena *a, struct mx_str s)
{
    UErrorCode e = U_ZERO_ERROR;
    const UNormalizer2 *nfc = unorm2_getNFCInstance(&e);
    struct text16 t;

    if (is_ascii(s))
        return s;
    t = decode(a, s);
    if (unorm2_quickCheck(nfc, t.p, t.n, &e) == UNORM_YES)
        return s;
    MX_ASSERT(U_SUCCESS(e));
    return encode(a, normalise(a, nfc, t));
}

struct mx_str mx_text_line(struct mx_arena *a, struct mx_str s)
{
    return mx_text_nfc(a, mx_utf8_trim(s));
}

static struct text16 lower(struct mx_arena *a, struct text16 t)
{
    struct text16 out = {mx_arena_alloc(a, (3 * (size_t)t.n + 1) * sizeof(UChar)), 0};
    UErrorCode e = U_ZERO_ERROR;

    out.n = u_strToLower(out.p, 3 * t.n + 1, t.p, t.n, "", &e);
    MX_ASSERT(U_SUCCESS(e));
    return out;
}

/* The name as it was meant, in form C and lower case. */
static struct mx_str as_meant(struct mx_arena *a, struct mx_str domain)
{
    return mx_text_nfc(a, encode(a, lower(a, decode(a, mx_text_nfc(a, domain)))));
}

bool mx_text_domain(struct mx_arena *a, struct mx_str domain, struct mx_str *ret_ascii)
{
    static UIDNA *idna;
    UErrorCode e = U_ZERO_ERROR;
    UIDNAInfo info = UIDNA_INFO_INITIALIZER, back = UIDNA_INFO_INITIALIZER;
    char *ascii = mx_arena_alloc(a, DOMAIN_MAX), *name = mx_arena_alloc(a, 4 * DOMAIN_MAX);
    int32_t n, m;

    if (!idna)
        idna = uidna_openUTS46(UIDNA_NONTRANSITIONAL_TO_ASCII | UIDNA_NONTRANSITIONAL_TO_UNICODE |
                                   UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ,
                               &e);
    MX_ASSERT(U_SUCCESS(e) && domain.n <= INT32_MAX / 32);
    n = uidna_nameToASCII_UTF8(idna, domain.p, (int32_t)domain.n, ascii, DOMAIN_MAX, &info, &e);
    if (U_FAILURE(e) || info.errors != 0 || n > DOMAIN_MAX)
        return false;
    m = uidna_nameToUnicodeUTF8(idna, ascii, n, name, 4 * DOMAIN_MAX, &back, &e);
    if (U_FAILURE(e) || back.errors != 0 || m > 4 * DOMAIN_MAX ||
        !mx_str_eq((struct mx_str){name, (size_t)m}, as_meant(a, domain)))
        return false;
    *ret_ascii = (struct mx_str){ascii, (size_t)n};
    return true;
}

/* Accents of all scripts that can be read without them: the blocks of combining marks, and the
 * vowel points of Hebrew and Arabic. */
static bool is_accent(UChar c)
{
    return (c >= 0x0300 && c <= 0x036f) || (c >= 0x0591 && c <= 0x05c7 && c != 0x05be) ||
           (c >= 0x064b && c <= 0x065f) || c == 0x0670 || (c >= 0x1ab0 && c <= 0x1aff) ||
           (c >= 0x1dc0 && c <= 0x1dff) || (c >= 0x20d0 && c <= 0x20ff) ||
           (c >= 0xfe20 && c <= 0xfe2f);
}

static const char *plain_of(UChar c)
{
    for (size_t i = 0; i < MX_LEN(plain_letters) && plain_letters[i].letter <= c; i++)
        if (plain_letters[i].letter == c)
            return plain_letters[i].plain;
    return NULL;
}

/* Of decomposed text: leave out the accents, write plain letters. */
static struct text16 strip(struct mx_arena *a, struct text16 t)
{
    struct text16 out = {mx_arena_alloc(a, (2 * (size_t)t.n + 1) * sizeof(UChar)), 0};

    for (int32_t i = 0; i < t.n; i++) {
        const char *plain = t.p[i] < 0x80 ? NULL : plain_of(t.p[i]);

        if (is_accent(t.p[i]))
            continue;
        if (!plain)
            out.p[out.n++] = t.p[i];
        for (; plain && *plain; plain++)
            out.p[out.n++] = (UChar)*plain;
    }
    return out;
}

struct mx_str mx_text_fold(struct mx_arena *a, struct mx_str s)
{
    UErrorCode e = U_ZERO_ERROR;
    const UNormalizer2 *caseless = unorm2_getNFKCCasefoldInstance(&e);
    const UNormalizer2 *nfd = unorm2_getNFDInstance(&e), *nfc = unorm2_getNFCInstance(&e);
    struct text16 t;

    MX_ASSERT(U_SUCCESS(e));
    if (is_ascii(s))
        return lower_ascii(a, s);
    t = normalise(a, caseless, decode(a, s));
    t = strip(a, normalise(a, nfd, t));
    return encode(a, normalise(a, nfc, t));
}

enum mx_letter mx_text_letter(uint32_t c)
{
    UErrorCode e = U_ZERO_ERROR;

    if (U_GET_GC_MASK((UChar32)c) & U_GC_M_MASK)
        return MX_LETTER_MARK;
    if (!u_isalnum((UChar32)c))
        return MX_LETTER_NONE;
    switch (c < 0x80 ? USCRIPT_LATIN : uscript_getScript((UChar32)c, &e)) {
    case USCRIPT_HAN:
    case USCRIPT_HIRAGANA:
    case USCRIPT_KATAKANA:
    case USCRIPT_HANGUL:
    case USCRIPT_THAI:
    case USCRIPT_LAO:
    case USCRIPT_KHMER:
    case USCRIPT_MYANMAR:
        return MX_LETTER_DENSE;
    default:
        return MX_LETTER_PLAIN;
    }
}
