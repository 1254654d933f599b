/* The one status type. Every fallible function returns it and must be checked. Each row is a stable
 * code of the API: X(NAME, HTTP status, "code", "Title").
 *
 * Three kinds, never mixed: faults of the request (4xx), errors of the world (503, the caller may
 * try again), errors of ours (MX_BUG: log and abort; the master respawns the worker). */
#ifndef MX_BASE_ERR_H
#define MX_BASE_ERR_H

#include "base/prelude.h"

#define MX_ERRORS(X)                                                                              \
    X(BAD_REQUEST, 400, "bad_request", "Bad request")                                             \
    X(MALFORMED_JSON, 400, "malformed_json", "Malformed JSON")                                    \
    X(IDEMPOTENCY_KEY_REQUIRED, 400, "idempotency_key_required", "Idempotency-Key required")      \
    X(UNAUTHORIZED, 401, "unauthorized", "Authentication required")                               \
    X(INVALID_CREDENTIALS, 401, "invalid_credentials", "Invalid credentials")                     \
    X(INVALID_REFRESH_TOKEN, 401, "invalid_refresh_token", "Invalid refresh token")               \
    X(INVALID_MFA_TOKEN, 401, "invalid_mfa_token", "Sign-in expired")                             \
    X(INVALID_MFA_CODE, 401, "invalid_mfa_code", "Invalid or already used code")                  \
    X(PAYMENT_DECLINED, 402, "payment_declined", "Payment declined")                              \
    X(FORBIDDEN, 403, "forbidden", "Forbidden")                                                   \
    X(REAUTH_REQUIRED, 403, "reauth_required", "Recent sign-in required")                         \
    X(MFA_ENROLMENT_REQUIRED, 403, "mfa_enrolment_required", "Second factor required")            \
    X(NOT_FOUND, 404, "not_found", "Not found")                                                   \
    X(METHOD_NOT_ALLOWED, 405, "method_not_allowed", "Method not allowed")                        \
    X(CONFLICT, 409, "conflict", "Conflict")                                                      \
    X(OUT_OF_STOCK, 409, "out_of_stock", "Out of stock")                                          \
    X(PRICE_CHANGED, 409, "price_changed", "Price changed")                                       \
    X(CART_EMPTY, 409, "cart_empty", "Cart empty")                                                \
    X(EMAIL_TAKEN, 409, "email_taken", "E-mail address in use")                                   \
    X(CANNOT_BE_PRICED, 409, "cannot_be_priced", "Amount too large")                              \
    X(OPEN_ORDERS, 409, "open_orders", "Orders not shipped yet")                                  \
    X(LAST_OWNER, 409, "last_owner", "Last owner")                                                \
    X(INVALID_TRANSITION, 409, "invalid_transition", "Not possible in the current state")         \
    X(IDEMPOTENCY_IN_PROGRESS, 409, "idempotency_in_progress", "First request in progress")       \
    X(VERSION_CONFLICT, 412, "version_conflict", "Resource changed")                              \
    X(PAYLOAD_TOO_LARGE, 413, "payload_too_large", "Payload too large")                           \
    X(UNSUPPORTED_MEDIA_TYPE, 415, "unsupported_media_type", "Unsupported media type")            \
    X(VALIDATION_FAILED, 422, "validation_failed", "Validation failed")                           \
    X(IDEMPOTENCY_KEY_REUSED, 422, "idempotency_key_reused", "Idempotency-Key reused")            \
    X(CODE_INVALID, 422, "code_invalid", "Invalid or expired code")                               \
    X(RATE_LIMITED, 429, "rate_limited", "Too many requests")                                     \
    X(INTERNAL, 500, "internal_error", "Internal error")                                          \
    X(UNAVAILABLE, 503, "unavailable", "Service unavailable")                                     \
    X(OVERLOADED, 503, "overloaded", "Overloaded")                                                \
    X(DEADLINE, 503, "deadline_exceeded", "Request timed out")                                    \
    /* Signals between layers; one that reaches a client is a bug and is answered as INTERNAL. */ \
    X(DUPLICATE, 500, "internal_error", "Internal error")                                         \
    X(SESSION_ENDED, 401, "unauthorized", "Authentication required")                              \
    X(RETRY, 500, "internal_error", "Internal error")                                             \
    X(COMMIT_UNKNOWN, 503, "unavailable", "Service unavailable")                                  \
    X(EOF, 500, "internal_error", "Internal error")

enum mx_err {
    MX_OK = 0,
#define MX_ERR_ENUM(name, status, code, title) MX_E_##name,
    MX_ERRORS(MX_ERR_ENUM)
#undef MX_ERR_ENUM
        MX_ERR_COUNT
};

/* HTTP status of `e`; 200 for MX_OK. */
int mx_err_status(enum mx_err e);

/* Stable snake_case code of `e`, the last part of the problem's type; "ok" for MX_OK. */
const char *mx_err_code(enum mx_err e);

/* Title of `e` for a person; "OK" for MX_OK. */
const char *mx_err_title(enum mx_err e);

/* Log file, line and message at level "bug" and abort. For states that only our own code can make.
 */
#define MX_BUG(...) mx_bug(__FILE__, __LINE__, __VA_ARGS__)
#define MX_ASSERT(cond)                            \
    do {                                           \
        if (!(cond))                               \
            MX_BUG("assertion failed: %s", #cond); \
    } while (0)
MX_NORETURN void mx_bug(const char *file, int line, const char *fmt, ...) MX_PRINTF(3, 4);

#endif
