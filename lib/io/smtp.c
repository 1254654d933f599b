#include "io/smtp.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/conf.h"
#include "io/fetch.h"

#define MESSAGE_MAX ((size_t)1 << 20)

struct mx_smtp {
    CURL *curl;
    const struct mx_settings *conf;
    const char *step;     /* command that the server has not answered yet, or answered last */
    struct mx_str unread; /* rest of the message */
};

/* ---- settings ---- */

/* Something that can stand in MAIL FROM:<...> and RCPT TO:<...> and end neither. */
static bool is_address(struct mx_str s)
{
    ptrdiff_t at = mx_str_find(s, '@');

    if (at < 1 || (size_t)at + 1 == s.n || s.n > 254)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] > '~' || s.p[i] == '<' || s.p[i] == '>')
            return false;
    return true;
}

/* Only what resolves to this host everywhere. */
static bool is_loopback(const char *host)
{
    struct in_addr v4;

    if (inet_pton(AF_INET, host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    return strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0;
}

/* A part of the URL in the arena; "" when it has none. */
static const char *part_of(struct mx_arena *a, CURLU *url, CURLUPart which)
{
    char *part;
    const char *kept = "";

    if (curl_url_get(url, which, &part, 0) == CURLUE_OK) {
        kept = mx_arena_dup(a, part, strlen(part));
        curl_free(part);
    }
    return kept;
}

static const char *url_error(struct mx_arena *a, const struct mx_settings *conf, CURLU *url)
{
    static const CURLUPart none[] = {CURLUPART_USER,  CURLUPART_PASSWORD, CURLUPART_OPTIONS,
                                     CURLUPART_QUERY, CURLUPART_FRAGMENT, CURLUPART_ZONEID};
    const char *scheme;

    if (curl_url_set(url, CURLUPART_URL, conf->smtp_url, 0) != CURLUE_OK)
        return "smtp_url is not a URL";
    scheme = part_of(a, url, CURLUPART_SCHEME);
    if (strcmp(scheme, "smtp") != 0 && strcmp(scheme, "smtps") != 0)
        return "smtp_url must begin with smtp:// or smtps://";
    for (size_t i = 0; i < MX_LEN(none); i++)
        if (*part_of(a, url, none[i]))
            return "smtp_url must be a scheme, a host and perhaps a port";
    if (strcmp(part_of(a, url, CURLUPART_PATH), "/") != 0)
        return "smtp_url must have no path";
    if (conf->smtp_plain && strcmp(scheme, "smtp") != 0)
        return "smtp_plain requires smtp://";
    if (conf->smtp_plain && !is_loopback(part_of(a, url, CURLUPART_HOST)))
        return "smtp_plain is for a mail server on a loopback address";
    return NULL;
}

/* The URL as libcurl wants it, where the path is the name to say hello with. */
static const char *url_of(struct mx_arena *a, const struct mx_settings *conf, const char **ret_why)
{
    CURLU *url = curl_url();
    struct mx_str from = mx_str_c(conf->mail_from);
    const char *whole = NULL;

    MX_ASSERT(url != NULL);
    *ret_why = is_address(from) ? url_error(a, conf, url) : "mail_from is not a mail address";
    if (*ret_why == NULL) {
        const char *domain = from.p + mx_str_find(from, '@') + 1;

        if (curl_url_set(url, CURLUPART_PATH, mx_arena_printf(a, "/%s", domain), 0) == CURLUE_OK)
            whole = part_of(a, url, CURLUPART_URL);
        else
            *ret_why = "mail_from has no domain for EHLO";
    }
    curl_url_cleanup(url);
    return whole;
}

/* The password into `text`; the caller wipes it. NULL, or what is wrong. */
static const char *read_password(struct mx_arena *a, const struct mx_settings *conf,
                                 char text[MX_SECRET_FILE_MAX], struct mx_str *ret_password)
{
    struct stat st;
    const char *path = conf->smtp_password_file;

    *ret_password = MX_S("");
    if (!*conf->smtp_user)
        return *path ? "smtp_password_file requires smtp_user" : NULL;
    if (!*path)
        return "smtp_user needs smtp_password_file";
    if (stat(path, &st) != 0 || !mx_conf_secret_line(path, text, ret_password))
        return mx_arena_printf(a, "smtp_password_file cannot be read: %s", strerror(errno));
    if (st.st_mode & S_IRWXO)
        return "smtp_password_file must not be open to others (chmod o=)";
    if (ret_password->n == 0 || ret_password->n == MX_SECRET_FILE_MAX)
        return "smtp_password_file must begin with a line that holds the password";
    return NULL;
}

static const char *ca_error(struct mx_arena *a, const struct mx_settings *conf)
{
    FILE *f = *conf->smtp_ca ? fopen(conf->smtp_ca, "re") : NULL;

    if (*conf->smtp_ca && !f)
        return mx_arena_printf(a, "smtp_ca cannot be read: %s", strerror(errno));
    if (f)
        fclose(f);
    return NULL;
}

bool mx_smtp_is_address(const char *address)
{
    return is_address(mx_str_c(address));
}

bool mx_smtp_check(struct mx_arena *a, const struct mx_settings *conf, const char **ret_why)
{
    char text[MX_SECRET_FILE_MAX];
    struct mx_str password;

    mx_curl_start();
    if (!url_of(a, conf, ret_why))
        return false;
    *ret_why = read_password(a, conf, text, &password);
    explicit_bzero(text, sizeof text);
    if (!*ret_why)
        *ret_why = ca_error(a, conf);
    return !*ret_why;
}

/* ---- conversation ---- */

/* Only the verb is looked at: what follows may be an address or a secret. */
static int on_talk(CURL *curl, curl_infotype type, char *p, size_t n, void *arg)
{
    static const char *const steps[] = {"EHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA"};
    struct mx_smtp *s = arg;

    (void)curl;
    for (size_t i = 0; type == CURLINFO_HEADER_OUT && i < MX_LEN(steps); i++)
        if (mx_str_starts((struct mx_str){p, n}, mx_str_c(steps[i])))
            s->step = steps[i];
    return 0;
}

static size_t on_read(char *p, size_t size, size_t n, void *arg)
{
    struct mx_smtp *s = arg;
    size_t take = s->unread.n < size * n ? s->unread.n : size * n;

    memcpy(p, s->unread.p, take);
    s->unread = mx_str_sub(s->unread, take, s->unread.n);
    return take;
}

/* True when libcurl takes all options. A CA file of ours stands alone: without the system's. */
static bool set_trust(CURL *c, const struct mx_settings *conf)
{
    long tls = conf->smtp_plain ? CURLUSESSL_NONE : CURLUSESSL_ALL;
    const char *ca = conf->smtp_ca;

    return curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps") == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_USE_SSL, tls) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
           (!*ca || (curl_easy_setopt(c, CURLOPT_CAINFO, ca) == CURLE_OK &&
                     curl_easy_setopt(c, CURLOPT_CAPATH, NULL) == CURLE_OK));
}

/* True when libcurl takes all options. SERVER_RESPONSE_TIMEOUT bounds the leave-taking. QUICK_EXIT:
 * a name that is not found in time is not waited for. VERBOSE only makes it call on_talk. */
static bool set_up(struct mx_smtp *s, const char *url)
{
    CURL *c = s->curl;

    return set_trust(c, s->conf) && curl_easy_setopt(c, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)s->conf->smtp_connect_timeout_s) ==
               CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)s->conf->smtp_timeout_s) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)s->conf->smtp_timeout_s) ==
               CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_MAIL_FROM, s->conf->mail_from) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_UPLOAD, 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_READFUNCTION, on_read) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_READDATA, s) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_VERBOSE, 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_DEBUGFUNCTION, on_talk) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_DEBUGDATA, s) == CURLE_OK;
}

