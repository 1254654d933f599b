/* Languages by their tags (BCP 47). */
#ifndef MX_CODEC_LOCALE_H
#define MX_CODEC_LOCALE_H

#include "base/str.h"

/* True when the tag is `language` or a narrower one (RFC 4647 3.3.1, basic filtering): "de" speaks
 * de and de-AT, not den. Case does not count. */
bool mx_locale_speaks(const char *language, struct mx_str tag);

#endif
