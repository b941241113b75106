/* States that the clock moves: worked out from when a thing entered its state, no job needed. */
#include "emulator/services/ec2/ec2.h"

struct state_row {
    enum ec2_kind_id kind;
    const char *member, *from, *to;
    int64_t after_ms;
};

static const struct state_row rows[] = {
#define STATE(kind, member, from, to, seconds) { EC2_##kind, member, from, to, seconds##000LL },
#include "emulator/services/ec2/states.def"
#undef STATE
};

static const char *member_of(enum ec2_kind_id kind)
{
    for (size_t i = 0; i < COUNT(rows); i++)
        if (rows[i].kind == kind)
            return rows[i].member;
    return "State";
}

/* The value at "State" or "State.Name": its map and the name in it. */
static struct value *holder(const struct value *doc, const char *path, struct str *name)
{
    struct str head, tail;

    if (!str_cut(str_c(path), '.', &head, &tail)) {
        *name = head;
        return (struct value *)doc; /* its members may be set by who owns it */
    }
    *name = tail;
    return value_get(doc, head);
}

struct str ec2_state(enum ec2_kind_id kind, const struct value *doc)
{
    struct str name;
    const struct value *at = holder(doc, member_of(kind), &name);
    const struct value *v = value_get(at, name);

    return v && v->kind == VALUE_STRING ? v->u.text : STR("");
}

static void put(struct arena *a, enum ec2_kind_id kind, struct value *doc, const char *state)
{
    struct str name;
    struct value *at = holder(doc, member_of(kind), &name);

    value_set(at, name, value_c(a, state));
}

void ec2_state_set(struct ec2 *j, enum ec2_kind_id kind, struct value *doc, const char *state)
{
    put(j->a, kind, doc, state);
    value_put_time(j->a, doc, "_since", j->cx->now_ms);
}

static const struct state_row *row_of(enum ec2_kind_id kind, struct str state)
{
    for (size_t i = 0; i < COUNT(rows); i++)
        if (rows[i].kind == kind && str_eq_c(state, rows[i].from))
            return &rows[i];
    return NULL;
}

bool ec2_settle_at(struct arena *a, enum ec2_kind_id kind, struct value *doc, int64_t now_ms)
{
    int64_t since = value_get_time(doc, "_since", INT64_MAX);
    const struct state_row *row;

    while ((row = row_of(kind, ec2_state(kind, doc))) != NULL) {
        if (since > now_ms - row->after_ms)
            return true;
        if (row->to[0] == '\0')
            return false;
        since += row->after_ms;
        put(a, kind, doc, row->to);
        value_put_time(a, doc, "_since", since);
    }
    return true;
}

bool ec2_settle(struct ec2 *j, enum ec2_kind_id kind, struct value *doc)
{
    return ec2_settle_at(j->a, kind, doc, j->cx->now_ms);
}

int64_t ec2_next_change(enum ec2_kind_id kind, const struct value *doc)
{
    const struct state_row *row = row_of(kind, ec2_state(kind, doc));

    return row && row->to[0] ? value_get_time(doc, "_since", 0) + row->after_ms : INT64_MAX;
}