/* NULL, or what is wrong. */
static const char *set_login(struct mx_smtp *s, struct mx_arena *a)
{
    char text[MX_SECRET_FILE_MAX];
    struct mx_str password;
    const char *why = read_password(a, s->conf, text, &password);

    if (!why && *s->conf->smtp_user) {
        text[password.n] = '\0';
        MX_ASSERT(curl_easy_setopt(s->curl, CURLOPT_USERNAME, s->conf->smtp_user) == CURLE_OK &&
                  curl_easy_setopt(s->curl, CURLOPT_PASSWORD, text) == CURLE_OK);
    }
    explicit_bzero(text, sizeof text);
    return why;
}

struct mx_smtp *mx_smtp_open(struct mx_arena *a, const struct mx_settings *conf,
                             const char **ret_why)
{
    struct mx_smtp *s;
    const char *url;

    mx_curl_start();
    url = url_of(a, conf, ret_why);
    if (!url)
        return NULL;
    s = calloc(1, sizeof *s);
    MX_ASSERT(s != NULL);
    *s = (struct mx_smtp){.curl = curl_easy_init(), .conf = conf};
    MX_ASSERT(s->curl != NULL && set_up(s, url));
    *ret_why = set_login(s, a);
    if (!*ret_why)
        return s;
    mx_smtp_close(s);
    return NULL;
}

