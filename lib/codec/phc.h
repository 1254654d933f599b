/* Password hashes: Argon2id (RFC 9106) as PHC strings, by libargon2 (the only file that sees it).
 * A hash takes 19 MiB and about 50 ms, of which it computes 30 and sleeps the rest in short
 * pieces, so that others get the processor (it takes SIGALRM and ITIMER_REAL); libsodium's takes
 * the memory in one call that nothing interrupts for 5 ms. */
#ifndef MX_CODEC_PHC_H
#define MX_CODEC_PHC_H

#include "base/str.h"

/* Room for any string that is stored, with its NUL. */
#define MX_PASSWORD_PHC 128

/* Argon2id, 19 MiB, t=2, p=1, random salt. MX_E_UNAVAILABLE when memory is short. An absent
 * password is a bug. */
enum mx_err mx_password_hash(struct mx_str password, char ret_phc[MX_PASSWORD_PHC]) MX_MUST_CHECK;
/* *ret_match: the password is the one; an absent one never is, nor does anything match what is no
 * such string. MX_E_UNAVAILABLE when memory is short: that is no wrong password. */
enum mx_err mx_password_verify(struct mx_str phc, struct mx_str password,
                               bool *ret_match) MX_MUST_CHECK;
/* True when `phc` was made with weaker parameters than ours and should be replaced. */
bool mx_password_weak_hash(struct mx_str phc);
/* A valid hash of an unguessable password, for unknown accounts: verifying costs the same time. */
struct mx_str mx_password_dummy(void);

#endif
