/* Addresses of clients as classes that limits apply to. */
#ifndef MX_CODEC_INET_H
#define MX_CODEC_INET_H

#include "base/str.h"

/* The network that counts as one client: an IPv4 address, or the /64 of an IPv6 one (RFC
 * 4291 2.5.4: a client owns at least that). A v4-mapped address is its IPv4 address. Text that is
 * no address stands for itself. */
struct mx_str mx_address_class(struct mx_arena *a, struct mx_str address);
/* The network that one subscriber may have at most (RFC 6177): the /48 of an IPv6 address, else as
 * mx_address_class. It holds 65,536 of those clients. */
struct mx_str mx_address_site(struct mx_arena *a, struct mx_str address);

#endif
