#include "base/clock.h"
#include "tap.h"

#define LATEST INT64_C(253402300799999)

static const char *text_of(int64_t ms)
{
    static char text[MX_TIME_TEXT + 1];

    mx_time_text((struct mx_time){ms}, text);
    return text;
}

static void test_clocks(void)
{
    int64_t wall = mx_wall_ms(), mono = mx_mono_ns();
    struct timespec pause = {0, 2000000};

    nanosleep(&pause, NULL);
    tap_ok(wall > INT64_C(1700000000000) && wall < LATEST, "wall clock is in our time");
    tap_ok(mx_mono_ns() - mono >= 2000000, "monotonic clock advances");
    tap_ok(mx_mono_ms() - mono / 1000000 < 60000, "ms and ns are one clock");
}

static void test_text(void)
{
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {1, "1970-01-01T00:00:00.001Z"},
        {INT64_C(951782399999), "2000-02-28T23:59:59.999Z"},
        {INT64_C(951782400000), "2000-02-29T00:00:00.000Z"},
        {INT64_C(951868800000), "2000-03-01T00:00:00.000Z"},
        {INT64_C(1767323045678), "2026-01-02T03:04:05.678Z"},
        {INT64_C(4107542400000), "2100-03-01T00:00:00.000Z"},
        {LATEST, "9999-12-31T23:59:59.999Z"},
        {-1, "1970-01-01T00:00:00.000Z"},
        {INT64_MAX, "9999-12-31T23:59:59.999Z"},
    };

    for (size_t i = 0; i < MX_LEN(rows); i++)
        tap_str(mx_str_c(text_of(rows[i].ms)), rows[i].text, "text");
}

static void test_parse(void)
{
    static const struct {
        const char *text, *utc; /* NULL: refused */
    } rows[] = {
        {"1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"},
        {"2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05.678Z"},
        {"2026-01-02t03:04:05.678z", "2026-01-02T03:04:05.678Z"},
        {"2026-01-02T03:04:05.6Z", "2026-01-02T03:04:05.600Z"},
        {"2026-01-02T03:04:05.67Z", "2026-01-02T03:04:05.670Z"},
        {"2026-01-02T03:04:05.999999999Z", "2026-01-02T03:04:05.999Z"},
        {"2026-01-02T03:04:05+01:30", "2026-01-02T01:34:05.000Z"},
        {"2026-01-02T03:04:05-01:30", "2026-01-02T04:34:05.000Z"},
        {"2025-12-31T23:59:59-23:59", "2026-01-01T23:58:59.000Z"},
        {"2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"},
        {"9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"},
        {"1969-12-31T23:00:00-01:00", "1970-01-01T00:00:00.000Z"},
        {"2026-01-02T03:04:05.1234567890Z", NULL},
        {"2026-01-02T03:04:05.Z", NULL},
        {"2026-01-02T03:04:05", NULL},
        {"2026-01-02T03:04:05ZZ", NULL},
        {"2026-01-02T03:04:05+0130", NULL},
        {"2026-01-02T03:04:05+24:00", NULL},
        {"2026-01-02T03:04:05+01:60", NULL},
        {"2026-01-02T03:04:05 +01:00", NULL},
        {"2026-01-02 03:04:05Z", NULL},
        {"2026-1-02T03:04:05Z", NULL},
        {"2026-01-02T3:04:05Z", NULL},
        {"2026-01-02T03:04Z", NULL},
        {"2026-00-02T03:04:05Z", NULL},
        {"2026-13-02T03:04:05Z", NULL},
        {"2026-01-00T03:04:05Z", NULL},
        {"2026-01-32T03:04:05Z", NULL},
        {"2026-04-31T03:04:05Z", NULL},
        {"2025-02-29T03:04:05Z", NULL},
        {"2100-02-29T03:04:05Z", NULL},
        {"2026-01-02T24:00:00Z", NULL},
        {"2026-01-02T03:60:00Z", NULL},
        {"2016-12-31T23:59:60Z", NULL},
        {"1969-12-31T23:59:59Z", NULL},
        {"1970-01-01T00:00:00+00:01", NULL},
        {"9999-12-31T23:59:59-00:01", NULL},
        {"0000-01-01T00:00:00Z", NULL},
        {"-026-01-02T03:04:05Z", NULL},
        {"2026-01-02T03:04:05.+1Z", NULL},
        {"", NULL},
        {NULL, NULL},
    };

    for (size_t i = 0; i < MX_LEN(rows); i++) {
        struct mx_time t = {42};
        bool good = mx_time_parse(mx_str_c(rows[i].text), &t);

        tap_ok(good == !!rows[i].utc, "parse \"%s\"", rows[i].text ? rows[i].text : "absent");
        if (rows[i].utc)
            tap_str(mx_str_c(text_of(t.ms)), rows[i].utc, "its UTC");
        else
            tap_int(t.ms, 42, "untouched on error");
    }
}

/* Every day of the range, beside the C library's calendar. */
static void test_civil(void)
{
    bool same = true, back = true;

    for (int64_t day = 0; day * 86400000 < LATEST; day++) {
        struct mx_time t = {day * 86400000 + 45296789};
        struct mx_civil c = mx_time_civil(t);
        time_t seconds = t.ms / 1000;
        struct tm tm;

        gmtime_r(&seconds, &tm);
        same = same && c.year == tm.tm_year + 1900 && c.month == tm.tm_mon + 1 &&
               c.day == tm.tm_mday && c.hour == 12 && c.minute == 34 && c.second == 56 &&
               c.ms == 789;
        back = back && mx_civil_time(c).ms == t.ms;
    }
    tap_ok(same, "civil parts of every day");
    tap_ok(back, "and back");
}

int main(void)
{
    test_clocks();
    test_text();
    test_parse();
    test_civil();
    return tap_done();
}
