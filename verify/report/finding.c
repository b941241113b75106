#include "verify/report/finding.h"

#include "core/codec/json.h"

const char *severity_name(enum severity s)
{
    static const char *const names[SEVERITIES] = { "notice", "warning", "error" };

    return names[s];
}

void finding_print(struct buf *out, const struct finding *f)
{
    buf_add(out, f->file);
    if (f->record)
        buf_printf(out, ":record %llu", (unsigned long long)f->record);
    buf_add(out, STR(": "));
    if (f->member.len) {
        buf_add(out, f->member);
        buf_add(out, STR(": "));
    }
    buf_printf(out, "%s: %s: %.*s\n", f->rule, severity_name(f->severity), STR_ARG(f->text));
}

static void member(struct buf *out, const char *name, struct str text)
{
    buf_printf(out, "%s\"%s\":", out->ptr[out->len - 1] == '{' ? "" : ",", name);
    json_add_string(out, text);
}

void finding_json(struct buf *out, const struct finding *f)
{
    buf_add_char(out, '{');
    member(out, "file", f->file);
    if (f->record)
        buf_printf(out, ",\"record\":%llu", (unsigned long long)f->record);
    if (f->member.len)
        member(out, "member", f->member);
    member(out, "rule", str_c(f->rule));
    member(out, "severity", str_c(severity_name(f->severity)));
    member(out, "text", f->text);
    buf_add_char(out, '}');
}