/* With the line ends of the wire. */
static struct mx_str on_wire(struct mx_arena *a, struct mx_str message)
{
    struct mx_buf out;
    struct mx_str line;

    mx_buf_init(&out, a, MESSAGE_MAX);
    if (mx_str_ends(message, MX_S("\n")))
        message.n--;
    while (mx_str_split(&message, '\n', &line)) {
        mx_buf_str(&out, line);
        mx_buf_c(&out, "\r\n");
    }
    MX_ASSERT(!out.overflow);
    return mx_buf_view(&out);
}

/* Meaning of a failure for this mail and the others. A code stands for the last answer: behind a
 * lost connection that is a good one. 421 and 530 are about us, whatever they answer. */
static struct mx_smtp_result judge(struct mx_arena *a, const struct mx_smtp *s, CURLcode how)
{
    struct mx_smtp_result r = {MX_SMTP_TROUBLE, curl_easy_strerror(how)};
    bool about_mail = strcmp(s->step, "RCPT") == 0 || strcmp(s->step, "DATA") == 0;
    long code = 0;

    if (curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &code) != CURLE_OK || code < 400)
        return r;
    r.why = mx_arena_printf(a, "%ld to %s", code, s->step);
    if (about_mail && code < 500 && code != 421)
        r.end = MX_SMTP_LATER;
    if (about_mail && code >= 500 && code != 530)
        r.end = MX_SMTP_REFUSED;
    return r;
}

struct mx_smtp_result mx_smtp_send(struct mx_smtp *s, struct mx_arena *a, struct mx_str to,
                                   struct mx_str message)
{
    struct curl_slist *recipient;
    CURLcode how;

    if (!is_address(to))
        return (struct mx_smtp_result){MX_SMTP_REFUSED, "no mail address"};
    s->unread = on_wire(a, message);
    s->step = "connect";
    recipient = curl_slist_append(NULL, mx_str_z(a, to));
    MX_ASSERT(recipient != NULL);
    MX_ASSERT(curl_easy_setopt(s->curl, CURLOPT_MAIL_RCPT, recipient) == CURLE_OK &&
              curl_easy_setopt(s->curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)s->unread.n) ==
                  CURLE_OK);
    how = curl_easy_perform(s->curl);
    curl_slist_free_all(recipient);
    if (how == CURLE_OK)
        return (struct mx_smtp_result){MX_SMTP_SENT, ""};
    return judge(a, s, how);
}

void mx_smtp_close(struct mx_smtp *s)
{
    if (!s)
        return;
    curl_easy_cleanup(s->curl);
    free(s);
}
