#include "codec/locale.h"

bool mx_locale_speaks(const char *language, struct mx_str tag)
{
    struct mx_str want = mx_str_c(language);

    return mx_str_ieq(mx_str_sub(tag, 0, want.n), want) &&
           (tag.n == want.n || tag.p[want.n] == '-');
}
