#include "codec/oidc.h"

#include "base/arena.h"

#define NAME_MAX_N 32
#define ISSUER_MAX 255
#define URI_MAX 1000

/* Providers that need no description of ours. */
static const struct mx_oidc_provider built_in[] = {
    {.name = {"google", 6},
     .issuer = {"https://accounts.google.com", 27},
     .alias = {"accounts.google.com", 19},
     .jwks_uri = {"https://www.googleapis.com/oauth2/v3/certs", 42}},
    {.name = {"apple", 5},
     .issuer = {"https://appleid.apple.com", 25},
     .jwks_uri = {"https://appleid.apple.com/auth/keys", 35}},
};

/* The file while it is read. */
struct reading {
    struct mx_arena *arena;
    struct mx_buf *errors;
    bool failed;
    int line;
    struct mx_oidc_provider at[MX_OIDC_PROVIDERS];
    unsigned set[MX_OIDC_PROVIDERS]; /* bits of members */
    size_t n;
};

MX_PRINTF(2, 3) static void error(struct reading *r, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    r->failed = true;
    mx_buf_fmt(r->errors, "oidc_providers line %d: %s\n", r->line,
               mx_arena_vprintf(r->arena, fmt, ap));
    va_end(ap);
}

static bool all_of(struct mx_str s, const char *set)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '\0' || !strchr(set, s.p[i]))
            return false;
    return s.n > 0;
}

static bool is_visible(struct mx_str s, size_t max)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '!' || s.p[i] > '~')
            return false;
    return s.n > 0 && s.n <= max;
}

static bool is_https(struct mx_str s, size_t max)
{
    return is_visible(s, max) && mx_str_starts(s, MX_S("https://")) && s.n > 8;
}

/* ---- members ---- */

static const char *set_issuer(struct reading *r, struct mx_oidc_provider *p, struct mx_str value)
{
    (void)r;
    p->issuer = value;
    p->alias = (struct mx_str){0};
    return is_https(value, ISSUER_MAX) ? NULL : "must be an https URL";
}

static const char *set_jwks_uri(struct reading *r, struct mx_oidc_provider *p, struct mx_str value)
{
    (void)r;
    p->jwks_uri = value;
    return is_https(value, URI_MAX) ? NULL : "must be an https URL";
}

static const char *set_client_ids(struct reading *r, struct mx_oidc_provider *p,
                                  struct mx_str value)
{
    struct mx_str *ids = MX_NEW_N(r->arena, MX_OIDC_CLIENTS, struct mx_str), id;

    p->clients = MX_LIST(ids, 0);
    while (mx_str_split(&value, ' ', &id)) {
        if (id.n == 0)
            continue;
        if (p->clients.n == MX_OIDC_CLIENTS || !is_visible(id, URI_MAX))
            return "must be 1 to 32 ids with spaces between them";
        ids[p->clients.n++] = id;
    }
    return p->clients.n > 0 ? NULL : "must be 1 to 32 ids with spaces between them";
}

static const char *set_ca_file(struct reading *r, struct mx_oidc_provider *p, struct mx_str value)
{
    (void)r;
    p->ca_file = value;
    return mx_str_starts(value, MX_S("/")) ? NULL : "must be an absolute path";
}

static const char *set_email(struct reading *r, struct mx_oidc_provider *p, struct mx_str value)
{
    (void)r;
    p->ignores_email = mx_str_eqc(value, "ignored");
    return p->ignores_email || mx_str_eqc(value, "trusted") ? NULL : "must be trusted or ignored";
}

static const char *set_refetch_s(struct reading *r, struct mx_oidc_provider *p, struct mx_str value)
{
    (void)r;
    return mx_str_i64(value, 1, 3600, &p->refetch_s) ? NULL : "must be 1 to 3600";
}

static const char *set_fetch_timeout_ms(struct reading *r, struct mx_oidc_provider *p,
                                        struct mx_str value)
{
    (void)r;
    return mx_str_i64(value, 100, 20000, &p->fetch_timeout_ms) ? NULL : "must be 100 to 20000";
}

static const struct {
    const char *name;
    /* NULL, or what the value must be. */
    const char *(*set)(struct reading *r, struct mx_oidc_provider *p, struct mx_str value);
} members[] = {
    {"issuer", set_issuer},
    {"jwks_uri", set_jwks_uri},
    {"client_ids", set_client_ids},
    {"ca_file", set_ca_file},
    {"email", set_email},
    {"refetch_s", set_refetch_s},
    {"fetch_timeout_ms", set_fetch_timeout_ms},
};

