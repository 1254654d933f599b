/* Spellings that mean the same, made one before they are checked and stored: what a keyboard, a
 * phone's address book or a platform's habit adds and nobody sees. Each takes valid UTF-8 and gives
 * it back as it is, or a copy in the arena; what is wrong stays wrong, for the check to tell. */
#ifndef MX_CODEC_CLEAN_H
#define MX_CODEC_CLEAN_H

#include "base/str.h"

/* Without marks that embed or isolate the direction of writing (U+202A to U+202C, U+2066 to
 * U+2069). Those that override it stay, for the check to refuse: they make one name look like
 * another. */
struct mx_str mx_clean_line(struct mx_arena *a, struct mx_str s);
/* The same without any mark of direction or width; blanks, hyphens, plus signs and digits of other
 * widths become those of ASCII; no blanks at the ends. */
struct mx_str mx_clean_phone(struct mx_arena *a, struct mx_str s);
/* "en_US", "de_DE.UTF-8" as BCP 47 with its capitals: "en-US", "de-DE". */
struct mx_str mx_clean_locale(struct mx_arena *a, struct mx_str s);
/* ASCII letters as capitals. */
struct mx_str mx_clean_upper(struct mx_arena *a, struct mx_str s);
/* The domain of a mailbox in its ASCII form (mx_text_domain); the part before the last '@' stays.
 * One mailbox has one form: what is compared, stored, shown and written to. */
struct mx_str mx_clean_email(struct mx_arena *a, struct mx_str s);

#endif
