/* THE settings table: name, type, default, bounds, documentation. Alphabetical: this is the order
 * of `merx config`. From each row follow the member of struct mx_settings, the line of the sample
 * file and the environment variable (MERX_ and the name in capitals, dots as underscores). S:
 * string; I: integer; B: on/off. Flags: 0, SECRET (never printed), PATH (a file or directory). */
#ifndef MX_BASE_SETTINGS_H
#define MX_BASE_SETTINGS_H

#include "base/prelude.h"

#define MX_SETTING_SECRET 1u
#define MX_SETTING_PATH 2u

/* clang-format off */
#define MX_SETTINGS(S, I, B)                                                                       \
    S(audience,                "merx", 0, "aud of access tokens")                                  \
    I(backlog,                 511, 1, 65535, "listen queue of each FastCGI socket")               \
    I(body_max,                65536, 1024, 16777216, "largest request body, bytes, unless the route says otherwise") \
    I(catalog_cache_ms,        1000, 0, 60000, "time a host keeps a rendered public answer; 0: not at all") \
    I(catalog_max_age_s,       30, 0, 86400, "max-age of public catalog answers, seconds")         \
    I(catalog_swr_s,           300, 0, 86400, "stale-while-revalidate of public catalog answers, seconds") \
    B(checkout_requires_shipping, false, "refuse a checkout without shipping address and method")  \
    I(connections_per_worker,  512, 1, 1024, "kept FastCGI connections a worker of the fast pool owns at most; more are closed after one request, which nginx may see too late") \
    S(control,                 "/run/merx/control.sock", MX_SETTING_PATH, "control socket of the master") \
    S(cors_origins,            "", 0, "origins that may call from a browser, separated by spaces") \
    S(currency,                "EUR", 0, "currency of new carts (ISO 4217)")                       \
    I(db_connect_timeout_s,    2, 1, 60, "time to connect to the database, seconds")               \
    S(db_host,                 "", 0, "database host; empty: use db_socket")                       \
    I(db_lock_timeout_s,       3, 1, 50, "time a statement waits for a row lock, seconds")         \
    S(db_name,                 "merx", 0, "database schema")                                       \
    S(db_password,             "", MX_SETTING_SECRET, "password of db_user")                       \
    S(db_password_file,        "", MX_SETTING_PATH, "file that holds the password of db_user")     \
    I(db_port,                 3306, 1, 65535, "port of db_host")                                  \
    I(db_prepared_statements,  100, 1, 1000, "prepared statements a connection keeps, the least recently used goes; the server's max_prepared_stmt_count must have room for those of all connections") \
    S(db_socket,               "/run/mysqld/mysqld.sock", MX_SETTING_PATH, "socket of the database") \
    I(db_statement_timeout_ms, 5000, 100, 60000, "time the server gives one statement")            \
    S(db_tls_ca,               "", MX_SETTING_PATH, "CA file; required with db_host: the server's certificate and name are checked") \
    S(db_user,                 "merx", 0, "database account")                                      \
    I(drain_timeout_s,         40, 1, 3600, "time an old worker gets to finish at stop and reload") \
    I(idempotency_ttl_h,       48, 24, 8760, "life of an idempotency key, hours")                  \
    S(issuer,                  "https://merx.invalid", 0, "iss of access tokens")                  \
    I(job_interval_ms,         250, 20, 60000, "pause of the job runner when nothing is due")      \
    I(jwks_max_age_s,          300, 30, 86400, "max-age of the public key set; a new key may sign after so long") \
    I(kept_connections,        1, 0, 1, "1: the fast pool keeps FastCGI connections; 0: closes them") \
    S(keys,                    "/etc/merx/keys", MX_SETTING_PATH, "directory of signing keys and server secrets") \
    S(log,                     "", MX_SETTING_PATH, "log file; empty: standard error")             \
    S(log_level,               "info", 0, "debug, info, warn or error")                            \
    S(mail,                    "", MX_SETTING_PATH, "directory that mail is written to as files, unless smtp_url is set") \
    S(mail_from,               "shop@merx.invalid", 0, "sender of mail; Message-ID and EHLO take its domain") \
    B(manual_provider,         true, "offer the manual provider: pay on invoice or delivery") \
    I(max_requests,            100000, 0, 1000000000, "a worker ends after so many requests (jitter 25 %); 0: never") \
    S(oidc_providers,          "", MX_SETTING_PATH, "file of OpenID providers that customers may sign in with (its form: deploy/oidc.conf); empty: none") \
    I(order_expiry_min,        30, 1, 10080, "an unpaid order gives its stock back after so many minutes") \
    S(passkey_origins,         "", 0, "origins that passkeys may be used from, separated by spaces: https://shop.example, android:apk-key-hash:...") \
    S(passkey_rp_id,           "", 0, "domain that passkeys belong to (WebAuthn RP ID); empty: no passkeys") \
    I(password_hashes_at_once, 2, 1, 1024, "password hashes that all workers compute at once")     \
    I(password_wait_ms,        1000, 0, 5000, "time that a few sign-ins wait for a password hash to end, milliseconds, at most an eighth of request_timeout_ms; 0: none waits") \
    I(queue_age_max_ms,        5000, 100, 60000, "a request that waited longer is answered 503 unrun") \
    I(rate_account_burst,      40, 1, 100000, "wrong passwords, and mails of sign-ups, an account may see at once from all addresses") \
    I(rate_account_per_min,    1, 1, 100000, "wrong passwords, and mails of sign-ups, an account regains a minute for all addresses") \
    I(rate_address_burst,      5000, 1, 1000000, "new guests and refreshed tokens an address may ask for at once") \
    I(rate_address_per_min,    60000, 1, 60000000, "new guests and refreshed tokens an address may ask for a minute") \
    I(rate_code_burst,         50, 5, 100000, "wrong codes an address may see at once from all addresses") \
    I(rate_code_per_hour,      4, 1, 100000, "wrong codes an address regains an hour for all addresses") \
    I(rate_global_burst,       3000, 1, 100000000, "wrong passwords, and mails of sign-ups, this host may see at once over all accounts and addresses") \
    I(rate_global_per_min,     600, 1, 100000000, "wrong passwords, and mails of sign-ups, this host regains a minute over all accounts and addresses") \
    I(rate_guess_burst,        200, 1, 100000000, "wrong passwords and codes an address may send at once to all accounts") \
    I(rate_guess_per_min,      60, 1, 100000000, "wrong passwords and codes an address regains a minute for all accounts") \
    I(rate_login_burst,        10, 1, 100000, "wrong passwords, and mails of sign-ups, an account may see at once from one address") \
    I(rate_login_per_min,      1, 1, 100000, "wrong passwords, and mails of sign-ups, an account regains a minute for one address") \
    I(rate_password_burst,     300, 1, 1000000, "sign-ins, sign-ups and codes an address may send at once") \
    I(rate_password_per_min,   600, 1, 60000000, "sign-ins, sign-ups and codes an address may send a minute") \
    I(reauth_max_age_s,        900, 30, 86400, "what needs a fresh sign-in needs one, or POST /v1/auth/reauth, not older than this, seconds") \
    I(refresh_grace_s,         10, 0, 300, "time in which a spent refresh token gives the same successor") \
    I(refresh_ttl_d,           30, 1, 365, "life of a session without use, days")                  \
    I(request_timeout_ms,      8000, 100, 600000, "a worker busy longer with one request is killed") \
    B(sandbox_provider,        false, "offer the sandbox payment provider (never in production)")  \
    I(session_max_d,           365, 1, 3650, "absolute life of a session, days")                   \
    S(shop_name,               "merx", 0, "name of the shop in mail")                              \
    S(shop_url,                "https://merx.invalid", 0, "address of the shop: links in mail begin with it") \
    I(slow_nice,               10, 0, 19, "niceness of the slow pool: what hashes waits for what answers at once") \
    I(slow_workers,            8, 1, 256, "workers of the slow pool (password hashing, providers); half of those beyond password_hashes_at_once may wait for a hash, the others go on") \
    S(smtp_ca,                 "", MX_SETTING_PATH, "CA file for the mail server's certificate; empty: as the system does") \
    I(smtp_connect_timeout_s,  5, 1, 60, "time to reach the mail server, seconds")                 \
    S(smtp_password_file,      "", MX_SETTING_PATH, "file that holds the password of smtp_user; read for each connection") \
    B(smtp_plain,              false, "speak to a mail server of this host without TLS; only with smtp:// and a loopback address") \
    I(smtp_timeout_s,          15, 1, 120, "time the mail server gets for one mail, seconds")      \
    S(smtp_url,                "", 0, "mail server: smtp://host:587 (STARTTLS) or smtps://host; empty: mail becomes files in the directory of the setting mail") \
    S(smtp_user,               "", 0, "account at the mail server; empty: none")                   \
    S(socket,                  "/run/merx/merx.sock", MX_SETTING_PATH, "FastCGI socket of the fast pool: a path, or host:port") \
    S(socket_group,            "", 0, "group of the FastCGI sockets; empty: leave")                \
    S(socket_mode,             "0660", 0, "mode of the FastCGI sockets, octal")                    \
    S(socket_slow,             "/run/merx/merx-slow.sock", MX_SETTING_PATH, "FastCGI socket of the slow pool") \
    S(staff_mfa,               "optional", 0, "required: staff without a second factor can sign in only to enrol one; or optional") \
    I(token_ttl_s,             900, 30, 900, "life of an access token, seconds")                   \
    B(verify_email,            true, "an address must be proved before an account exists")         \
    I(workers,                 0, 0, 1024, "workers of the fast pool; 0: twice the processors")    \
    I(workers_max,             72, 1, 1024, "slots of the scoreboard: workers of both pools and both generations")
/* clang-format on */

struct mx_settings {
#define MX_SETTING_S(name, def, flags, doc) const char *name;
#define MX_SETTING_I(name, def, min, max, doc) int64_t name;
#define MX_SETTING_B(name, def, doc) bool name;
    MX_SETTINGS(MX_SETTING_S, MX_SETTING_I, MX_SETTING_B)
#undef MX_SETTING_S
#undef MX_SETTING_I
#undef MX_SETTING_B
};

#endif
