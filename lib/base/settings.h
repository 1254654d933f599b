/* THE settings table: name, type, default, bounds, documentation. Alphabetical: this is the order
 * of `merx config`. From each row follow the member of struct mx_settings, the line of the sample
 * file and the environment variable (MERX_ and the name in capitals, dots as underscores). S:
 * string; I: integer; B: on/off; R: a number, or MIN..MAX (default min and max, bounds of max).
 * Flags: 0, SECRET (never printed), PATH (a file or directory). */
#ifndef MX_BASE_SETTINGS_H
#define MX_BASE_SETTINGS_H

#include "base/prelude.h"

#define MX_SETTING_SECRET 1u
#define MX_SETTING_PATH 2u

/* clang-format off */
#define MX_SETTINGS(S, I, B, R)                                                                    \
    S(audience,                "merx", 0, "audience (aud) of access tokens")                                  \
    I(backlog,                 511, 1, 65535, "listen backlog of the fast pool: connections that may wait for a worker; a socket that systemd opens has the Backlog= of its unit")               \
    I(body_max,                65536, 1024, 16777216, "largest request body in bytes, unless the route sets another limit") \
    I(boot_timeout_s,          30, 1, 3600, "time limit for new workers, and for a new program, to be ready at reload and upgrade, seconds; then those of before serve on") \
    I(catalog_cache_ms,        1000, 0, 60000, "time for which a host caches a rendered public answer, milliseconds; 0 disables the cache") \
    I(catalog_max_age_s,       30, 0, 86400, "max-age of public catalog answers, seconds")         \
    I(catalog_swr_s,           300, 0, 86400, "stale-while-revalidate of public catalog answers, seconds") \
    B(checkout_requires_shipping, true, "an order needs an address and a shipping method; off: for a shop that ships nothing") \
    I(connections_per_worker,  512, 1, 1024, "FastCGI connections that a worker keeps open at most; others are closed after one request, which nginx may notice too late") \
    S(control,                 "/run/merx/control.sock", MX_SETTING_PATH, "control socket of the master") \
    S(cors_headers,            "*", 0, "request headers allowed by CORS, separated by commas; *: all that a preflight asks for") \
    S(cors_origins,            "", 0, "origins allowed by CORS, separated by spaces") \
    S(currency,                "EUR", 0, "currency of new carts (ISO 4217)")                       \
    I(db_connect_timeout_s,    2, 1, 60, "time limit for connecting to the database, seconds")               \
    S(db_host,                 "", 0, "database host; empty: connect to db_socket")                       \
    I(db_lock_timeout_s,       3, 1, 50, "time limit for waiting for a row lock, seconds")         \
    S(db_name,                 "merx", 0, "database schema")                                       \
    S(db_password,             "", MX_SETTING_SECRET, "password of db_user")                       \
    S(db_password_file,        "", MX_SETTING_PATH, "file that holds the password of db_user")     \
    I(db_port,                 3306, 1, 65535, "port of db_host")                                  \
    I(db_prepared_statements,  100, 1, 1000, "prepared statements that a connection keeps (least recently used first out); the server's max_prepared_stmt_count must have room for those of all connections") \
    S(db_socket,               "/run/mysqld/mysqld.sock", MX_SETTING_PATH, "socket of the database") \
    I(db_statement_timeout_ms, 5000, 100, 60000, "time limit for one statement, milliseconds")            \
    S(db_tls_ca,               "", MX_SETTING_PATH, "CA file; required with db_host: the server's certificate and host name are verified") \
    S(db_user,                 "merx", 0, "database account")                                      \
    I(drain_lead_s,            5, 0, 300, "merx drain: readyz answers 503 at once, other requests are served for this time still, so that load balancers leave, seconds") \
    I(drain_timeout_s,         40, 1, 3600, "time limit for a worker to finish its requests at stop and reload, seconds") \
    I(guest_keep_d,            7, 1, 30, "time after its last session ended at which a guest without an order is deleted, days") \
    I(idempotency_answers,     1000, 10, 1000000, "answers kept under Idempotency-Keys for one customer or guest, at most") \
    I(idempotency_bytes,       8388608, 65536, 1073741824, "bytes of the answers kept under Idempotency-Keys for one customer or guest, at most") \
    I(idempotency_ttl_h,       48, 24, 8760, "time for which an Idempotency-Key is remembered, hours")                  \
    S(issuer,                  "https://merx.invalid", 0, "issuer (iss) of access tokens")                  \
    I(job_interval_ms,         250, 20, 60000, "pause of the job runner when nothing is due, milliseconds")      \
    I(job_tries_max,           30, 1, 1000, "attempts at a row on which a job fails, with growing pauses (30: about 20 hours), before it becomes a dead letter: merx jobs list") \
    I(jwks_max_age_s,          300, 30, 86400, "max-age of the public key set, seconds; a new key may sign only after this time") \
    S(keys,                    "/etc/merx/keys", MX_SETTING_PATH, "directory of signing keys and server secrets") \
    S(log,                     "", MX_SETTING_PATH, "log file; empty: standard error. The units may write below /var/log/merx and /var/lib/merx alone, unless a drop-in has ReadWritePaths=") \
    S(log_format,              "logfmt", 0, "logfmt or json")                                      \
    B(log_health_checks,       true, "log answered requests of healthz, readyz and metrics")       \
    S(log_level,               "info", 0, "debug, info, warn or error")                            \
    S(mail,                    "", MX_SETTING_PATH, "directory in which mail is stored as files, unless smtp_url is set. The units may write below /var/lib/merx alone, unless a drop-in has ReadWritePaths=") \
    S(mail_from,               "shop@merx.invalid", 0, "sender address of mail; its domain is used in Message-ID and EHLO") \
    I(mail_keep_d,             90, 1, 3650, "time for which it is kept on record that a mail was sent or refused, without its recipient and text, days") \
    B(manual_provider,         false, "offer the manual provider: pay on invoice or delivery") \
    I(max_requests,            100000, 0, 1000000000, "a worker is replaced after this number of requests (jitter 25 %); 0: never") \
    S(metrics_socket,          "", MX_SETTING_PATH, "where the master itself serves /metrics by HTTP to a scraper of this host: a path (socket_mode, socket_group), or host:port, which everybody who reaches it may read; empty: nowhere") \
    S(more_pools,              "", 0, "further pools, for other nginx sites, separated by commas: NAME KIND WORKERS SOCKET each, as outlet fast 2..8 /run/merx/outlet.sock; KIND is fast, slow, pay or staff") \
    S(oidc_providers,          "", MX_SETTING_PATH, "file of the OpenID providers that customers may sign in with (format: deploy/oidc.conf); empty: none") \
    I(order_expiry_min,        30, 1, 10080, "an unpaid order expires and releases its stock after this time, minutes") \
    B(overload_shed,           true, "when more requests come than the workers can serve, so that all of them wait for more than 50 ms, answer 503 to those that have waited for longer than half of what a request takes (at least 5 ms), so that the others are served in time; off: queue_age_max_ms alone decides") \
    S(passkey_origins,         "", 0, "origins from which passkeys may be used, separated by spaces: https://shop.example, android:apk-key-hash:...") \
    S(passkey_rp_id,           "", 0, "domain of passkeys (WebAuthn RP ID); empty: passkeys are off") \
    I(password_hashes_at_once, 2, 1, 1024, "password hashes that all workers together compute at the same time at most")     \
    I(password_wait_ms,        1000, 0, 5000, "time for which a sign-in waits for its turn to hash, milliseconds, at most an eighth of request_timeout_ms; 0: it does not wait") \
    I(pay_backlog,             128, 1, 65535, "listen backlog of the pay pool") \
    R(pay_workers,             0, 4, 0, 256, "workers of the pay pool (checkout, and what else asks payment providers): a number, or MIN..MAX as for workers; 0: the slow pool takes its requests") \
    I(queue_age_max_ms,        5000, 100, 60000, "a request that waited longer than this is answered 503 without being run, milliseconds; see overload_shed") \
    I(rate_credential_per_ip_burst,  300, 1, 1000000, "sign-ins, sign-ups and codes from one client address: burst") \
    I(rate_credential_per_ip_per_min, 600, 1, 60000000, "sign-ins, sign-ups and codes from one client address: refill per minute") \
    I(rate_guess_per_ip_burst, 200, 1, 100000000, "wrong passwords and codes of second factors from one client address, for all accounts together: burst") \
    I(rate_guess_per_ip_per_min, 60, 1, 100000000, "wrong passwords and codes of second factors from one client address, for all accounts together: refill per minute") \
    I(rate_guest_per_ip_burst, 1000, 1, 1000000, "new guests from one client address: burst") \
    I(rate_guest_per_ip_per_min, 120, 1, 60000000, "new guests from one client address: refill per minute") \
    I(rate_login_global_burst, 3000, 1, 100000000, "wrong passwords and codes of second factors at this host, for all accounts and client addresses together: burst") \
    I(rate_login_global_per_min, 600, 1, 100000000, "wrong passwords and codes of second factors at this host, for all accounts and client addresses together: refill per minute") \
    I(rate_login_per_account_burst, 40, 1, 100000, "wrong passwords for one account, from all client addresses together: burst") \
    I(rate_login_per_account_ip_burst, 10, 1, 100000, "wrong passwords and codes of second factors for one account from one client address: burst") \
    I(rate_login_per_account_ip_per_min, 1, 1, 100000, "wrong passwords and codes of second factors for one account from one client address: refill per minute") \
    I(rate_login_per_account_per_min, 1, 1, 100000, "wrong passwords for one account, from all client addresses together: refill per minute") \
    I(rate_mail_global_burst, 3000, 1, 100000000, "mail for sign-up, forgotten password, change of address or an order that nobody has paid that this host sends: burst") \
    I(rate_mail_global_per_min, 600, 1, 100000000, "mail for sign-up, forgotten password, change of address or an order that nobody has paid that this host sends: refill per minute") \
    I(rate_mail_per_address_day, 50, 1, 100000, "mail for sign-up, forgotten password, change of address or an order that nobody has paid to one address, from all clients together: burst, and refill per day") \
    I(rate_mail_per_address_hour, 20, 1, 100000, "mail for sign-up, forgotten password, change of address or an order that nobody has paid to one address, from all clients together: burst, and refill per hour") \
    I(rate_mail_per_address_ip_day, 8, 1, 100000, "mail for sign-up, forgotten password, change of address or an order that nobody has paid to one address, asked for by one client address: burst, and refill per day; keep it well below rate_mail_per_address_day, so that strangers do not use up the share of the owner") \
    I(rate_mail_per_address_ip_hour, 4, 1, 100000, "mail for sign-up, forgotten password, change of address or an order that nobody has paid to one address, asked for by one client address: burst, and refill per hour; keep it well below rate_mail_per_address_hour") \
    I(rate_mail_per_ip_hour, 1000, 1, 1000000, "mail for sign-up, forgotten password, change of address or an order that nobody has paid asked for by one client address, to all addresses together: burst, and refill per hour") \
    I(rate_mfa_per_account_burst, 50, 5, 100000, "wrong codes of second factors for one account, from all client addresses together: burst") \
    I(rate_mfa_per_account_per_hour, 4, 1, 100000, "wrong codes of second factors for one account, from all client addresses together: refill per hour") \
    I(rate_token_per_ip_burst, 5000, 1, 1000000, "token refreshes and passkey challenges from one client address: burst") \
    I(rate_token_per_ip_per_min, 60000, 1, 60000000, "token refreshes and passkey challenges from one client address: refill per minute") \
    I(reauth_max_age_s,        900, 30, 86400, "greatest age of the sign-in, or of POST /v1/auth/reauth, for routes that require a recent one, seconds") \
    I(refresh_grace_s,         10, 0, 300, "time in which a spent refresh token may be sent again without an Idempotency-Key (lost answer), seconds") \
    I(refresh_ttl_d,           30, 1, 365, "an unused session ends after this time, days")                  \
    I(request_timeout_ms,      8000, 100, 600000, "time limit for one request, milliseconds; then what it runs in the database is killed and it is answered 503, and a worker that does not come back is killed") \
    B(sandbox_provider,        false, "offer the sandbox payment provider (never in production)")  \
    I(scale_down_s,            30, 1, 86400, "a pool that follows the load gives up a worker when fewer would have done for this time, seconds; the next ones go each after a tenth of it") \
    I(session_max_d,           365, 1, 3650, "a session ends after this time even if used, days")                   \
    S(shop_name,               "merx", 0, "name of the shop in mail")                              \
    S(shop_url,                "https://merx.invalid", 0, "URL of the shop; links in mail begin with it") \
    I(slow_backlog,            511, 1, 65535, "listen backlog of the slow pool") \
    I(slow_nice,               10, 0, 19, "niceness of the slow pool, so that password hashing yields to fast requests") \
    I(slow_request_ms,         1000, 0, 600000, "a request that takes longer gets a second line in the log, with the names and times of its statements, milliseconds; 0: none does") \
    R(slow_workers,            8, 8, 1, 256, "workers of the slow pool (password hashing, identity providers): a number, or MIN..MAX as for workers; of those beyond password_hashes_at_once, half may wait for their turn to hash") \
    S(smtp_ca,                 "", MX_SETTING_PATH, "CA file for the mail server's certificate; empty: the system's CAs") \
    I(smtp_connect_timeout_s,  5, 1, 60, "time limit for connecting to the mail server, seconds")                 \
    S(smtp_password_file,      "", MX_SETTING_PATH, "file that holds the password of smtp_user; read for each connection") \
    B(smtp_plain,              false, "allow a mail server without TLS; only with smtp:// and a loopback address") \
    I(smtp_timeout_s,          15, 1, 120, "time limit for one mail, seconds")      \
    S(smtp_url,                "", 0, "mail server: smtp://host:587 (STARTTLS) or smtps://host; empty: mail is stored as files, see mail") \
    S(smtp_user,               "", 0, "account at the mail server; empty: none")                   \
    S(socket,                  "/run/merx/merx.sock", MX_SETTING_PATH, "FastCGI socket of the fast pool: a path, or host:port") \
    S(socket_group,            "", 0, "group of the FastCGI sockets, one that the process is in; empty: its own; merx.service needs PrivateUsers=no for another")                \
    S(socket_mode,             "0660", 0, "mode of the FastCGI sockets, octal; those that systemd opens have the mode of their unit")                    \
    S(socket_pay,              "", MX_SETTING_PATH, "FastCGI socket of the pay pool; empty: beside socket, as /run/merx/merx-pay.sock") \
    S(socket_slow,             "/run/merx/merx-slow.sock", MX_SETTING_PATH, "FastCGI socket of the slow pool") \
    S(socket_staff,            "", MX_SETTING_PATH, "FastCGI socket of the staff pool; empty: beside socket, as /run/merx/merx-staff.sock") \
    I(staff_backlog,           128, 1, 65535, "listen backlog of the staff pool") \
    S(staff_mfa,               "optional", 0, "required or optional; if required, staff without a second factor can sign in only to set one up") \
    R(staff_workers,           0, 2, 0, 256, "workers of the staff pool (all below /v1/admin): a number, or MIN..MAX as for workers; 0: the fast pool takes its requests") \
    I(token_ttl_s,             900, 30, 900, "lifetime of an access token, seconds")                   \
    B(verify_email,            true, "require a new customer to prove the e-mail address before the account exists")         \
    I(worker_rss_max_mb,       512, 0, 1048576, "a worker is replaced when it owns more memory than this, in MiB (resident pages that it shares with no other process; jitter 12 %); 0: never") \
    R(workers,                 0, 0, 0, 1024, "workers of the fast pool: a number; or MIN..MAX, between which they follow the load; MIN 0: a worker is started when a request comes. 0: twice the processors")    \
    I(workers_max,             80, 1, 1024, "size of the scoreboard: workers of all pools, old and new generation together")

