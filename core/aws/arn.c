#include "core/aws/arn.h"

int arn_parse(struct str text, struct arn *out, struct err *err)
{
    struct str part[6], rest = text;
    size_t count = 0;

    for (bool has_more = true; has_more && count < COUNT(part) - 1; count++)
        has_more = str_cut(rest, ':', &part[count], &rest);
    part[count] = rest; /* what is left, colons and all */
    if (count < COUNT(part) - 1 || !str_eq(part[0], STR("arn")) || part[1].len == 0 ||
        part[2].len == 0 || part[5].len == 0)
        return err_set(err, E_PARSE,
                       "\"%.*s\" is no ARN: expected arn:partition:service:region:account:resource",
                       text.len > 200 ? 200 : (int)text.len, text.ptr);
    *out = (struct arn){ part[1], part[2], part[3], part[4], part[5] };
    return 0;
}
