/* Classes of client addresses (THR-2). */
#include "codec/inet.h"

#include "base/arena.h"
#include "tap.h"

int main(void)
{
    static const struct {
        const char *address, *class, *site;
    } cases[] = {
        {"192.0.2.7", "192.0.2.7", "192.0.2.7"},
        {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/48"},
        {"2001:db8:1:2::9", "2001:db8:1:2::/64", "2001:db8:1::/48"},
        {"2001:db8::1:2:3:4", "2001:db8::/64", "2001:db8::/48"},
        {"2001:db8::2:2:3:4", "2001:db8::/64", "2001:db8::/48"},
        {"2001:db8:7::1", "2001:db8:7::/64", "2001:db8:7::/48"},
        {"::ffff:192.0.2.7", "192.0.2.7", "192.0.2.7"},
        {"::1", "::/64", "::/48"},
        {"unix:", "unix:", "unix:"},
        {"", "", ""},
    };
    struct mx_arena *a = mx_arena_new(4096, 1 << 20);

    for (size_t i = 0; i < MX_LEN(cases); i++) {
        tap_str(mx_address_class(a, mx_str_c(cases[i].address)), cases[i].class, cases[i].address);
        tap_str(mx_address_site(a, mx_str_c(cases[i].address)), cases[i].site, cases[i].address);
    }
    mx_arena_free(a);
    return tap_done();
}
