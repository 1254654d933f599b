#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/pool.h"
#include "check.h"
#include "io/net.h"

#define NGINX_FILE_MAX 65536
#define SERVICE_MANAGER 1 /* pid: it listens for a .socket unit */

bool mx_check_become(const struct mx_settings *conf)
{
    const struct passwd *owner;
    struct stat st;
    int groups;

    if (geteuid() != 0 || stat(conf->keys, &st) != 0 || st.st_uid == 0)
        return true;
    owner = getpwuid(st.st_uid);
    groups = owner ? initgroups(owner->pw_name, owner->pw_gid) : setgroups(0, NULL);
    return groups == 0 && setgid(owner ? owner->pw_gid : st.st_gid) == 0 && setuid(st.st_uid) == 0;
}

/* ---- files ---- */

/* The program reads them again at each reload. */
void mx_check_files(struct mx_check *c)
{
    const struct {
        const char *setting, *path;

    } files[] = {
        {"the settings file", c->settings_path},
        {"db_password_file", c->conf->db_password_file},
        {"db_tls_ca", c->conf->db_tls_ca},
        {"oidc_providers", c->conf->oidc_providers},
        {"smtp_ca", c->conf->smtp_ca},
        {"smtp_password_file", c->conf->smtp_password_file},
    };

    for (size_t i = 0; i < MX_LEN(files); i++)
        if (*files[i].path && access(files[i].path, R_OK) != 0)
            mx_check_fault(c, "%s: %s cannot be read by this account: %s", files[i].setting,
                           files[i].path, strerror(errno));
}

/* Opened as the program opens it, but nothing is made. */
void mx_check_log(struct mx_check *c)
{
    const char *path = c->conf->log, *slash = strrchr(path, '/');
    const char *directory = slash > path ? mx_arena_dup(c->arena, path, (size_t)(slash - path))
                            : slash      ? "/"
                                         : ".";
    int fd;

    if (*path == '\0')
        return;
    fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd >= 0)
        close(fd);
    else if (errno != ENOENT)
        mx_check_fault(c, "log: %s cannot be written by this account: %s", path, strerror(errno));
    else if (access(directory, W_OK | X_OK) != 0)
        mx_check_fault(c, "log: this account can make no file in %s: %s", directory,
                       strerror(errno));
}

/* ---- sockets ---- */

static void check_path(struct mx_check *c, const char *setting, const char *path)
{
    int pid;

    if (mx_net_listened(path, &pid) && pid != SERVICE_MANAGER)
        mx_check_fault(c, "%s: %s is in use by another program, process %d", setting, path, pid);
}

/* The kernel does not tell an account without privileges who listens at a port. */
static void check_port(struct mx_check *c, const struct mx_pool *p)
{
    const char *why;
    int fd = mx_net_listen(c->arena, p->socket, 1, 0, NULL, &why);

    if (fd >= 0)
        close(fd);
    else
        mx_check_warn(c, "%s: %s; merx cannot start, unless merx-%s.socket is what listens there",
                      p->setting, why, p->name);
}

/* A merx that answers at the control socket has the others itself. */
void mx_check_sockets(struct mx_check *c)
{
    struct mx_pools pools;
    int pid;

    if (mx_net_listened(c->conf->control, &pid) || mx_pools_make(c->arena, c->conf, &pools))
        return;
    for (int i = 0; i < pools.n; i++) {
        const struct mx_pool *p = &pools.at[i];

        if (p->socket && strchr(p->socket, '/'))
            check_path(c, p->setting, p->socket);
        else if (p->socket)
            check_port(c, p);
    }
}

/* First bytes of a file, as a string in the arena. NULL with errno. */
static const char *read_file(struct mx_arena *a, const char *path)
{
    char *text = mx_arena_alloc(a, NGINX_FILE_MAX);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    ssize_t n;

    if (fd < 0)
        return NULL;
    n = read(fd, text, NGINX_FILE_MAX - 1);
    close(fd);
    if (n < 0)
        return NULL;
    text[n] = '\0';
    return text;
}

