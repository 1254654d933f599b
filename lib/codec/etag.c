#include "codec/etag.h"

static bool is_tag_byte(unsigned char c)
{
    return c == '!' || (c >= '#' && c != 0x7f);
}

/* The run of tag bytes at the front of *rest, taken off; a bare tag ends at a comma. */
static struct mx_str take_run(struct mx_str *rest, bool quoted)
{
    struct mx_str run;
    size_t n = 0;

    while (n < rest->n && is_tag_byte((unsigned char)rest->p[n]) && (quoted || rest->p[n] != ','))
        n++;
    run = mx_str_sub(*rest, 0, n);
    *rest = mx_str_sub(*rest, n, rest->n);
    return run;
}

static bool take_byte(struct mx_str *rest, char c)
{
    if (rest->n == 0 || rest->p[0] != c)
        return false;
    *rest = mx_str_sub(*rest, 1, rest->n);
    return true;
}

/* Take the next tag, without quotes, off *list. False when none stands there. */
static bool take_tag(struct mx_str *list, struct mx_str *ret_tag)
{
    bool weak;

    weak = mx_str_starts(*list, MX_S("W/\""));
    if (weak)
        *list = mx_str_sub(*list, 2, list->n);
    if (take_byte(list, '"')) {
        *ret_tag = take_run(list, true);
        return take_byte(list, '"');
    }
    *ret_tag = take_run(list, false);
    return ret_tag->n > 0;
}

/* Take what stands around a tag off *list: blanks, commas and the empty elements between those (RFC
 * 9110 5.6.1.2). True when there was a comma. */
static bool take_commas(struct mx_str *list)
{
    bool any = false;

    *list = mx_str_trim(*list);
    while (take_byte(list, ',')) {
        any = true;
        *list = mx_str_trim(*list);
    }
    return any;
}

bool mx_etag_list_ok(struct mx_str list)
{
    struct mx_str tag;

    (void)take_commas(&list);
    do {
        if (!take_tag(&list, &tag))
            return false;
    } while (take_commas(&list) && list.n > 0);
    return list.n == 0;
}

bool mx_etag_listed(struct mx_str list, struct mx_str etag)
{
    struct mx_str tag;

    if (mx_str_eqc(mx_str_trim(list), "*"))
        return true;
    (void)take_commas(&list);
    do {
        if (!take_tag(&list, &tag))
            return false;
        if (mx_str_eq(tag, etag))
            return true;
    } while (take_commas(&list));
    return false;
}
