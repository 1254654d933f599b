/* Words for the full-text index and for its searches. */
#include "tap.h"

#include "base/arena.h"
#include "base/buf.h"
#include "catalog/search.h"

static struct mx_arena *arena;

static struct mx_str index_of(const char *text)
{
    struct mx_buf out;

    mx_buf_init(&out, arena, 65536);
    mx_search_index(&out, mx_str_c(text));
    return mx_buf_view(&out);
}

static void test_index(void)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"", ""},
        {" ,.- ", ""},
        {"Red Lamp", "red lamp "},
        {"ABC-123.x_y", "abc 123 x___ y___ "},
        {"The TV", "the___ tv___ "},
        {"Größe", "grosse "},
        {"Gro\xcc\x88\xc3\x9f\x65 \xc3\x98rsted", "grosse orsted "},
        {"5\xe2\x80\x93"
         "6",
         "5___ 6___ "},
        {"a\xc2\xa0"
         "bcd",
         "a___ bcd "},
        {"2\xc3\x97"
         "4",
         "2___ 4___ "},
        {"\xe6\x97\xa5\xe6\x9c\xac", "\xe6\x97\xa5\xe6\x9c\xac___ \xe6\x9c\xac___ "},
        {"x\xe6\x97\xa5", "x___ \xe6\x97\xa5___ "},
        {"\xe0\xb8\x81\xe0\xb8\xb5\xe0\xb8\xac\xe0\xb8\xb2",
         "\xe0\xb8\x81\xe0\xb8\xac___ \xe0\xb8\xac\xe0\xb8\xb2___ \xe0\xb8\xb2___ "},
        {"\xf0\x9f\x98\x80 abc", "abc "},
        {"cut\xc3", "cut "},
    };

    for (size_t i = 0; i < MX_LEN(cases); i++)
        tap_str(index_of(cases[i].text), cases[i].want, cases[i].text);
}

static void test_long_words(void)
{
    char text[300];
    struct mx_str got;

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = 0;
    got = index_of(text);
    tap_int((int64_t)got.n, 65, "a long word is cut");
    for (size_t i = 0; i + 2 < sizeof(text); i += 2)
        memcpy(text + i, "\xd0\xb6", 2);
    text[298] = 0;
    tap_int((int64_t)index_of(text).n, 65, "but not inside a character");
}

static void test_query(void)
{
    static const struct {
        const char *q, *want;
    } cases[] = {
        {"", NULL},
        {"-+*()\"@~<>", NULL},
        {"wool", "+wool*"},
        {"Wool  Blanket", "+wool* +blanket*"},
        {"the wool of it", "+wool*"},
        {"the of", "+the* +of*"},
        {"tv", "+tv*"},
        {"+a* -b (c) \"d\"", "+b* +c* +d*"},
        {"b1 c2 d3 e4 f5 g6 h7 i8 j9 k0", "+b1* +c2* +d3* +e4* +f5* +g6*"},
        {"STRA\xe1\xba\x9e\x45", "+strasse*"},
        {"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e",
         "+\xe6\x97\xa5\xe6\x9c\xac* +\xe6\x9c\xac\xe8\xaa\x9e*"},
        {"\xe6\x97\xa5", "+\xe6\x97\xa5*"},
    };
    struct mx_search s;
    struct mx_buf out;

    for (size_t i = 0; i < MX_LEN(cases); i++) {
        s = (struct mx_search){.words = {0}};
        tap_ok(mx_search_parse(arena, mx_str_c(cases[i].q), &s) == (cases[i].want != NULL),
               "words");
        tap_str(s.words, cases[i].want, cases[i].q);
    }
    tap_ok(mx_search_parse(arena, MX_S("Wool bl"), &s), "two words");
    tap_str(s.begins[0], " wool", "begin words");
    tap_str(s.begins[1], " bl", "of a title");
    tap_str(s.begins[2], NULL, "and no more");
    mx_buf_init(&out, arena, 100);
    mx_search_words(&out, MX_S("The Wool-Blanket"));
    tap_str(mx_buf_view(&out), " the wool blanket", "words of a title");
}

int main(void)
{
    arena = mx_arena_new(65536, 1 << 20);
    test_index();
    test_long_words();
    test_query();
    mx_arena_free(arena);
    return tap_done();
}
