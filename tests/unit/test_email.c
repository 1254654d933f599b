/* Canonical e-mail addresses. */
#include "tap.h"

#include "base/arena.h"
#include "shop/email.h"

int main(void)
{
    struct mx_arena *a = mx_arena_new(4096, 1 << 20);
    struct mx_str key = {0};
    static const char *const refused[] = {"",
                                          "x",
                                          "a b@x.test",
                                          "a@x.test ",
                                          "a@x.test\r\n",
                                          "a@x.test\n",
                                          "m\xc4\xb1ke@x.test",
                                          "mike@x\xef\xbd\x8d.test",
                                          "a\x7f@x.test"};

    tap_ok(mx_email_key(a, MX_S("Mike.O'Hara+1@X.Test"), &key), "an address");
    tap_str(key, "mike.o'hara+1@x.test", "in lower case");
    tap_ok(mx_email_key(a, MX_S("[{@z.test"), &key), "signs that only look like letters");
    tap_str(key, "[{@z.test", "stay");
    for (size_t i = 0; i < MX_LEN(refused); i++)
        tap_ok(!mx_email_key(a, mx_str_c(refused[i]), &key), "refused %zu", i);
    tap_str(mx_email_local(MX_S("ada@x.test")), "ada", "local part");
    tap_str(mx_email_local(MX_S("ada")), "ada", "no local part");
    tap_str(mx_email_domain(MX_S("ada@x.test")), "x.test", "domain");
    tap_str(mx_email_domain(MX_S("ada")), "", "no domain");
    mx_arena_free(a);
    return tap_done();
}
