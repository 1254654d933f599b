#include "io/scrape.h"

#include "base/arena.h"
#include "io/metrics.h"

#define TEXT_MAX ((size_t)4 << 20)

static const char *const media[] = {MX_METRICS_TEXT_MEDIA, MX_METRICS_OPENMETRICS_MEDIA};

/* OpenMetrics for a scraper that takes it (Accept). */
static enum mx_metrics_format format_of(struct mx_str fields)
{
    static const char openmetrics[] = "application/openmetrics-text";
    struct mx_str line, value, name;

    while (mx_str_split(&fields, '\n', &line)) {
        value = line;
        mx_str_split(&value, ':', &name);
        if (mx_str_ieq(name, MX_S("accept")) && value.n > 0 &&
            memmem(value.p, value.n, openmetrics, sizeof openmetrics - 1))
            return MX_METRICS_OPENMETRICS;
    }
    return MX_METRICS_TEXT;
}

static void answer(struct mx_buf *out, const char *status, const char *fields, struct mx_str body,
                   bool with_body)
{
    mx_buf_fmt(out, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\nConnection: close\r\n\r\n", status,
               fields, body.n);
    if (with_body)
        mx_buf_str(out, body);
}

static void metrics(struct mx_buf *out, const struct mx_settings *conf, struct mx_str fields,
                    bool with_body)
{
    enum mx_metrics_format format = format_of(fields);
    struct mx_buf text;

    mx_buf_init(&text, out->arena, TEXT_MAX);
    mx_metrics_text(mx_metrics_view(out->arena, conf), format, &text);
    answer(out, "200 OK",
           mx_arena_printf(out->arena, "Content-Type: %s\r\nCache-Control: no-store\r\n",
                           media[format]),
           mx_buf_view(&text), with_body);
}

void mx_scrape_answer(struct mx_str head, const struct mx_settings *conf, struct mx_buf *out)
{
    struct mx_str fields = head, line, method, target, path;
    bool get, http;

    mx_str_split(&fields, '\n', &line);
    mx_str_split(&line, ' ', &method);
    mx_str_split(&line, ' ', &target);
    http = mx_str_starts(line, MX_S("HTTP/1."));
    get = mx_str_eq(method, MX_S("GET"));
    if (!http)
        answer(out, "400 Bad Request", "", MX_S(""), true);
    else if (!mx_str_split(&target, '?', &path) || !mx_str_eq(path, MX_S("/metrics")))
        answer(out, "404 Not Found", "", MX_S(""), true);
    else if (!get && !mx_str_eq(method, MX_S("HEAD")))
        answer(out, "405 Method Not Allowed", "Allow: GET, HEAD\r\n", MX_S(""), true);
    else
        metrics(out, conf, fields, get);
}
