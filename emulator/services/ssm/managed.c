/* AWS's own documents: names, types and platforms, from fixtures/ssm/documents.tsv. */
#include "emulator/services/ssm/ssm.h"

#include "core/base/embed.h"

static struct value *words(struct ctx *cx, struct str list)
{
    struct value *all = value_list(cx->a);
    struct str head;

    while (list.len > 0) {
        (void)str_cut(list, ',', &head, &list); /* no comma: the last word */
        value_push(all, value_str(cx->a, head));
    }
    return all;
}

static struct value *from_row(struct ctx *cx, struct str row)
{
    struct value *v = value_map(cx->a);
    struct str name, type, platforms, schema;

    (void)str_cut(row, '\t', &name, &row); /* rows are whole: a unit of the program */
    (void)str_cut(row, '\t', &type, &row);
    (void)str_cut(row, '\t', &platforms, &schema);
    value_put_str(cx->a, v, "Name", name);
    value_put_c(cx->a, v, "Owner", "Amazon");
    value_put_c(cx->a, v, "Status", "Active");
    value_put_c(cx->a, v, "DocumentVersion", "1");
    value_set(v, STR("PlatformTypes"), words(cx, platforms));
    value_put_str(cx->a, v, "DocumentType", type);
    value_put_str(cx->a, v, "SchemaVersion", schema);
    value_put_c(cx->a, v, "LatestVersion", "1");
    value_put_c(cx->a, v, "DefaultVersion", "1");
    value_put_c(cx->a, v, "DocumentFormat", "JSON");
    return v;
}

bool ssm_managed_at(struct ctx *cx, size_t i, struct value **doc)
{
    struct str text = embed_find(STR("ssm/documents.tsv")), line;
    size_t n = 0;

    while (text.len > 0) {
        (void)str_cut(text, '\n', &line, &text); /* the last line may lack its end */
        if (line.len == 0 || line.ptr[0] == '#')
            continue;
        if (n++ == i) {
            *doc = from_row(cx, line);
            return true;
        }
    }
    return false;
}
