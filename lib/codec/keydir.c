#include "codec/keydir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/rnd.h"
#include "codec/secret.h"
#include "codec/uri.h"

/* Open the directory. A user who may add a key file may sign tokens. */
enum mx_err mx_keydir_open(struct mx_keydir *d)
{
    struct stat st;

    d->fd = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (d->fd < 0)
        return MX_KEYDIR_REFUSE(d, "%s: %s%s", d->path, strerror(errno),
                                errno == ENOENT ? ": run `merx key new`" : "");
    if (fstat(d->fd, &st) != 0 || (st.st_mode & 022)) {
        mx_keydir_close(d);
        return MX_KEYDIR_REFUSE(d, "%s: writable by others", d->path);
    }
    d->owner = st.st_uid;
    d->group = st.st_gid;
    return MX_OK;
}

/* ".NAME." and so many hexadecimal digits: a file that is not finished. */
#define MARK_DIGITS 16

static bool unfinished(const char *name)
{
    const char *mark = strrchr(name, '.');

    return name[0] == '.' && mark != name && strlen(mark + 1) == MARK_DIGITS &&
           strspn(mark + 1, "0123456789abcdef") == MARK_DIGITS;
}

static enum mx_err each(const struct mx_keydir *d, bool hidden,
                        enum mx_err (*fn)(const struct mx_keydir *d, const char *name, void *arg),
                        void *arg)
{
    int fd = openat(d->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    enum mx_err e = MX_OK;
    struct dirent *entry;

    if (!dir) {
        e = MX_KEYDIR_REFUSE(d, "%s: %s", d->path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return e;
    }
    while (e == MX_OK && (entry = readdir(dir)) != NULL)
        if ((entry->d_name[0] == '.') == hidden)
            e = fn(d, entry->d_name, arg);
    closedir(dir);
    return e;
}

static enum mx_err remove_unfinished(const struct mx_keydir *d, const char *name, void *arg)
{
    (void)arg;
    return unfinished(name) ? mx_keydir_remove(d, name) : MX_OK;
}

enum mx_err mx_keydir_lock(struct mx_keydir *d)
{
    enum mx_err e;
    int locked;

    MX_TRY(mx_keydir_open(d));
    do
        locked = flock(d->fd, LOCK_EX);
    while (locked != 0 && errno == EINTR);
    if (locked == 0)
        e = each(d, true, remove_unfinished, NULL);
    else
        e = MX_KEYDIR_REFUSE(d, "%s: cannot be locked: %s", d->path, strerror(errno));
    if (e != MX_OK)
        mx_keydir_close(d);
    return e;
}

void mx_keydir_close(struct mx_keydir *d)
{
    close(d->fd);
    d->fd = -1;
}

enum mx_err
mx_keydir_each(const struct mx_keydir *d,
               enum mx_err (*fn)(const struct mx_keydir *d, const char *name, void *arg), void *arg)
{
    return each(d, false, fn, arg);
}

/* All of `fd` into `text`, or -1; MX_KEYFILE_MAX means too much. */
static ssize_t read_all(int fd, char text[MX_KEYFILE_MAX])
{
    size_t n = 0;
    ssize_t got;

    while (n < MX_KEYFILE_MAX) {
        got = read(fd, text + n, MX_KEYFILE_MAX - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -1 : (ssize_t)n;
        n += (size_t)got;
    }
    return MX_KEYFILE_MAX;
}

enum mx_err mx_keydir_read(const struct mx_keydir *d, const char *name, mode_t forbidden,
                           char text[MX_KEYFILE_MAX], struct mx_str *ret_text)
{
    int fd = openat(d->fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    enum mx_err e = MX_OK;
    struct stat st;
    ssize_t n;

    if (fd < 0)
        return MX_KEYDIR_REFUSE(d, "%s/%s: %s", d->path, name, strerror(errno));
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        e = MX_KEYDIR_REFUSE(d, "%s/%s: not a regular file", d->path, name);
    } else if (st.st_mode & forbidden) {
        e = MX_KEYDIR_REFUSE(d, "%s/%s: mode %04o lets others in, 0600 or 0400 does not", d->path,
                             name, (unsigned)st.st_mode & 07777u);
    } else {
        n = read_all(fd, text);
        if (n < 0 || n == MX_KEYFILE_MAX)
            e = MX_KEYDIR_REFUSE(d, "%s/%s: %s", d->path, name,
                                 n < 0 ? strerror(errno) : "too large");
        else
            *ret_text = (struct mx_str){text, (size_t)n};
    }
    close(fd);
    return e;
}

struct mx_str mx_keydir_line(struct mx_str text)
{
    return mx_str_ends(text, MX_S("\n")) ? mx_str_sub(text, 0, text.n - 1) : text;
}

int64_t mx_keydir_written_ms(const struct mx_keydir *d, const char *name)
{
    struct stat st;

    if (fstatat(d->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return -1;
    return (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
}

static bool write_all(int fd, struct mx_str text)
{
    ssize_t put;

    while (text.n > 0) {
        put = write(fd, text.p, text.n);
        if (put < 0 && errno != EINTR)
            return false;
        if (put > 0)
            text = mx_str_sub(text, (size_t)put, text.n);
    }
    return fsync(fd) == 0;
}

static bool give_to_owner(const struct mx_keydir *d, int fd)
{
    return geteuid() != 0 || d->owner == 0 || fchown(fd, d->owner, d->group) == 0;
}

/* Let the finished file appear under its name. */
static bool publish(const struct mx_keydir *d, const char *temporary, const char *name,
                    enum mx_keydir_how how)
{
    if (how == MX_KEYDIR_REPLACE)
        return renameat(d->fd, temporary, d->fd, name) == 0;
    return linkat(d->fd, temporary, d->fd, name, 0) == 0 ||
           (how == MX_KEYDIR_KEEP && errno == EEXIST);
}

enum mx_err mx_keydir_write(const struct mx_keydir *d, const char *name, struct mx_str text,
                            enum mx_keydir_how how)
{
    const char *temporary = mx_arena_printf(d->a, ".%s.%0*llx", name, MARK_DIGITS,
                                            (unsigned long long)mx_rnd_below(UINT64_MAX));
    int fd = openat(d->fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool good =
        fd >= 0 && give_to_owner(d, fd) && write_all(fd, text) && publish(d, temporary, name, how);
    enum mx_err e = good ? MX_OK : MX_KEYDIR_REFUSE(d, "%s/%s: %s", d->path, name, strerror(errno));

    if (fd >= 0) {
        close(fd);
        unlinkat(d->fd, temporary, 0);
    }
    return e;
}

enum mx_err mx_keydir_rename(const struct mx_keydir *d, const char *from, const char *to)
{
    if (renameat(d->fd, from, d->fd, to) == 0)
        return MX_OK;
    return MX_KEYDIR_REFUSE(d, "%s/%s: %s", d->path, from, strerror(errno));
}

enum mx_err mx_keydir_remove(const struct mx_keydir *d, const char *name)
{
    if (unlinkat(d->fd, name, 0) == 0)
        return MX_OK;
    return MX_KEYDIR_REFUSE(d, "%s/%s: %s", d->path, name, strerror(errno));
}

enum mx_err mx_keydir_sync(const struct mx_keydir *d)
{
    return fsync(d->fd) == 0 ? MX_OK : MX_KEYDIR_REFUSE(d, "%s: %s", d->path, strerror(errno));
}

struct mx_str mx_keydir_random(struct mx_arena *a, size_t n)
{
    unsigned char bytes[MX_KEYFILE_RANDOM];
    struct mx_str line;

    MX_ASSERT(n <= sizeof(bytes));
    mx_rnd(bytes, n);
    line = mx_str_fmt(a, "%s\n", mx_b64url(a, bytes, n).p);
    mx_secret_wipe(bytes, sizeof(bytes));
    return line;
}
