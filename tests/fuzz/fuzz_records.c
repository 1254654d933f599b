/* Bytes that a peer sends on a FastCGI connection and then closes. A head that is found sound has
 * to be one to libfcgi too, which aborts on what it does not expect. */
#include "io/records.h"

#include <fcgiapp.h>
#include <sys/socket.h>
#include <unistd.h>

#define INPUT_MAX 65536 /* what the socket takes at once */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_request(struct mx_records *r, int sock)
{
    FCGX_Request fr;
    char part[100];
    ptrdiff_t n;

    if (mx_records_begin(r, sock, 1000) <= 0 || mx_records_head(r))
        return;
    FCGX_InitRequest(&fr, -1, 0);
    fr.keepConnection = 1;
    fr.ipcFd = mx_records_file(r);
    MX_ASSERT(FCGX_Accept_r(&fr) == 0 && FCGX_GetError(fr.in) == 0);
    FCGX_Free(&fr, 0);
    do
        n = mx_records_body(r, part, sizeof part);
    while (n == (ptrdiff_t)sizeof part);
    MX_ASSERT(n < 0 || mx_records_body(r, part, 1) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct mx_records *r;
    int pair[2];

    if (size > INPUT_MAX)
        return 0;
    if (!r) {
        r = mx_records_new();
        MX_ASSERT(FCGX_Init() == 0);
    }
    MX_ASSERT(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    MX_ASSERT(send(pair[0], data, size, MSG_DONTWAIT) == (ssize_t)size);
    close(pair[0]);
    read_request(r, pair[1]);
    close(pair[1]);
    return 0;
}
