#include "io/records.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

#define VERSION 1
#define RESPONDER 1
#define HEADER 8
#define BEGIN_BODY 8

enum kind { BEGIN = 1, PARAMS = 4, STDIN = 5 };

/* A header's content. */
struct record {
    unsigned kind, id;
    size_t n, padding;
};

struct mx_records {
    int fd, spare;       /* of the same file */
    unsigned char *file; /* its bytes */
    unsigned char *buf;
    size_t at, n;  /* buf[at..n) has been received and not taken */
    size_t unread; /* of the body's present record */
    size_t padding;
    unsigned id; /* of the request */
    bool ended;  /* so has the body */
    int sock;
    int64_t wait_ms, until_ms; /* until: 0 while nothing has been waited for */
};

struct mx_records *mx_records_new(void)
{
    struct mx_records *r = calloc(1, sizeof *r);

    if (!r || !(r->buf = malloc(MX_RECORDS_HEAD_MAX)))
        MX_BUG("out of memory");
    r->spare = memfd_create("merx-records", MFD_CLOEXEC);
    r->fd = dup(r->spare);
    if (r->fd < 0 || ftruncate(r->fd, (off_t)MX_RECORDS_HEAD_MAX) != 0)
        MX_BUG("no file for records: %s", strerror(errno));
    r->file = mmap(NULL, MX_RECORDS_HEAD_MAX, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, 0);
    if (r->file == MAP_FAILED)
        MX_BUG("no memory for records: %s", strerror(errno));
    return r;
}

void mx_records_free(struct mx_records *r)
{
    munmap(r->file, MX_RECORDS_HEAD_MAX);
    close(r->fd);
    close(r->spare);
    free(r->buf);
    free(r);
}

/* ---- bytes ---- */

int mx_records_begin(struct mx_records *r, int sock, int64_t wait_ms)
{
    ssize_t got = recv(sock, r->buf, MX_RECORDS_HEAD_MAX, MSG_DONTWAIT);

    if (got <= 0)
        return got < 0 && (errno == EAGAIN || errno == EINTR) ? -1 : 0;
    r->at = r->unread = r->padding = 0;
    r->n = (size_t)got;
    r->ended = false;
    r->sock = sock;
    r->wait_ms = wait_ms;
    r->until_ms = 0;
    return (int)got;
}

/* Whether to wait still. */
static bool in_time(struct mx_records *r)
{
    int64_t now_ms = mx_mono_ms();

    if (r->until_ms == 0)
        r->until_ms = now_ms + r->wait_ms;
    return now_ms < r->until_ms;
}

/* Receive until the next `want` bytes are there, if the buffer has room for them. */
static bool have(struct mx_records *r, size_t want)
{
    ssize_t got;

    while (r->n - r->at < want) {
        if (want > MX_RECORDS_HEAD_MAX - r->at || !in_time(r))
            return false;
        got = recv(r->sock, r->buf + r->n, MX_RECORDS_HEAD_MAX - r->n, 0);
        if (got <= 0)
            return false;
        r->n += (size_t)got;
    }
    return true;
}

/* Take a header off the front. */
static bool take_header(struct mx_records *r, struct record *ret)
{
    const unsigned char *p = r->buf + r->at;

    if (!have(r, HEADER) || p[0] != VERSION)
        return false;
    *ret = (struct record){.kind = p[1],
                           .id = (unsigned)p[2] << 8 | p[3],
                           .n = (size_t)p[4] << 8 | p[5],
                           .padding = p[6]};
    r->at += HEADER;
    return true;
}

/* ---- the head ---- */

/* Name-value pairs (section 3.4), which may begin in one record and end in another. */
struct pairs {
    unsigned char lengths[8]; /* of the present pair, as far as they have come */
    size_t n_lengths;
    size_t left; /* of its name and value */
};

/* Value of a length of one or four bytes. */
static size_t length_of(const unsigned char *p)
{
    if (!(p[0] & 0x80))
        return p[0];
    return (size_t)(p[0] & 0x7f) << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
}

static size_t length_bytes(unsigned char first)
{
    return first & 0x80 ? 4 : 1;
}

