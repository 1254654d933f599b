#include "http/authz.h"

const char *mx_who_name(enum mx_who who)
{
    static const char *const names[] = {[MX_WHO_UNSET] = "?",
                                        [MX_WHO_PUBLIC] = "public",
                                        [MX_WHO_ANYONE] = "anyone",
                                        [MX_WHO_TOKEN] = "token",
                                        [MX_WHO_STAFF] = "staff"};

    return names[who];
}
