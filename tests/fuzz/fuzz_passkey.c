/* Data of an authenticator. The first byte chooses: a whole attestation object; authenticator
 * data behind the relying party's hash, in an object of its own or in an assertion (the second
 * byte: of which algorithm); one CBOR item. The challenge is always right, so that the libraries
 * get what the checks let through: the limit on one allocation (tests/fuzz/run) says whether they
 * believe a count that nothing stands behind. */
#include "../unit/passkey_data.h"

#include <cbor.h>

#include "base/rnd.h"
#include "codec/cbor_scan.h"

#define DATA_MAX 12000 /* what fits a request */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void register_object(struct mx_arena *a, struct mx_str object)
{
    struct mx_passkey_asked asked = asked_for(MX_PASSKEY_REGISTER);
    struct mx_passkey_checked got;
    enum mx_err e =
        mx_passkey_registered(a, &asked, client_data(a, MX_PASSKEY_REGISTER), object, &got);

    MX_ASSERT((e == MX_OK) == (got.why == NULL));
    if (e == MX_OK)
        MX_ASSERT(got.id.n > 0 && got.id.n <= MX_PASSKEY_ID_MAX && got.key.key.n > 0 &&
                  got.key.key.n <= MX_PASSKEY_KEY_MAX);
}

static void register_data(struct mx_arena *a, struct mx_str in)
{
    register_object(a, object_of(a, data_of(a, in)));
}

static void assert_data(struct mx_arena *a, struct mx_str in)
{
    static const int64_t algorithms[] = {-7, -8, -35, -257};
    struct mx_passkey_asked asked = asked_for(MX_PASSKEY_SIGN_IN);
    size_t which = in.n > 0 ? (unsigned char)in.p[0] % MX_LEN(algorithms) : 0;
    struct mx_str rest = mx_str_sub(in, 1, in.n);
    struct mx_passkey_key key = {algorithms[which], rest, 0, false};
    struct mx_passkey_answer answer = {client_data(a, MX_PASSKEY_SIGN_IN), data_of(a, rest), rest};
    struct mx_passkey_checked got;

    if (mx_passkey_asserted(a, &asked, &key, &answer, &got) != MX_OK)
        MX_ASSERT(got.why != NULL);
}

/* An item that a decoder takes is as long as the walk said. */
static void read_item(struct mx_arena *a, struct mx_str in)
{
    struct cbor_load_result load;
    size_t n = mx_cbor_scan(in);
    cbor_item_t *item;

    (void)a;
    MX_ASSERT(n <= in.n);
    if (n == 0)
        return;
    item = cbor_load((const unsigned char *)in.p, in.n, &load);
    if (item == NULL)
        return;
    MX_ASSERT(load.read == n);
    cbor_decref(&item);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const kinds[])(struct mx_arena * a, struct mx_str in) = {
        register_object, register_data, assert_data, read_item};
    struct mx_arena *a = mx_arena_new(65536, 64 << 20);

    mx_secret_init();
    if (size > 0 && size <= DATA_MAX)
        kinds[data[0] % MX_LEN(kinds)](a, (struct mx_str){(const char *)data + 1, size - 1});
    mx_arena_free(a);
    return 0;
}
