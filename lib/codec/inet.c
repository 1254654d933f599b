#include "codec/inet.h"

#include <arpa/inet.h>

struct mx_str mx_address_class(struct mx_arena *a, struct mx_str address)
{
    struct in6_addr v6;
    char text[INET6_ADDRSTRLEN];

    if (inet_pton(AF_INET6, mx_str_z(a, address), &v6) != 1)
        return address;
    if (IN6_IS_ADDR_V4MAPPED(&v6)) {
        inet_ntop(AF_INET, &v6.s6_addr[12], text, sizeof(text));
        return mx_str_dup(a, mx_str_c(text));
    }
    memset(&v6.s6_addr[8], 0, 8);
    inet_ntop(AF_INET6, &v6, text, sizeof(text));
    return mx_str_fmt(a, "%s/64", text);
}
