#include "base/clock.h"

#define DAY_MS INT64_C(86400000)
#define LATEST_MS INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */

static int64_t clock_ns(clockid_t id)
{
    struct timespec ts;

    if (clock_gettime(id, &ts) != 0)
        MX_BUG("clock_gettime(%d) failed", (int)id);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int64_t mx_wall_ms(void)
{
    return clock_ns(CLOCK_REALTIME) / 1000000;
}

int64_t mx_mono_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

int64_t mx_mono_ms(void)
{
    return clock_ns(CLOCK_MONOTONIC) / 1000000;
}

/* Days since 1970-01-01 of a proleptic Gregorian date. Years begin in March here, so that the leap
 * day is the last one; 146097 days are 400 years. */
static int64_t days_from_civil(int64_t year, int month, int day)
{
    int64_t y = month > 2 ? year : year - 1;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * 146097 + day_of_era - 719468;
}

static void civil_from_days(int64_t days, struct mx_civil *c)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t day_of_era = z - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t march_month = (5 * day_of_year + 2) / 153;

    c->day = (int)(day_of_year - (153 * march_month + 2) / 5 + 1);
    c->month = (int)(march_month < 10 ? march_month + 3 : march_month - 9);
    c->year = (int)(year_of_era + era * 400 + (c->month <= 2));
}

struct mx_civil mx_time_civil(struct mx_time t)
{
    int64_t ms = t.ms < 0 ? 0 : t.ms > LATEST_MS ? LATEST_MS : t.ms;
    int rest = (int)(ms % DAY_MS);
    struct mx_civil c = {.hour = rest / 3600000,
                         .minute = rest / 60000 % 60,
                         .second = rest / 1000 % 60,
                         .ms = rest % 1000};

    civil_from_days(ms / DAY_MS, &c);
    return c;
}

struct mx_time mx_civil_time(struct mx_civil c)
{
    int64_t minutes = (days_from_civil(c.year, c.month, c.day) * 24 + c.hour) * 60 + c.minute;

    return (struct mx_time){(minutes * 60 + c.second) * 1000 + c.ms};
}

/* `value` as exactly `width` digits. */
static char *put_digits(char *out, int width, int value)
{
    for (int i = width - 1; i >= 0; i--) {
        out[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return out + width;
}

void mx_time_text(struct mx_time t, char out[MX_TIME_TEXT])
{
    struct mx_civil c = mx_time_civil(t);
    const struct {
        int width, value;
        char behind;
    } parts[] = {{4, c.year, '-'},   {2, c.month, '-'},  {2, c.day, 'T'}, {2, c.hour, ':'},
                 {2, c.minute, ':'}, {2, c.second, '.'}, {3, c.ms, 'Z'}};

    for (size_t i = 0; i < MX_LEN(parts); i++) {
        out = put_digits(out, parts[i].width, parts[i].value);
        *out++ = parts[i].behind;
    }
}

/* Exactly `width` digits off the front of *s. */
static bool take_digits(struct mx_str *s, size_t width, int *ret_value)
{
    int value = 0;

    if (s->n < width)
        return false;
    for (size_t i = 0; i < width; i++) {
        if (s->p[i] < '0' || s->p[i] > '9')
            return false;
        value = 10 * value + (s->p[i] - '0');
    }
    *s = mx_str_sub(*s, width, s->n);
    *ret_value = value;
    return true;
}

/* One byte off the front of *s, either form of it. */
static bool take_byte(struct mx_str *s, char c, char other)
{
    if (s->n == 0 || (*s->p != c && *s->p != other))
        return false;
    *s = mx_str_sub(*s, 1, s->n);
    return true;
}

/* An optional fraction of a second, cut to ms. */
static bool take_fraction(struct mx_str *s, int *ret_ms)
{
    int digits = 0, digit;

    *ret_ms = 0;
    if (!take_byte(s, '.', '.'))
        return true;
    for (; take_digits(s, 1, &digit); digits++)
        if (digits < 3)
            *ret_ms = 10 * *ret_ms + digit;
    for (int i = digits; i < 3; i++)
        *ret_ms *= 10;
    return digits >= 1 && digits <= 9;
}

/* Z or the distance from UTC, which ends the text. */
static bool take_offset(struct mx_str *s, int *ret_minutes)
{
    bool west = s->n > 0 && *s->p == '-';
    int hour, minute;

    *ret_minutes = 0;
    if (take_byte(s, 'Z', 'z'))
        return s->n == 0;
    if (!take_byte(s, '+', '-') || !take_digits(s, 2, &hour) || !take_byte(s, ':', ':') ||
        !take_digits(s, 2, &minute) || hour > 23 || minute > 59)
        return false;
    *ret_minutes = west ? -(60 * hour + minute) : 60 * hour + minute;
    return s->n == 0;
}

static bool is_civil(const struct mx_civil *c)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = c->year % 4 == 0 && (c->year % 100 != 0 || c->year % 400 == 0);

    return c->month >= 1 && c->month <= 12 && c->day >= 1 &&
           c->day <= days[c->month - 1] + (leap && c->month == 2) && c->hour <= 23 &&
           c->minute <= 59 && c->second <= 59;
}

bool mx_time_parse(struct mx_str s, struct mx_time *ret_time)
{
    struct mx_civil c;
    struct mx_time t;
    int offset;

    if (!take_digits(&s, 4, &c.year) || !take_byte(&s, '-', '-') || !take_digits(&s, 2, &c.month) ||
        !take_byte(&s, '-', '-') || !take_digits(&s, 2, &c.day) || !take_byte(&s, 'T', 't') ||
        !take_digits(&s, 2, &c.hour) || !take_byte(&s, ':', ':') ||
        !take_digits(&s, 2, &c.minute) || !take_byte(&s, ':', ':') ||
        !take_digits(&s, 2, &c.second) || !take_fraction(&s, &c.ms) || !take_offset(&s, &offset) ||
        !is_civil(&c))
        return false;
    t = mx_civil_time(c);
    t.ms -= (int64_t)offset * 60000;
    if (t.ms < 0 || t.ms > LATEST_MS)
        return false;
    *ret_time = t;
    return true;
}
