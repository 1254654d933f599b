/* /v1/auth/passkey, /v1/me/passkeys: routes, and shapes that others share. Members of WebAuthn's
 * own JSON forms (PublicKeyCredential.toJSON() and the options of Level 3, section 5.1) keep their
 * names. */
#ifndef MX_API_ACCOUNT_PASSKEYS_H
#define MX_API_ACCOUNT_PASSKEYS_H

#include "http/route.h"

extern const struct mx_shape mx_shape_passkey;

/* Its routes. */
extern const struct mx_route mx_routes_passkeys[];

#endif
