#include "io/fetch.h"

#include <curl/curl.h>

#include "base/arena.h"
#include "base/buf.h"

/* An answer while it comes in. */
struct incoming {
    struct mx_arena *arena;
    struct mx_buf body;
    size_t headers_n;
    struct mx_str cache_control;
};

void mx_curl_start(void)
{
    static bool done;

    if (!done && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        MX_BUG("libcurl does not start");
    done = true;
}

/* Taking less than was given ends the transfer. */
static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
    struct incoming *in = arg;

    mx_buf_add(&in->body, p, size * n);
    return in->body.overflow ? 0 : size * n;
}

static size_t on_header(char *p, size_t size, size_t n, void *arg)
{
    struct incoming *in = arg;
    struct mx_str value = {p, size * n}, name;

    in->headers_n += value.n;
    if (in->headers_n > MX_FETCH_HEADERS_MAX)
        return 0;
    while (value.n > 0 && strchr("\r\n", value.p[value.n - 1]))
        value.n--;
    if (mx_str_find(value, ':') < 0 || !mx_str_split(&value, ':', &name))
        return size * n;
    if (mx_str_ieq(name, MX_S("cache-control")))
        in->cache_control = mx_str_dup(in->arena, mx_str_trim(value));
    return size * n;
}

/* True when libcurl takes all options. NOSIGNAL: a worker's signals are its master's business.
 * QUICK_EXIT: a name that is not found in time is not waited for. */
static bool set_up(CURL *c, const struct mx_fetch *f, struct incoming *in)
{
    const char *ca = f->ca_file && f->ca_file[0] ? f->ca_file : NULL;

    return curl_easy_setopt(c, CURLOPT_URL, f->url) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
           (!ca || (curl_easy_setopt(c, CURLOPT_CAINFO, ca) == CURLE_OK &&
                    curl_easy_setopt(c, CURLOPT_CAPATH, NULL) == CURLE_OK)) &&
           curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)f->timeout_ms) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_USERAGENT, "merx") == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_WRITEDATA, in) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_HEADERDATA, in) == CURLE_OK;
}

enum mx_err mx_fetch_get(struct mx_arena *a, const struct mx_fetch *what,
                         struct mx_fetched *ret_answer, const char **ret_why)
{
    struct incoming in = {.arena = a};
    CURL *c;
    CURLcode code;
    long status = 0;

    mx_curl_start();
    mx_buf_init(&in.body, a, what->body_max);
    c = curl_easy_init();
    MX_ASSERT(c != NULL && set_up(c, what, &in));
    code = curl_easy_perform(c);
    if (code == CURLE_OK)
        code = curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(c);
    if (in.body.overflow || in.headers_n > MX_FETCH_HEADERS_MAX) {
        *ret_why = "the answer is too large";
        return MX_E_UNAVAILABLE;
    }
    if (code != CURLE_OK) {
        *ret_why = curl_easy_strerror(code);
        return MX_E_UNAVAILABLE;
    }
    *ret_answer = (struct mx_fetched){(int)status, mx_buf_view(&in.body), in.cache_control};
    return MX_OK;
}
