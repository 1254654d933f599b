#include "base/perm.h"

#include "base/arena.h"

#define MX_PERM_NAME(name, bit, wire) [bit] = (wire),
static const char *const names[] = {MX_PERMISSIONS(MX_PERM_NAME)};

const char *mx_permission_name(int bit)
{
    return bit >= 0 && (size_t)bit < MX_LEN(names) ? names[bit] : NULL;
}

bool mx_permission_parse(struct mx_str s, uint64_t *ret_bit)
{
    for (size_t i = 0; i < MX_LEN(names); i++) {
        if (mx_str_eqc(s, names[i])) {
            *ret_bit = UINT64_C(1) << i;
            return true;
        }
    }
    return false;
}

struct mx_list mx_permission_names(struct mx_arena *a, uint64_t set)
{
    struct mx_list out = MX_LIST(MX_NEW_N(a, MX_LEN(names), struct mx_str), 0);

    for (size_t i = 0; i < MX_LEN(names); i++)
        if (set & UINT64_C(1) << i)
            *MX_AT(out, struct mx_str, out.n++) = mx_str_c(names[i]);
    return out;
}
