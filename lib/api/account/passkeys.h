/* /v1/auth/passkey, /v1/me/passkeys: handlers and shapes. Members of WebAuthn's own JSON forms
 * (PublicKeyCredential.toJSON() and the options of Level 3, section 5.1) keep their names. */
#ifndef MX_API_ACCOUNT_PASSKEYS_H
#define MX_API_ACCOUNT_PASSKEYS_H

#include "http/route.h"

extern const struct mx_shape mx_shape_passkey_request, mx_shape_passkey_sign_in,
    mx_shape_passkey_creation, mx_shape_passkey_new, mx_shape_passkey, mx_shape_passkeys,
    mx_shape_passkey_name, mx_shape_passkey_id;

/* Its routes. */
extern const struct mx_route mx_routes_passkeys[];

#endif
