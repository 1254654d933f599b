/* The key directory as files: one small file a key or secret. A user who may write there may sign
 * tokens, so a directory or file that others can change is refused, and a secret that others can
 * read. Every change is one link, rename or removal: a reader sees a file whole or not at all. */
#ifndef MX_CODEC_KEYDIR_H
#define MX_CODEC_KEYDIR_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/str.h"

#define MX_KEYFILE_MAX 8192
#define MX_KEYFILE_SECRET 077 /* for mx_keydir_read: others may not read it */
#define MX_KEYFILE_PUBLIC 022 /* others may not write it */
#define MX_KEYFILE_RANDOM 64  /* most random bytes that one line holds */

/* The directory while it is read or written. */
struct mx_keydir {
    struct mx_arena *a; /* for the texts of *why */
    const char *path;
    const char **why; /* what was wrong, for the administrator */
    int fd;
    uid_t owner; /* of the directory, once it is open */
    gid_t group;
};

/* Say what is wrong; an expression of the error. */
#define MX_KEYDIR_REFUSE(d, ...) \
    (*(d)->why = mx_arena_printf((d)->a, __VA_ARGS__), MX_E_VALIDATION_FAILED)

/* Open d->path, whose other members are set. MX_E_VALIDATION_FAILED when it cannot be, or others
 * may write to it. */
enum mx_err mx_keydir_open(struct mx_keydir *d) MX_MUST_CHECK;
/* Open it to change it: others who change it wait until it is closed. Files
 * that a killed writer left unfinished are removed. As mx_keydir_open. */
enum mx_err mx_keydir_lock(struct mx_keydir *d) MX_MUST_CHECK;
void mx_keydir_close(struct mx_keydir *d);
/* Call fn for each name of the directory, hidden ones aside, until one fails. */
enum mx_err mx_keydir_each(const struct mx_keydir *d,
                           enum mx_err (*fn)(const struct mx_keydir *d, const char *name,
                                             void *arg),
                           void *arg) MX_MUST_CHECK;
/* Read a regular file that has no bit of the mode `forbidden`. *ret_text is a slice of `text`,
 * which the caller wipes. */
enum mx_err mx_keydir_read(const struct mx_keydir *d, const char *name, mode_t forbidden,
                           char text[MX_KEYFILE_MAX], struct mx_str *ret_text) MX_MUST_CHECK;
/* Without the newline that editors put at the end. */
struct mx_str mx_keydir_line(struct mx_str text);
/* When the file was written last, unix time in ms; -1 when there is none. */
int64_t mx_keydir_written_ms(const struct mx_keydir *d, const char *name);

/* Treatment of a file that exists already. */
enum mx_keydir_how { MX_KEYDIR_NEW /* an error */, MX_KEYDIR_KEEP, MX_KEYDIR_REPLACE };

/* Make a file of mode 0600 that appears with its whole content. One that root makes belongs to the
 * owner of the directory, who could not read it otherwise. */
enum mx_err mx_keydir_write(const struct mx_keydir *d, const char *name, struct mx_str text,
                            enum mx_keydir_how how) MX_MUST_CHECK;
/* Give a file another name; one of that name is replaced. */
enum mx_err mx_keydir_rename(const struct mx_keydir *d, const char *from,
                             const char *to) MX_MUST_CHECK;
enum mx_err mx_keydir_remove(const struct mx_keydir *d, const char *name) MX_MUST_CHECK;
/* Make all changes of the directory durable: they outlive a loss of power. */
enum mx_err mx_keydir_sync(const struct mx_keydir *d) MX_MUST_CHECK;
/* `n` random bytes (MX_KEYFILE_RANDOM at most) as a line of base64url. */
struct mx_str mx_keydir_random(struct mx_arena *a, size_t n);

#endif
