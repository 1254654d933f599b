#include "base/err.h"

#include <stdarg.h>

#include "base/log.h"

static const struct {
    int status;
    const char *code, *title;
} rows[MX_ERR_COUNT] = {[MX_OK] = {200, "ok", "OK"},
#define ERR_ROW(name, status, code, title) [MX_E_##name] = {status, code, title},
                        MX_ERRORS(ERR_ROW)
#undef ERR_ROW
};

int mx_err_status(enum mx_err e)
{
    MX_ASSERT(e < MX_ERR_COUNT);
    return rows[e].status;
}

const char *mx_err_code(enum mx_err e)
{
    MX_ASSERT(e < MX_ERR_COUNT);
    return rows[e].code;
}

const char *mx_err_title(enum mx_err e)
{
    MX_ASSERT(e < MX_ERR_COUNT);
    return rows[e].title;
}

void mx_bug(const char *file, int line, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    mx_log(MX_LOG_BUG, text, MX_KC("file", file), MX_KI("line", line));
    abort();
}
