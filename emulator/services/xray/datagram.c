#include "emulator/services/xray/datagram.h"

#include "core/codec/json.h"

#define HEADER_BYTES 256u

int xray_datagram_parse(struct arena *a, struct str bytes, struct str *document, struct err *err)
{
    struct str header, rest;
    struct value *v;

    if (!str_cut(bytes, '\n', &header, &rest) || header.len > HEADER_BYTES)
        return err_set(err, E_PARSE, "a datagram without a header line");
    if (json_parse(a, header, &v, NULL) < 0 || !str_eq_c(value_get_str(v, "format"), "json") ||
        value_get_int(v, "version", 0) != 1)
        return err_set(err, E_PARSE,
                       "a datagram whose header is not {\"format\": \"json\", \"version\": 1}");
    rest = str_trim(rest);
    if (rest.len == 0)
        return err_set(err, E_PARSE, "a datagram without a document");
    *document = rest;
    return 0;
}
