/* merx key rotate-pii: another key for the personal data at rest, while the store serves. */
#ifndef MX_CMD_KEY_PII_H
#define MX_CMD_KEY_PII_H

#include "cmd.h"
#include "codec/keyring.h"

/* Let the newest key seal, seal anew what others sealed, and retire those; prints what was done. At
 * any moment every value opens; after a stop at any point the next call goes on. Returns the exit
 * status. */
int mx_key_rotate_pii(struct mx_cmd *c, struct mx_keyring ring);

#endif
