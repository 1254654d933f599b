/* Time. Wall-clock times are Unix ms, UTC; durations come from the monotonic clock. */
#ifndef MX_BASE_CLOCK_H
#define MX_BASE_CLOCK_H

#include "base/str.h"

/* A point in time on the wire and in the database: Unix ms, UTC; 0 means "none". */
struct mx_time {
    int64_t ms;
};

#define MX_TIME_TEXT 24 /* 2026-01-02T03:04:05.678Z */

/* Wall clock, Unix ms. */
int64_t mx_wall_ms(void);
/* Monotonic clock, ns since boot. */
int64_t mx_mono_ns(void);
int64_t mx_mono_ms(void);
/* RFC 3339 UTC with milliseconds and Z, not NUL-terminated. A time outside the years 1970 to 9999
 * is shown as the nearest inside, by mx_time_civil too. */
void mx_time_text(struct mx_time t, char out[MX_TIME_TEXT]);
/* RFC 3339 with any offset and 0 to 9 fraction digits (cut to ms), years 1970 to 9999, no leap
 * seconds. */
bool mx_time_parse(struct mx_str s, struct mx_time *ret_time);
/* Civil UTC parts of `t`, for the database driver and logs. */
struct mx_civil {
    int year, month, day, hour, minute, second, ms;
};
struct mx_civil mx_time_civil(struct mx_time t);
struct mx_time mx_civil_time(struct mx_civil c);

#endif
