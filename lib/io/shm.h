/* Memory that all processes of one host share, mapped before fork and usable without locks: rate
 * buckets, revoked sessions, verified tokens, counters. A process may die at any instruction
 * without harm: every entry is one 64-bit word or guarded by a sequence number. Contents are a
 * cache; the database is the truth. */
#ifndef MX_IO_SHM_H
#define MX_IO_SHM_H

#include "base/ctx.h"
#include "codec/token.h"
#include "io/allowance.h"
#include "io/cache.h"
#include "io/jwks.h"
#include "io/running.h"

struct mx_shared;

/* Map all of it, for this process and those forked from it. The tables of the program before are
 * taken over, each one if its layout is the same: at an upgrade both programs use one memory, so
 * that nothing is forgotten of limits, revoked sessions and costly work under way. A table with
 * another layout begins empty: revoked sessions are read from the database before the first token
 * is accepted; limits begin anew. */
struct mx_shared *mx_shared_new(void);

/* Token bucket `key`: capacity `burst`, `per_day` tokens a day. Takes one; false when empty.
 * *ret_left tokens are left, *ret_reset_s until one is back. */
bool mx_shared_take(struct mx_shared *s, struct mx_str key, int64_t burst, int64_t per_day,
                    int64_t *ret_left, int64_t *ret_reset_s);
/* Give a token back (a reserved attempt that turned out right). */
void mx_shared_give(struct mx_shared *s, struct mx_str key, int64_t burst, int64_t per_day);

/* Deny-list of sessions; an entry may be forgotten after `until_ms`, or later by as much as the
 * wall clock is behind the latest time that mx_shared_poll_due was told. */
void mx_shared_revoke(struct mx_shared *s, struct mx_id session, int64_t until_ms);
bool mx_shared_revoked(struct mx_shared *s, struct mx_id session, int64_t now_ms);
/* The table was too full for a revocation that may still matter: the database has to be asked. */
bool mx_shared_revocations_lost(struct mx_shared *s, int64_t now_ms);
/* The one caller a second that gets true polls the database for other hosts' revocations. */
bool mx_shared_poll_due(struct mx_shared *s, int64_t now_ms, int64_t interval_ms);

/* Verified tokens by a digest of their text and of what they were verified with, until they expire:
 * account, session, scope, nbf and exp of their claims; the others come back absent. */
bool mx_shared_token_get(struct mx_shared *s, const struct mx_hash *token, int64_t now_s,
                         struct mx_claims *ret_claims);
void mx_shared_token_put(struct mx_shared *s, const struct mx_hash *token,
                         const struct mx_claims *c);

/* Slots for costly work (password hashes), and for waiting for one. */
enum mx_slots { MX_SLOTS_HASH, MX_SLOTS_WAIT, MX_SLOTS };
/* False when `limit` are taken. A slot of a dead process is taken over. */
bool mx_shared_slot_take(struct mx_shared *s, enum mx_slots of, int64_t limit);
/* True when mx_shared_slot_take would give one now. */
bool mx_shared_slot_left(const struct mx_shared *s, enum mx_slots of, int64_t limit);
void mx_shared_slot_give(struct mx_shared *s, enum mx_slots of);

/* Rendered public answers. */
struct mx_cache *mx_shared_cache(struct mx_shared *s);

/* Key sets of OpenID providers. */
struct mx_jwks_cache *mx_shared_jwks(struct mx_shared *s);

/* Requests with a key that processes of this host are running. */
struct mx_running *mx_shared_running(struct mx_shared *s);

/* Answers that may be kept for callers before the database is asked again. */
struct mx_allowance *mx_shared_allowance(struct mx_shared *s);

/* Catalog generation: every write to the catalog bumps it. */
uint64_t mx_shared_catalog(struct mx_shared *s);
void mx_shared_catalog_bump(struct mx_shared *s);

#endif
