#include "verify/records/rules.h"

static const struct rule_row rows[] = {
#define RULE(id, name, severity, meaning, source) { name, SEVERITY_##severity, meaning, source },
#include "verify/records/rules.def"
#undef RULE
};

const struct rule_row *rule_row(enum rule rule)
{
    return &rows[rule];
}

void rules_markdown(struct buf *out)
{
    buf_add(out, STR("| rule | severity | what must hold | source |\n|---|---|---|---|\n"));
    for (size_t i = 0; i < RULES; i++)
        buf_printf(out, "| `%s` | %s | %s | %s |\n", rows[i].name, severity_name(rows[i].severity),
                   rows[i].meaning, rows[i].source);
}
