/* FastCGI records (specification 1.0, sections 3 to 5) before libfcgi has them. libfcgi adds the
 * two lengths of a parameter as ints, takes that much memory, and asserts that it got it; a
 * management record leads it there in the middle of a body, too. So the bytes of a connection are
 * read and checked here: libfcgi finds the head of a request (begin and parameters) in a file in
 * memory (memfd_create(2)) that holds nothing else, and the body never passes through it. */
#ifndef MX_IO_RECORDS_H
#define MX_IO_RECORDS_H

#include "base/err.h"

/* Most bytes of a head. nginx sends its parameters as one record, which is 64 KiB at most. */
#define MX_RECORDS_HEAD_MAX ((size_t)1 << 20)

/* A reader of one request at a time, from any connection. */
struct mx_records;

/* MX_BUG when there is no memory. */
struct mx_records *mx_records_new(void);
void mx_records_free(struct mx_records *r);

/* Begin with what a connection has at hand. Its bytes: at least 1; 0 when the peer has closed or
 * the connection failed, -1 when nothing has come. All of the rest may keep us
 * waiting for `wait_ms`, each part of it for the socket's own time-out. */
int mx_records_begin(struct mx_records *r, int sock, int64_t wait_ms);

/* Read the head up to its end. NULL, or why it is none: a record that belongs to no head of a
 * responder's request, a parameter that goes beyond the end of its stream, too many bytes, or not
 * in time. */
const char *mx_records_head(struct mx_records *r);

/* A file from which read(2) gets the head that was read, and then its end. `r` owns it. */
int mx_records_file(struct mx_records *r);
/* The file's descriptor has been closed by whoever was given it: make another. */
void mx_records_file_closed(struct mx_records *r);

/* Read the next `n` bytes of the body. Fewer: it ended before, and so did what the peer sent. -1:
 * cut off, another record than the body's, or bytes behind its end. */
ptrdiff_t mx_records_body(struct mx_records *r, char *p, size_t n);

#endif