/* Whether both lengths are there; then the pair's content is what is left. */
static bool lengths_whole(struct pairs *s)
{
    size_t name = length_bytes(s->lengths[0]);

    if (s->n_lengths <= name || s->n_lengths < name + length_bytes(s->lengths[name]))
        return false;
    s->left = length_of(s->lengths) + length_of(s->lengths + name);
    s->n_lengths = 0;
    return true;
}

/* Go through the next bytes of the stream. False: a pair is longer than any head. */
static bool walk_pairs(struct pairs *s, const unsigned char *p, size_t n)
{
    size_t skipped;

    while (n > 0) {
        if (s->left == 0) {
            s->lengths[s->n_lengths++] = *p++;
            n--;
            if (lengths_whole(s) && s->left > MX_RECORDS_HEAD_MAX)
                return false;
            continue;
        }
        skipped = s->left < n ? s->left : n;
        s->left -= skipped;
        p += skipped;
        n -= skipped;
    }
    return true;
}

/* Take a whole record of that kind off the front: its content. NULL: it is another, or cut off. */
static const unsigned char *take_record(struct mx_records *r, enum kind kind, size_t *ret_n)
{
    const unsigned char *content;
    struct record rec;

    if (!take_header(r, &rec) || !have(r, rec.n + rec.padding))
        return NULL;
    if (kind == BEGIN)
        r->id = rec.id;
    /* libfcgi reads what pads the begin as the next record. */
    if (kind == BEGIN && rec.padding > 0)
        return NULL;
    if (rec.kind != kind || rec.id != r->id || rec.id == 0)
        return NULL;
    content = r->buf + r->at;
    r->at += rec.n + rec.padding;
    *ret_n = rec.n;
    return content;
}

const char *mx_records_head(struct mx_records *r)
{
    const unsigned char *content;
    struct pairs pairs = {.left = 0};
    size_t n;

    content = take_record(r, BEGIN, &n);
    if (!content || n != BEGIN_BODY || content[0] != 0 || content[1] != RESPONDER)
        return "no request";
    do {
        content = take_record(r, PARAMS, &n);
        if (!content)
            return "parameters cut off";
        if (!walk_pairs(&pairs, content, n))
            return "a parameter too long";
    } while (n > 0);
    return pairs.left == 0 && pairs.n_lengths == 0 ? NULL : "a parameter cut off";
}

/* The head goes to the file's end, so that its end is the file's. */
int mx_records_file(struct mx_records *r)
{
    size_t from = MX_RECORDS_HEAD_MAX - r->at;

    memcpy(r->file + from, r->buf, r->at);
    if (lseek(r->fd, (off_t)from, SEEK_SET) != (off_t)from)
        MX_BUG("lseek: %s", strerror(errno));
    return r->fd;
}

void mx_records_file_closed(struct mx_records *r)
{
    r->fd = dup(r->spare);
    if (r->fd < 0)
        MX_BUG("dup: %s", strerror(errno));
}

/* ---- the body ---- */

/* Drop the bytes that have been taken. */
static void make_room(struct mx_records *r)
{
    r->n -= r->at;
    memmove(r->buf, r->buf + r->at, r->n);
    r->at = 0;
}

/* have(), wherever the buffer ends. */
static bool have_anew(struct mx_records *r, size_t want)
{
    if (r->n - r->at < want)
        make_room(r);
    return have(r, want);
}

/* Go on to the next record of the body; the empty one ends it. */
static bool next_record(struct mx_records *r)
{
    struct record rec;

    if (!have_anew(r, r->padding + HEADER))
        return false;
    r->at += r->padding;
    if (!take_header(r, &rec) || rec.kind != STDIN || rec.id != r->id)
        return false;
    r->unread = rec.n;
    r->padding = rec.padding;
    if (rec.n > 0)
        return true;
    r->ended = true;
    return have_anew(r, r->padding) && r->n - r->at == r->padding;
}

ptrdiff_t mx_records_body(struct mx_records *r, char *p, size_t n)
{
    size_t done = 0, part;

    while (done < n && !r->ended) {
        if (r->unread == 0) {
            if (!next_record(r))
                return -1;
            continue;
        }
        if (!have_anew(r, 1))
            return -1;
        part = r->n - r->at;
        part = part < r->unread ? part : r->unread;
        part = part < n - done ? part : n - done;
        memcpy(p + done, r->buf + r->at, part);
        r->at += part;
        r->unread -= part;
        done += part;
    }
    return (ptrdiff_t)done;
}
