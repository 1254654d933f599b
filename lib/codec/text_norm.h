/* Normal forms of text, by ICU. All take valid UTF-8 (what is not becomes U+FFFD) and give it. */
#ifndef MX_CODEC_TEXT_NORM_H
#define MX_CODEC_TEXT_NORM_H

#include "base/str.h"

/* The text composed (Unicode normalisation form C): what looks the same has the same bytes.
 * Borrows from `s` when it is so already. */
struct mx_str mx_text_nfc(struct mx_arena *a, struct mx_str s);

/* One line of text in its normal form: composed, without blanks at its ends. */
struct mx_str mx_text_line(struct mx_arena *a, struct mx_str s);

/* The text as it is looked for: letters without case, accents, ligatures and width, one letter for
 * those that keyboards lack ("Ørsted" and "orsted", "Straße" and "STRASSE", "Łódź" and "lodz" are
 * one). Signs of scripts that need them to be read (Thai, Devanagari, kana) stay. Folding twice
 * changes nothing, and texts of one normalisation form C fold alike. For comparison, search and
 * slugs; never shown. */
struct mx_str mx_text_fold(struct mx_arena *a, struct mx_str s);

/* How a character takes part in words. */
enum mx_letter {
    MX_LETTER_NONE,
    MX_LETTER_PLAIN, /* of any script, and digits */
    MX_LETTER_DENSE, /* of a script without blanks between words: Han, kana, Thai ..., and Hangul */
    MX_LETTER_MARK   /* a sign on the letter before it */
};
enum mx_letter mx_text_letter(uint32_t c);

/* The ASCII form of a domain name (IDNA 2008 after the mapping of UTS 46, RFC 5891), which DNS and
 * every mail server take: "Bücher.example" is "xn--bcher-kva.example". False when it has none, and
 * when more than case was changed on the way: no letter of another width or kind becomes one of
 * ASCII. */
bool mx_text_domain(struct mx_arena *a, struct mx_str domain,
                    struct mx_str *ret_ascii) MX_MUST_CHECK;

#endif
