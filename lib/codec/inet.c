#include "codec/inet.h"

#include <arpa/inet.h>

/* The first `bits` (a multiple of 8) of an IPv6 address; of IPv4 and of any other text all. */
static struct mx_str network(struct mx_arena *a, struct mx_str address, unsigned bits)
{
    struct in6_addr v6;
    char text[INET6_ADDRSTRLEN];

    if (inet_pton(AF_INET6, mx_str_z(a, address), &v6) != 1)
        return address;
    if (IN6_IS_ADDR_V4MAPPED(&v6)) {
        inet_ntop(AF_INET, &v6.s6_addr[12], text, sizeof(text));
        return mx_str_dup(a, mx_str_c(text));
    }
    memset(&v6.s6_addr[bits / 8], 0, sizeof(v6.s6_addr) - bits / 8);
    inet_ntop(AF_INET6, &v6, text, sizeof(text));
    return mx_str_fmt(a, "%s/%u", text, bits);
}

struct mx_str mx_address_class(struct mx_arena *a, struct mx_str address)
{
    return network(a, address, 64);
}

struct mx_str mx_address_site(struct mx_arena *a, struct mx_str address)
{
    return network(a, address, 48);
}
