#include "base/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/pool.h"

#define ENV_PREFIX "MERX_"
#define ENV_MAX 64

enum kind { STRING, INTEGER, SWITCH, RANGE };

/* A row of MX_SETTINGS. `at` is the member's place in struct mx_settings. */
struct setting {
    const char *name, *text;
    enum kind kind;
    unsigned flags;
    int64_t number, min, max; /* `number`: default of an integer, a switch, a range's upper end */
    size_t at;
    const char *doc;
    int64_t low; /* default of a range's lower end */
};

static const struct setting table[] = {
#define ROW_S(name, def, flags, doc) \
    {#name, def, STRING, flags, 0, 0, 0, offsetof(struct mx_settings, name), doc},
#define ROW_I(name, def, min, max, doc) \
    {#name, NULL, INTEGER, 0, def, min, max, offsetof(struct mx_settings, name), doc},
#define ROW_B(name, def, doc) \
    {#name, NULL, SWITCH, 0, def, 0, 1, offsetof(struct mx_settings, name), doc},
#define ROW_R(name, low, high, lowest, highest, doc) \
    {#name, NULL, RANGE, 0, high, lowest, highest, offsetof(struct mx_settings, name), doc, low},
    MX_SETTINGS(ROW_S, ROW_I, ROW_B, ROW_R)};
#undef ROW_S
#undef ROW_I
#undef ROW_B
#undef ROW_R

#define N_SETTINGS MX_LEN(table)

static const struct former {
    const char *name, *now; /* what the error says after the name */
} former_names[] = {
#define ROW(name, now) {#name, now},
    MX_SETTINGS_FORMER(ROW)
#undef ROW
};

/* Findings of a reading so far. */
struct reading {
    struct mx_arena *arena;
    const char *file_name;
    struct mx_buf *errors;
    int n_errors;
    struct mx_settings conf;
    enum mx_origin origin[N_SETTINGS];
    int line[N_SETTINGS]; /* of the file, 0: not there */
};

/* The last successful one, for mx_conf_view. */
static struct mx_settings shown;
static enum mx_origin shown_origin[N_SETTINGS];

static void *member(struct mx_settings *conf, const struct setting *row)
{
    return (char *)conf + row->at;
}

static void set_number(struct mx_settings *conf, const struct setting *row, int64_t value)
{
    if (row->kind == SWITCH)
        *(bool *)member(conf, row) = value != 0;
    else
        *(int64_t *)member(conf, row) = value;
}

static void set_defaults(struct mx_settings *conf)
{
    for (size_t i = 0; i < N_SETTINGS; i++)
        if (table[i].kind == STRING)
            *(const char **)member(conf, &table[i]) = table[i].text;
        else if (table[i].kind == RANGE)
            *(struct mx_range *)member(conf, &table[i]) =
                (struct mx_range){table[i].low, table[i].number};
        else
            set_number(conf, &table[i], table[i].number);
}

static const struct setting *find(struct mx_str name)
{
    for (size_t i = 0; i < N_SETTINGS; i++)
        if (mx_str_eqc(name, table[i].name))
            return &table[i];
    return NULL;
}

static const struct former *find_former(struct mx_str name)
{
    for (size_t i = 0; i < MX_LEN(former_names); i++)
        if (mx_str_eqc(name, former_names[i].name))
            return &former_names[i];
    return NULL;
}

static void env_name(const char *setting, char out[ENV_MAX])
{
    size_t n = (size_t)snprintf(out, ENV_MAX, ENV_PREFIX "%s", setting);

    for (size_t i = 0; i < n; i++)
        if (out[i] >= 'a' && out[i] <= 'z')
            out[i] = (char)(out[i] + 'A' - 'a');
}

/* Begin a line of `errors`; the caller appends what is wrong and the line's end. */
static struct mx_buf *error(struct reading *r)
{
    r->n_errors++;
    return r->errors;
}

/* A name from outside, fit for a terminal. */
static void put_name(struct mx_buf *out, struct mx_str name)
{
    struct mx_str head = mx_str_sub(name, 0, ENV_MAX);

    mx_buf_byte(out, '"');
    for (size_t i = 0; i < head.n; i++)
        if (head.p[i] >= ' ' && head.p[i] < 0x7f)
            mx_buf_byte(out, head.p[i]);
        else
            mx_buf_byte(out, '?');
    mx_buf_c(out, head.n < name.n ? "…\"" : "\"");
}

static bool has_control(struct mx_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
            return true;
    return false;
}

/* Give a setting its value. `where` begins the error. Values are never repeated in an error: one
 * may be a secret on the wrong line. */
static void assign(struct reading *r, const struct setting *row, struct mx_str value,
                   const char *where)
{
    struct mx_range range;
    int64_t number;

    if (row->kind == STRING && !has_control(value))
        *(const char **)member(&r->conf, row) = mx_str_z(r->arena, value);
    else if (row->kind == STRING)
        mx_buf_fmt(error(r), "%s: %s must not contain control characters\n", where, row->name);
    else if (row->kind == SWITCH && (mx_str_eqc(value, "on") || mx_str_eqc(value, "off")))
        set_number(&r->conf, row, mx_str_eqc(value, "on"));
    else if (row->kind == SWITCH)
        mx_buf_fmt(error(r), "%s: %s must be on or off\n", where, row->name);
    else if (row->kind == RANGE && mx_range_parse(value, row->min, row->max, &range))
        *(struct mx_range *)member(&r->conf, row) = range;
    else if (row->kind == RANGE)
        mx_buf_fmt(error(r),
                   "%s: %s must be an integer from %" PRId64 " to %" PRId64 ", or MIN..MAX\n",
                   where, row->name, row->min, row->max);
    else if (mx_str_i64(value, row->min, row->max, &number))
        set_number(&r->conf, row, number);
    else
        mx_buf_fmt(error(r), "%s: %s must be an integer from %" PRId64 " to %" PRId64 "\n", where,
                   row->name, row->min, row->max);
}

/* A name that is no setting (any more). */
static void refuse_name(struct reading *r, struct mx_str name, const char *where)
{
    const struct former *old = find_former(name);

    if (old) {
        mx_buf_fmt(error(r), "%s: %s %s\n", where, old->name, old->now);
        return;
    }
    mx_buf_fmt(error(r), "%s: unknown setting ", where);
    put_name(r->errors, name);
    mx_buf_byte(r->errors, '\n');
}

static void read_line(struct reading *r, struct mx_str line, int number)
{
    struct mx_str name, value = line;
    const struct setting *row;
    const char *where = mx_arena_printf(r->arena, "%s line %d", r->file_name, number);

    if (mx_str_find(line, '=') < 0) {
        mx_buf_fmt(error(r), "%s: expected name = value\n", where);
        return;
    }
    mx_str_split(&value, '=', &name);
    name = mx_str_trim(name);
    row = find(name);
    if (!row) {
        refuse_name(r, name, where);
    } else if (r->line[row - table]) {
        mx_buf_fmt(error(r), "%s: %s is already set on line %d\n", where, row->name,
                   r->line[row - table]);
    } else {
        r->line[row - table] = number;
        r->origin[row - table] = MX_FROM_FILE;
        assign(r, row, mx_str_trim(value), where);
    }
}

static void read_file(struct reading *r, struct mx_str text)
{
    struct mx_str line;

    for (int number = 1; mx_str_split(&text, '\n', &line); number++) {
        if (mx_str_ends(line, MX_S("\r")))
            line.n--;
        line = mx_str_trim(line);
        if (line.n && *line.p != '#')
            read_line(r, line, number);
    }
}

/* Value of the variable `name`, absent when there is none. */
static struct mx_str env_get(char *const *env, const char *name)
{
    size_t n = strlen(name);

    for (; env && *env; env++)
        if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
            return mx_str_c(*env + n + 1);
    return (struct mx_str){0};
}

static void read_env(struct reading *r, char *const *env)
{
    for (size_t i = 0; i < N_SETTINGS; i++) {
        char name[ENV_MAX];
        struct mx_str value;

        env_name(table[i].name, name);
        value = env_get(env, name);
        if (!value.p)
            continue;
        r->origin[i] = MX_FROM_ENVIRONMENT;
        assign(r, &table[i], value, name);
    }
}

static void refuse_former_env(struct reading *r, char *const *env)
{
    for (size_t i = 0; i < MX_LEN(former_names); i++) {
        char name[ENV_MAX];

        env_name(former_names[i].name, name);
        if (env_get(env, name).p)
            mx_buf_fmt(error(r), "%s: %s %s\n", name, former_names[i].name, former_names[i].now);
    }
}

/* A pipe or device could block forever, hence O_NONBLOCK and the look at the type. */
bool mx_conf_secret_line(const char *path, char out[MX_SECRET_FILE_MAX], struct mx_str *ret_line)
{
    struct mx_str text = {out, 0};
    struct stat st;
    ssize_t n = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0)
        return false;
    errno = EINVAL;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        n = read(fd, out, MX_SECRET_FILE_MAX);
    close(fd);
    if (n < 0)
        return false;
    text.n = (size_t)n;
    mx_str_split(&text, '\n', ret_line);
    if (mx_str_ends(*ret_line, MX_S("\r")))
        ret_line->n--;
    return true;
}

static void read_password_file(struct reading *r)
{
    const struct setting *row = find(MX_S("db_password"));
    const struct setting *file = find(MX_S("db_password_file"));
    char text[MX_SECRET_FILE_MAX];
    struct mx_str line;

    if (!*r->conf.db_password_file)
        return;
    if (!mx_conf_secret_line(r->conf.db_password_file, text, &line)) {
        mx_buf_fmt(error(r), "settings: db_password_file cannot be read: %s\n", strerror(errno));
        return;
    }
    if (line.n == 0 || line.n == sizeof text)
        mx_buf_fmt(error(r), "settings: db_password_file must begin with a line of 1 to %d bytes\n",
                   MX_SECRET_FILE_MAX - 1);
    assign(r, row, line, "db_password_file");
    r->origin[row - table] = r->origin[file - table];
    explicit_bzero(text, sizeof text);
}

static bool is_octal_mode(const char *text)
{
    size_t n = strlen(text);

    return n >= 3 && n <= 4 && strspn(text, "01234567") == n && (n == 3 || *text == '0');
}

/* scheme://host[:port] each, as a browser writes the Origin header. */
static bool are_origins(const char *text)
{
    struct mx_str rest = mx_str_c(text), origin;

    while (mx_str_split(&rest, ' ', &origin)) {
        struct mx_str host =
            mx_str_starts(origin, MX_S("https://"))  ? mx_str_sub(origin, 8, origin.n)
            : mx_str_starts(origin, MX_S("http://")) ? mx_str_sub(origin, 7, origin.n)
                                                     : (struct mx_str){0};

        if (origin.n && (host.n == 0 || mx_str_find(host, '/') >= 0 || mx_str_find(host, '*') >= 0))
            return false;
    }
    return true;
}

/* An address that paths can be put behind, also in HTML. */
static bool is_base_url(const char *text)
{
    struct mx_str url = mx_str_c(text);
    size_t scheme = mx_str_starts(url, MX_S("https://"))  ? 8
                    : mx_str_starts(url, MX_S("http://")) ? 7
                                                          : 0;

    return scheme > 0 && url.n > scheme && !mx_str_ends(url, MX_S("/")) &&
           strcspn(text, " \"'<>?#") == url.n;
}

/* Rules over several rows of the table, and formats. */
static void check_values(struct reading *r)
{
    const struct mx_settings *c = &r->conf;
    enum mx_level level;
    struct mx_pools pools;
    const char *why;
    const struct {
        bool holds;
        const char *rule;
    } rules[] = {
        {mx_log_level_parse(mx_str_c(c->log_level), &level),
         "log_level must be debug, info, warn or error"},
        {strcmp(c->log_format, "logfmt") == 0 || strcmp(c->log_format, "json") == 0,
         "log_format must be logfmt or json"},
        {is_octal_mode(c->socket_mode), "socket_mode must be octal, as 0660"},
        {strcmp(c->staff_mfa, "required") == 0 || strcmp(c->staff_mfa, "optional") == 0,
         "staff_mfa must be required or optional"},
        {is_base_url(c->shop_url), "shop_url must be https://host, perhaps with a path"},
        {are_origins(c->cors_origins), "cors_origins must be scheme://host[:port] each"},
        {*c->issuer && *c->audience, "issuer and audience must not be empty"},
        {*c->keys, "keys must not be empty"},
        {*c->db_host || *c->db_socket, "db_host or db_socket must be set"},
        {!*c->db_host || *c->db_tls_ca, "db_tls_ca is required with db_host"},
        {c->db_statement_timeout_ms < c->request_timeout_ms,
         "db_statement_timeout_ms must be below request_timeout_ms"},
        {c->queue_age_max_ms < c->request_timeout_ms,
         "queue_age_max_ms must be below request_timeout_ms"},
        {c->request_timeout_ms <= 1000 * c->drain_timeout_s,
         "request_timeout_ms must not exceed drain_timeout_s"},
    };

    for (size_t i = 0; i < MX_LEN(rules); i++)
        if (!rules[i].holds)
            mx_buf_fmt(error(r), "settings: %s\n", rules[i].rule);
    why = mx_pools_make(r->arena, c, &pools);
    if (why)
        mx_buf_fmt(error(r), "settings: %s\n", why);
}

enum mx_err mx_conf_read(struct mx_arena *a, const char *file_name, struct mx_str file_text,
                         char *const *env, struct mx_settings *ret_conf, struct mx_buf *errors)
{
    struct reading r = {.arena = a, .file_name = file_name, .errors = errors};

    set_defaults(&r.conf);
    read_file(&r, file_text);
    read_env(&r, env);
    refuse_former_env(&r, env);
    read_password_file(&r);
    check_values(&r);
    *ret_conf = r.conf;
    if (r.n_errors)
        return MX_E_VALIDATION_FAILED;
    shown = r.conf;
    memcpy(shown_origin, r.origin, sizeof shown_origin);
    return MX_OK;
}

int mx_conf_count(void)
{
    return (int)N_SETTINGS;
}

static const char *view_value(struct mx_arena *a, const struct setting *row)
{
    const void *at = member(&shown, row);

    if (row->kind == INTEGER)
        return mx_arena_printf(a, "%" PRId64, *(const int64_t *)at);
    if (row->kind == RANGE)
        return mx_range_text(a, *(const struct mx_range *)at);
    if (row->kind == SWITCH)
        return *(const bool *)at ? "on" : "off";
    if (row->flags & MX_SETTING_SECRET)
        return **(const char *const *)at ? "(set)" : "";
    return *(const char *const *)at;
}

struct mx_setting_view mx_conf_view(struct mx_arena *a, int i)
{
    static const char *const origins[] = {"default", "file", "environment"};
    const struct setting *row;
    char env[ENV_MAX];

    MX_ASSERT(i >= 0 && i < mx_conf_count());
    row = &table[i];
    env_name(row->name, env);
    return (struct mx_setting_view){.name = row->name,
                                    .env = mx_arena_dup(a, env, strlen(env)),
                                    .value = view_value(a, row),
                                    .origin = origins[shown_origin[i]],
                                    .doc = row->doc};
}

void mx_conf_sample(struct mx_arena *a, struct mx_buf *out)
{
    mx_buf_c(out, "# Settings of merx, with their defaults. The environment variable " ENV_PREFIX
                  "<NAME>\n# overrides a line of this file.\n");
    for (size_t i = 0; i < N_SETTINGS; i++) {
        const struct setting *row = &table[i];

        mx_buf_fmt(out, "\n# %s", row->doc);
        if (row->kind == STRING)
            mx_buf_fmt(out, "\n#%s = %s\n", row->name, row->text);
        else if (row->kind == SWITCH)
            mx_buf_fmt(out, " (on or off)\n#%s = %s\n", row->name, row->number ? "on" : "off");
        else if (row->kind == RANGE)
            mx_buf_fmt(out, " (%" PRId64 " to %" PRId64 ", or MIN..MAX)\n#%s = %s\n", row->min,
                       row->max, row->name,
                       mx_range_text(a, (struct mx_range){row->low, row->number}));
        else
            mx_buf_fmt(out, " (%" PRId64 " to %" PRId64 ")\n#%s = %" PRId64 "\n", row->min,
                       row->max, row->name, row->number);
    }
}

static bool is_setting_env(struct mx_str name)
{
    for (size_t i = 0; i < N_SETTINGS; i++) {
        char own[ENV_MAX];

        env_name(table[i].name, own);
        if (mx_str_eqc(name, own))
            return true;
    }
    return false;
}

void mx_conf_unknown_env(char *const *env, struct mx_buf *out)
{
    for (; env && *env; env++) {
        struct mx_str rest = mx_str_c(*env), name;

        mx_str_split(&rest, '=', &name);
        if (!mx_str_starts(name, MX_S(ENV_PREFIX)) || mx_str_eqc(name, MX_CONF_FILE_ENV) ||
            is_setting_env(name))
            continue;
        put_name(out, name);
        mx_buf_byte(out, '\n');
    }
}
