/* The header that every file of merx includes first: compiler attributes, two helper macros and the
 * list of C functions that may not be used. Knows nothing of the program. */
#ifndef MX_BASE_PRELUDE_H
#define MX_BASE_PRELUDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MX_MUST_CHECK __attribute__((warn_unused_result))
#define MX_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define MX_NORETURN __attribute__((noreturn))
#define MX_UNUSED __attribute__((unused))

/* Number of elements of a true array. */
#define MX_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Return the error of a fallible call to the caller. For shop and api, where the arena and the
 * transaction clean up; code that holds descriptors or library handles uses one `out:` instead. */
#define MX_TRY(call)                      \
    do {                                  \
        enum mx_err mx_try_err_ = (call); \
        if (mx_try_err_ != MX_OK)         \
            return mx_try_err_;           \
    } while (0)

/* Functions that overflow, hide errors or share static state (after git's banned.h). */
#define MX_BANNED(fn) mx_sorry_##fn##_is_a_banned_function
#undef strcpy
#define strcpy(d, s) MX_BANNED(strcpy)
#undef strcat
#define strcat(d, s) MX_BANNED(strcat)
#undef strncpy
#define strncpy(d, s, n) MX_BANNED(strncpy)
#undef strncat
#define strncat(d, s, n) MX_BANNED(strncat)
#undef strtok
#define strtok(s, d) MX_BANNED(strtok)
#undef sprintf
#define sprintf(...) MX_BANNED(sprintf)
#undef vsprintf
#define vsprintf(...) MX_BANNED(vsprintf)
#undef gmtime
#define gmtime(t) MX_BANNED(gmtime)
#undef localtime
#define localtime(t) MX_BANNED(localtime)
#undef ctime
#define ctime(t) MX_BANNED(ctime)
#undef asctime
#define asctime(t) MX_BANNED(asctime)
#undef atoi
#define atoi(s) MX_BANNED(atoi)
#undef atol
#define atol(s) MX_BANNED(atol)
#undef atof
#define atof(s) MX_BANNED(atof)
#undef rand
#define rand() MX_BANNED(rand)
#undef system
#define system(c) MX_BANNED(system)

#endif