/* ---- lines ---- */

static void check_section(struct reading *r)
{
    const struct mx_oidc_provider *p = r->n > 0 ? &r->at[r->n - 1] : NULL;

    if (!p)
        return;
    if (!p->issuer.p || !p->jwks_uri.p || p->clients.n == 0)
        error(r, "%.*s needs issuer, jwks_uri and client_ids", MX_FMT(p->name));
    for (size_t i = 0; i + 1 < r->n; i++)
        if (p->issuer.p && mx_str_eq(r->at[i].issuer, p->issuer))
            error(r, "%.*s has the issuer of %.*s", MX_FMT(p->name), MX_FMT(r->at[i].name));
}

static void open_section(struct reading *r, struct mx_str line)
{
    struct mx_oidc_provider p = {0};

    check_section(r);
    p.name = mx_str_sub(line, 1, line.n >= 2 ? line.n - 2 : 0);
    if (!mx_str_ends(line, MX_S("]")) || p.name.n > NAME_MAX_N ||
        !all_of(p.name, "abcdefghijklmnopqrstuvwxyz0123456789_-"))
        error(r, "a name is 1 to %d of a-z 0-9 _ - in brackets", NAME_MAX_N);
    for (size_t i = 0; i < r->n; i++)
        if (mx_str_eq(r->at[i].name, p.name))
            error(r, "%.*s is listed twice", MX_FMT(p.name));
    if (r->n == MX_OIDC_PROVIDERS) {
        error(r, "more than %d providers", MX_OIDC_PROVIDERS);
        return;
    }
    for (size_t i = 0; i < MX_LEN(built_in); i++)
        if (mx_str_eq(built_in[i].name, p.name))
            p = built_in[i];
    p.refetch_s = MX_OIDC_REFETCH_S;
    p.fetch_timeout_ms = MX_OIDC_FETCH_TIMEOUT_MS;
    r->set[r->n] = 0;
    r->at[r->n++] = p;
}

static void read_member(struct reading *r, struct mx_str line)
{
    struct mx_str value = line, name = {0};
    const char *must;

    if (r->n == 0 || mx_str_find(line, '=') < 0 || !mx_str_split(&value, '=', &name)) {
        error(r, "expected [provider], or member = value below one");
        return;
    }
    name = mx_str_trim(name);
    value = mx_str_dup(r->arena, mx_str_trim(value));
    for (size_t i = 0; i < MX_LEN(members); i++) {
        if (!mx_str_eqc(name, members[i].name))
            continue;
        if (r->set[r->n - 1] & 1u << i)
            error(r, "%s is set twice", members[i].name);
        r->set[r->n - 1] |= 1u << i;
        must = members[i].set(r, &r->at[r->n - 1], value);
        if (must)
            error(r, "%s %s", members[i].name, must);
        return;
    }
    error(r, "unknown member");
}

enum mx_err mx_oidc_read(struct mx_arena *a, struct mx_str text, struct mx_oidc *ret_oidc,
                         struct mx_buf *errors)
{
    struct reading *r = MX_NEW(a, struct reading);
    struct mx_str rest = mx_str_dup(a, text), line;

    r->arena = a;
    r->errors = errors;
    while (mx_str_split(&rest, '\n', &line)) {
        r->line++;
        if (mx_str_ends(line, MX_S("\r")))
            line.n--;
        line = mx_str_trim(line);
        if (line.n > 0 && line.p[0] == '[')
            open_section(r, line);
        else if (line.n > 0 && line.p[0] != '#')
            read_member(r, line);
    }
    check_section(r);
    if (r->failed)
        return MX_E_VALIDATION_FAILED;
    ret_oidc->providers = MX_LIST(r->at, r->n);
    return MX_OK;
}

const struct mx_oidc_provider *mx_oidc_find(const struct mx_oidc *o, struct mx_str name)
{
    for (size_t i = 0; o && i < o->providers.n; i++)
        if (mx_str_eq(MX_AT(o->providers, struct mx_oidc_provider, i)->name, name))
            return MX_AT(o->providers, struct mx_oidc_provider, i);
    return NULL;
}
