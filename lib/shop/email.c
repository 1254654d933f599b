#include "shop/email.h"

#include "base/arena.h"

bool mx_email_key(struct mx_arena *a, struct mx_str email, struct mx_str *ret_key)
{
    char *key = mx_arena_dup(a, email.p, email.n);
    bool at = false;

    for (size_t i = 0; i < email.n; i++) {
        if (key[i] <= ' ' || key[i] > '~')
            return false;
        at = at || key[i] == '@';
        if (key[i] >= 'A' && key[i] <= 'Z')
            key[i] = (char)(key[i] | 0x20);
    }
    if (!at)
        return false;
    *ret_key = (struct mx_str){key, email.n};
    return true;
}

enum mx_err mx_email_key_of(struct mx_ctx *cx, struct mx_str email, struct mx_str *ret_key)
{
    if (mx_email_key(cx->arena, email, ret_key))
        return MX_OK;
    mx_fault_at(cx->faults, MX_S("/email"), "bad_format", "Must be an e-mail address.");
    return MX_E_VALIDATION_FAILED;
}

struct mx_str mx_email_local(struct mx_str email)
{
    size_t n = email.n;

    while (n > 0 && email.p[n - 1] != '@')
        n--;
    return n > 0 ? mx_str_sub(email, 0, n - 1) : email;
}

struct mx_str mx_email_domain(struct mx_str email)
{
    struct mx_str local = mx_email_local(email);

    return local.n < email.n ? mx_str_sub(email, local.n + 1, email.n) : MX_S("");
}
