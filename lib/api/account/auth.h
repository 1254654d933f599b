/* /v1/auth: routes, and shapes that others share. */
#ifndef MX_API_ACCOUNT_AUTH_H
#define MX_API_ACCOUNT_AUTH_H

#include "account/signin.h"
#include "http/route.h"

extern const struct mx_shape mx_shape_tokens, mx_shape_code_asked, mx_shape_mfa_required,
    mx_shape_own_password;

/* Input of routes that want the caller's own password again. */
struct mx_own_password {
    struct mx_str password;
};

/* The answers of every route that signs in to an account, in this order; routes.c has
 * {{200, &mx_shape_tokens, NULL}, {200, &mx_shape_mfa_required, NULL}}: tokens, or the demand for a
 * second factor. Returns what the rule is to fill; the reply follows from it. */
struct mx_signin *api_auth_signing_in(struct mx_ctx *cx, struct mx_reply *reply);

/* Answer with mx_shape_code_asked: the handle, which a rule is to put where this points, and how
 * long its code is good. */
struct mx_str *api_auth_asking_code(struct mx_ctx *cx, struct mx_reply *reply);

/* Rows of a shape that takes a mailed code back; `code` is a struct mx_mailed_code of T. */
#define API_AUTH_CODE(T)                                                                          \
    MX_F_AS(T, code.code, "code", MX_BODY, MX_F_REQUIRED | MX_F_SECRET, 1, 64, MX_LINE,           \
            "The mailed code, like ABCDE-FGHJK; case, spaces and dashes are ignored. "            \
            "It works once, for 30 minutes and 5 attempts, and only with the handle of "          \
            "its own request."),                                                                  \
        MX_F_AS(T, code.handle, "handle", MX_BODY, MX_F_REQUIRED | MX_F_SECRET, 1, 128, MX_TOKEN, \
                "The `handle` of the answer to the request that mailed the code.")

/* Its routes. */
extern const struct mx_route mx_routes_auth[];

#endif
