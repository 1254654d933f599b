/* merx key: the keys of the store. */
#include "base/clock.h"
#include "cmd.h"
#include "cmd_key_pii.h"
#include "codec/token.h"

#define DAY_MS INT64_C(86400000)

/* How long each step waits for the one before to have come through. A request that began before a
 * step may end after it. */
static struct mx_keyring keyring(const struct mx_cmd *c, bool force)
{
    const struct mx_settings *s = c->settings;

    return (struct mx_keyring){
        .a = c->arena,
        .dir = s->keys,
        .now_ms = mx_wall_ms(),
        .published_ms = s->jwks_max_age_s * 1000 + s->request_timeout_ms,
        .signed_ms = (s->token_ttl_s + MX_TOKEN_LEEWAY_S) * 1000 + s->request_timeout_ms,
        .secret_ms = s->refresh_ttl_d * DAY_MS + s->request_timeout_ms,
        .busy_ms = s->request_timeout_ms,
        .force = force,
    };
}

/* One call of the command. */
struct call {
    struct mx_cmd *cmd;
    struct mx_keyring ring;
    const char *arg; /* NULL: none */
};

/* `why` points to what the step may have said: it is read after the step. */
static int done(enum mx_err e, const char *const *why)
{
    if (e == MX_OK)
        return 0;
    fprintf(stderr, "merx key: %s\n", *why);
    return 1;
}

static int key_new(const struct call *c)
{
    struct mx_str kid;
    const char *why = "";
    int status = done(mx_keyring_new(&c->ring, c->arg ? c->arg : "ES256", &kid, &why), &why);

    if (status == 0)
        printf("%.*s\n", MX_FMT(kid));
    return status;
}

static int key_list(const struct call *c)
{
    static const char *const states[] = {
        [MX_KEY_IS_PUBLISHED] = "published",
        [MX_KEY_IS_ACTIVE] = "active",
        [MX_KEY_IS_RETIRED] = "retired",
    };
    struct mx_list all = {0};
    const char *why = "";
    int status = done(mx_keyring_list(&c->ring, &all, &why), &why);
    char made[MX_TIME_TEXT];

    for (size_t i = 0; i < all.n; i++) {
        const struct mx_key_entry *key = MX_AT(all, struct mx_key_entry, i);

        mx_time_text((struct mx_time){key->made_ms}, made);
        printf("%-20.*s %-5s %-9s %.19sZ %.*s\n", MX_FMT(key->kid), key->alg, states[key->state],
               made, MX_FMT(key->file));
    }
    return status;
}

static int key_activate(const struct call *c)
{
    const char *why = "";

    return done(mx_keyring_activate(&c->ring, mx_str_c(c->arg), &why), &why);
}

static int key_retire(const struct call *c)
{
    const char *why = "";

    return done(mx_keyring_retire(&c->ring, mx_str_c(c->arg), &why), &why);
}

static int key_prune(const struct call *c)
{
    struct mx_list removed = {0};
    const char *why = "";
    int status = done(mx_keyring_prune(&c->ring, &removed, &why), &why);

    for (size_t i = 0; i < removed.n; i++)
        printf("%.*s\n", MX_FMT(*MX_AT(removed, struct mx_str, i)));
    return status;
}

static int key_secret(const struct call *c)
{
    const char *why = "";

    return done(mx_keyring_new_secret(&c->ring, &why), &why);
}

static int key_rotate_pii(const struct call *c)
{
    return mx_key_rotate_pii(c->cmd, c->ring);
}

enum takes { NOTHING, PERHAPS_ONE, ONE };

static const struct {
    const char *name;
    int (*fn)(const struct call *c);
    enum takes takes;
    bool may_force;
    const char *args, *help;
} verbs[] = {
    {"new", key_new, PERHAPS_ONE, false, "[ES256|HS256|PII]",
     "create and publish a key that is not used yet; print its kid"},
    {"list", key_list, NOTHING, false, "", "list kid, algorithm, state, creation time, file"},
    {"activate", key_activate, ONE, true, "KID [--force]",
     "sign with this key, once every cached key set contains it"},
    {"retire", key_retire, ONE, true, "KID [--force]",
     "reject its tokens, once the last one has expired; --force: now"},
    {"prune", key_prune, NOTHING, true, "[--force]",
     "delete retired keys, and server.secret.old when nothing needs it any more"},
    {"rotate-pii", key_rotate_pii, NOTHING, false, "",
     "re-encrypt personal data with a new key, or the newest; retire the others"},
    {"rotate-secret", key_secret, NOTHING, true, "[--force]",
     "create a new server.secret; the old one stays valid for what it signed"},
};

void mx_usage_key(FILE *out)
{
    fprintf(out, "usage: merx key VERB [ARGUMENT]\n\n");
    for (size_t i = 0; i < MX_LEN(verbs); i++)
        fprintf(out, "  %-13s %-17s %s\n", verbs[i].name, verbs[i].args, verbs[i].help);
    fprintf(out, "\nA step that is too early is refused, with the remaining time.\n"
                 "Workers load a change before their next request; no reload is needed.\n");
}

int mx_cmd_key(struct mx_cmd *c)
{
    bool force = c->argc > 1 && strcmp(c->argv[c->argc - 1], "--force") == 0;
    int given = c->argc - 1 - force;
    struct call call = {c, keyring(c, force), given == 1 ? c->argv[1] : NULL};

    if (c->argc == 1 && strcmp(c->argv[0], "help") == 0) {
        mx_usage_key(stdout);
        return 0;
    }
    for (size_t i = 0; c->argc > 0 && i < MX_LEN(verbs); i++) {
        if (strcmp(c->argv[0], verbs[i].name) != 0)
            continue;
        if ((force && !verbs[i].may_force) || given > (verbs[i].takes != NOTHING) ||
            given < (verbs[i].takes == ONE))
            break;
        mx_secret_init();
        return verbs[i].fn(&call);
    }
    mx_usage_key(stderr);
    return 2;
}
