#include "http/req.h"

void mx_res_header(struct mx_res *res, const char *name, struct mx_str value)
{
    size_t n = 0;

    while (n < value.n && value.p[n] != '\r' && value.p[n] != '\n' && value.p[n] != 0)
        n++;
    mx_buf_c(&res->headers, name);
    mx_buf_c(&res->headers, ": ");
    mx_buf_str(&res->headers, mx_str_sub(value, 0, n));
    mx_buf_c(&res->headers, "\r\n");
}
