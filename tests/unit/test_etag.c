/* Lists of entity tags. */
#include "tap.h"

#include "codec/etag.h"

int main(void)
{
    static const struct {
        const char *list;
        bool ok, listed; /* is a list; holds b */
    } cases[] = {
        {"\"b\"", true, true},
        {"W/\"b\"", true, true},
        {"b", true, true},
        {" * ", true, true},
        {"\"a\", W/\"b\"", true, true},
        {"\"a\"\t,\t\"b\" ", true, true},
        {"\"a,b\"", true, false},
        {"\"ab\"", true, false},
        {"W/b", true, false},
        {"\"\"", true, false},
        {"", false, false},
        {",", false, false},
        {" , ", false, false},
        {"\"a\",", true, false},
        {"\"b\",", true, true},
        {",\"a\", , \"b\" ,\t,", true, true},
        {",,W/\"b\"", true, true},
        {"\"b\",\"", false, true},
        {"\"a\" \"b\"", false, false},
        {"\"b", false, false},
        {"\"a\"b", false, false},
        {"\"a\x7f\", \"b\"", false, false},
    };

    for (size_t i = 0; i < MX_LEN(cases); i++) {
        tap_ok(mx_etag_list_ok(mx_str_c(cases[i].list)) == cases[i].ok, "list %s", cases[i].list);
        tap_ok(mx_etag_listed(mx_str_c(cases[i].list), MX_S("b")) == cases[i].listed, "b in %s",
               cases[i].list);
    }
    tap_ok(!mx_etag_list_ok((struct mx_str){0}), "absent is no list");
    tap_ok(!mx_etag_listed((struct mx_str){0}, MX_S("b")), "and holds nothing");
    return tap_done();
}