/* The kernel cuts a longer backlog without a word. */
void mx_check_backlog(struct mx_check *c)
{
    struct mx_str text = mx_str_c(read_file(c->arena, "/proc/sys/net/core/somaxconn")), line;
    struct mx_pools pools;
    int64_t most;

    if (!mx_str_split(&text, '\n', &line) || !mx_str_i64(line, 0, INT32_MAX, &most) ||
        mx_pools_make(c->arena, c->conf, &pools))
        return;
    for (int i = 0; i < MX_POOL_KINDS; i++)
        if (most < pools.at[i].backlog)
            mx_check_warn(c,
                          "%s = %lld, but the kernel lets %lld connections wait: raise "
                          "net.core.somaxconn (sysctl), or nginx answers 502 from there on",
                          pools.at[i].backlog_setting, (long long)pools.at[i].backlog,
                          (long long)most);
}

/* ---- nginx ---- */

/* Number and unit of a directive's argument; false when it is not there or has another form. */
static bool directive(const char *text, const char *name, int64_t *ret_number,
                      struct mx_str *ret_unit)
{
    struct mx_str rest = mx_str_c(text), line, word;
    size_t digits = 0;

    while (mx_str_split(&rest, '\n', &line)) {
        line = mx_str_trim(line);
        if (!mx_str_split(&line, ' ', &word) || !mx_str_eqc(word, name))
            continue;
        line = mx_str_trim(line);
        if (mx_str_ends(line, MX_S(";")))
            line.n--;
        while (digits < line.n && line.p[digits] >= '0' && line.p[digits] <= '9')
            digits++;
        *ret_unit = mx_str_sub(line, digits, line.n);
        return mx_str_i64(mx_str_sub(line, 0, digits), 0, INT32_MAX, ret_number);
    }
    return false;
}

/* How many of the smallest unit, as nginx reads times (ms) and sizes (bytes). 0: no such unit. */
static int64_t scale_of(struct mx_str unit, bool time)
{
    static const struct {
        const char *unit;
        int64_t ms, bytes;

    } units[] = {{"", 1000, 1},  {"ms", 1, 0},      {"s", 1000, 0}, {"m", 60000, 1 << 20},
                 {"k", 0, 1024}, {"M", 0, 1 << 20}, {"K", 0, 1024}};

    for (size_t i = 0; i < MX_LEN(units); i++)
        if (mx_str_eqc(unit, units[i].unit))
            return time ? units[i].ms : units[i].bytes;
    return 0;
}

/* A directive that must allow more than a setting does. */
struct bound {
    const char *directive;
    bool time; /* else a size */
    const char *setting;
    int64_t value;
    const char *effect; /* of one that does not */
};

static void check_bound(struct mx_check *c, const char *text, const struct bound *b)
{
    struct mx_str unit;
    int64_t number, scale;

    if (!directive(text, b->directive, &number, &unit))
        return;
    scale = scale_of(unit, b->time);
    if (scale > 0 && number > 0 && number * scale <= b->value)
        mx_check_warn(c, "%s/merx-pass.conf: %s %lld%.*s is not above %s = %lld: %s", c->nginx,
                      b->directive, (long long)number, MX_FMT(unit), b->setting,
                      (long long)b->value, b->effect);
}

void mx_check_nginx(struct mx_check *c)
{
    const struct bound bounds[] = {
        {"fastcgi_read_timeout", true, "request_timeout_ms", c->conf->request_timeout_ms,
         "nginx answers 504 while the request goes on and takes effect"},
        {"client_max_body_size", false, "body_max", c->conf->body_max,
         "nginx refuses bodies that merx would take"},
    };
    const char *text =
        read_file(c->arena, mx_arena_printf(c->arena, "%s/merx-pass.conf", c->nginx));

    for (size_t i = 0; text && i < MX_LEN(bounds); i++)
        check_bound(c, text, &bounds[i]);
}