/* Names that settings had before. One that is still set is refused, with what stands here: a limit
 * that silently fell back to its default would be worse than a start that fails. */
#define MX_SETTINGS_FORMER(R)                                                                      \
    R(kept_connections,      "is gone: nginx decides whether a connection is kept; take the line keepalive out of the upstream merx_fast for a connection a request") \
    R(rate_account_burst,    "is now rate_login_per_account_burst")                                \
    R(rate_account_per_min,  "is now rate_login_per_account_per_min")                              \
    R(rate_address_burst,    "is now rate_token_per_ip_burst")                                     \
    R(rate_address_per_min,  "is now rate_token_per_ip_per_min")                                   \
    R(rate_code_burst,       "is gone: each mailed code counts its own tries; for codes of second factors it is now rate_mfa_per_account_burst") \
    R(rate_code_per_hour,    "is gone: each mailed code counts its own tries; for codes of second factors it is now rate_mfa_per_account_per_hour") \
    R(rate_global_burst,     "is now rate_login_global_burst, and rate_mail_global_burst for mail") \
    R(rate_global_per_min,   "is now rate_login_global_per_min, and rate_mail_global_per_min for mail") \
    R(rate_guess_burst,      "is now rate_guess_per_ip_burst")                                     \
    R(rate_guess_per_min,    "is now rate_guess_per_ip_per_min")                                   \
    R(rate_login_burst,      "is now rate_login_per_account_ip_burst")                             \
    R(rate_login_per_min,    "is now rate_login_per_account_ip_per_min")                           \
    R(rate_password_burst,   "is now rate_credential_per_ip_burst")                                \
    R(rate_password_per_min, "is now rate_credential_per_ip_per_min")
/* clang-format on */

/* A number of workers between two. */
struct mx_range {
    int64_t min, max;
};

struct mx_settings {
#define MX_SETTING_S(name, def, flags, doc) const char *name;
#define MX_SETTING_I(name, def, min, max, doc) int64_t name;
#define MX_SETTING_B(name, def, doc) bool name;
#define MX_SETTING_R(name, min, max, lowest, highest, doc) struct mx_range name;
    MX_SETTINGS(MX_SETTING_S, MX_SETTING_I, MX_SETTING_B, MX_SETTING_R)
#undef MX_SETTING_S
#undef MX_SETTING_I
#undef MX_SETTING_B
#undef MX_SETTING_R
};

#endif
