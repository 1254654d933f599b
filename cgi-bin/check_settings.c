#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/conf.h"
#include "check.h"
#include "codec/keys.h"
#include "codec/token.h"
#include "io/settings_file.h"
#include "io/smtp.h"

void mx_check_environment(struct mx_check *c)
{
    struct mx_str rest, name;
    struct mx_buf out;

    mx_buf_init(&out, c->arena, MX_CHECK_TEXT);
    mx_conf_unknown_env(environ, &out);
    rest = mx_buf_view(&out);
    while (mx_str_split(&rest, '\n', &name))
        if (name.n > 0)
            mx_check_warn(c, "%.*s is not a setting", MX_FMT(name));
}

/* Names below .invalid are those of the defaults (RFC 2606). */
void mx_check_names(struct mx_check *c)
{
    const struct {
        const char *setting, *value, *effect;

    } names[] = {
        {"issuer", c->conf->issuer, "all tokens are void once it is changed"},
        {"shop_url", c->conf->shop_url, "links in mail lead nowhere"},
        {"mail_from", c->conf->mail_from, "mail servers reject such a sender"},
    };

    for (size_t i = 0; i < MX_LEN(names); i++)
        if (strstr(names[i].value, "merx.invalid"))
            mx_check_warn(c, "%s is still %s: set it; %s", names[i].setting, names[i].value,
                          names[i].effect);
}

void mx_check_providers(struct mx_check *c)
{
    if (!c->conf->sandbox_provider && !c->conf->manual_provider)
        mx_check_warn(
            c, "no payment provider is on, so no order can be paid: set manual_provider = on (pay "
               "on invoice or delivery), or sandbox_provider = on to try the store");
}

static void check_directory(struct mx_check *c, const char *setting, const char *path)
{
    struct stat st;

    if (path[0] == '\0')
        return;
    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode) || access(path, W_OK | X_OK) != 0)
        mx_check_fault(c, "%s: %s is not a directory that this user may write to", setting, path);
}

void mx_check_keys(struct mx_check *c)
{
    const char *why = "";

    if (mx_keys_load(c->arena, c->conf->keys, &c->keys, &why) != MX_OK)
        mx_check_fault(c, "keys: %s", why);
}

/* A token is signed and verified as at a sign-in and at the request behind it. */
void mx_check_tokens(struct mx_check *c)
{
    int64_t now_s = mx_wall_ms() / 1000;
    struct mx_claims claims = {.account = mx_id_new(),
                               .session = mx_id_new(),
                               .jti = mx_id_new(),
                               .iat = now_s,
                               .nbf = now_s,
                               .exp = now_s + c->conf->token_ttl_s,
                               .scope = MX_S("customer")};
    const char *why = "it cannot be signed";
    struct mx_str token;

    if (!c->keys || (mx_token_sign(c->arena, c->keys, c->conf->issuer, c->conf->audience, &claims,
                                   &token) == MX_OK &&
                     mx_token_verify(c->arena, c->keys, c->conf->issuer, c->conf->audience, token,
                                     now_s, &claims, &why) == MX_OK))
        return;
    mx_check_fault(c, "keys: a token that the active key signs is not accepted: %s", why);
}

void mx_check_oidc(struct mx_check *c)
{
    struct mx_oidc *oidc = MX_NEW(c->arena, struct mx_oidc);
    struct mx_str rest, line;
    struct mx_buf errors;

    mx_buf_init(&errors, c->arena, MX_CHECK_TEXT);
    if (mx_settings_oidc(c->arena, c->conf, oidc, &errors) == MX_OK) {
        c->oidc = oidc;
        return;
    }
    rest = mx_buf_view(&errors);
    while (mx_str_split(&rest, '\n', &line))
        if (line.n > 0)
            mx_check_fault(c, "%.*s", MX_FMT(line));
}

/* Mail as files has a sender, too; an account without a server is a setting that was forgotten. */
static void check_mail_files(struct mx_check *c)
{
    if (!*c->conf->mail)
        mx_check_warn(c, "neither smtp_url nor mail is set: no mail is sent");
    if (!mx_smtp_is_address(c->conf->mail_from))
        mx_check_warn(c, "mail_from is not a mail address");
    if (*c->conf->smtp_user || *c->conf->smtp_password_file)
        mx_check_warn(c, "%s is set, but smtp_url is not: no mail server is used",
                      *c->conf->smtp_user ? "smtp_user" : "smtp_password_file");
    check_directory(c, "mail", c->conf->mail);
}

void mx_check_mail(struct mx_check *c)
{
    const char *why = "";

    if (!*c->conf->smtp_url)
        check_mail_files(c);
    else if (!mx_smtp_check(c->arena, c->conf, &why))
        mx_check_fault(c, "mail: %s", why);
}

/* ---- time-outs ---- */

/* conf.c refuses an order in which nothing could work; here a shorter one would never come into
 * play. */
static void check_provider_time(struct mx_check *c)
{
    for (size_t i = 0; c->oidc && i < c->oidc->providers.n; i++) {
        const struct mx_oidc_provider *p = MX_AT(c->oidc->providers, struct mx_oidc_provider, i);

        if (p->fetch_timeout_ms >= c->conf->request_timeout_ms)
            mx_check_warn(c,
                          "oidc_providers: %.*s has fetch_timeout_ms = %lld, but a request is "
                          "ended after request_timeout_ms = %lld: a sign-in is cut off instead of "
                          "refused while the provider does not answer",
                          MX_FMT(p->name), (long long)p->fetch_timeout_ms,
                          (long long)c->conf->request_timeout_ms);
    }
}

void mx_check_timeouts(struct mx_check *c)
{
    const struct mx_settings *conf = c->conf;

    if (conf->db_lock_timeout_s * 1000 >= conf->db_statement_timeout_ms)
        mx_check_warn(c,
                      "db_lock_timeout_s = %lld is not below db_statement_timeout_ms = %lld: a "
                      "statement that waits for a lock is ended as too slow, instead of the "
                      "transaction being tried again",
                      (long long)conf->db_lock_timeout_s, (long long)conf->db_statement_timeout_ms);
    if (conf->db_connect_timeout_s * 1000 >= conf->request_timeout_ms)
        mx_check_warn(c,
                      "db_connect_timeout_s = %lld is not below request_timeout_ms = %lld: while "
                      "the database cannot be reached workers are killed instead of answering 503",
                      (long long)conf->db_connect_timeout_s, (long long)conf->request_timeout_ms);
    check_provider_time(c);
}
