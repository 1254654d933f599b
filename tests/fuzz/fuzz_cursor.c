/* Cursors from any text: what is taken is written again byte for byte. Input: the tag, the text. */
#include "base/arena.h"
#include "http/page.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct mx_arena *a;
    struct mx_faults faults;
    struct mx_cursor c;
    struct mx_str text;

    if (size < 1)
        return 0;
    if (!a)
        a = mx_arena_new(65536, 1 << 24);
    text = (struct mx_str){(const char *)data + 1, size - 1};
    mx_faults_init(&faults, a);
    if (mx_cursor_decode(a, data[0], text, &faults, &c) == MX_OK) {
        MX_ASSERT(c.set && faults.n == 0 && c.text.n <= MX_CURSOR_TEXT_MAX);
        MX_ASSERT(mx_str_eq(mx_cursor_encode(a, data[0], &c), text));
    } else {
        MX_ASSERT(faults.n == 1);
    }
    mx_arena_reset(a);
    return 0;
}
