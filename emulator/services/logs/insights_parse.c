/* Commands of queries. */
#include "emulator/services/logs/insights_lex.h"

enum { COLUMNS_MOST = 128 };

/* EXPRESSION [as NAME]; without a name its own text is one. */
static int aliased(struct ins_lex *l, struct ins_column *c)
{
    size_t from;
    int rc;

    ins_blanks(l);
    from = l->at;
    if ((rc = ins_expression(l, &c->expr)) < 0)
        return rc;
    struct str name = ins_source(l, from);
    if (c->expr->op == INS_SLOT)
        name = l->query->slots[c->expr->slot];
    if (ins_take_word(l, "as")) {
        name = ins_name(l);
        if (name.len == 0)
            return ins_fail(l, "a name is missing behind as");
    }
    c->slot = ins_slot(l, name);
    return 0;
}

typedef int column_fn(struct ins_lex *l, struct ins_column *c);

static int columns(struct ins_lex *l, column_fn *fn, struct ins_column **out, size_t *count)
{
    struct ins_column found[COLUMNS_MOST];
    int rc = 0;

    *count = 0;
    do {
        if (*count == COLUMNS_MOST)
            return ins_fail(l, "too many fields");
        found[*count] = (struct ins_column){ 0 };
        rc = fn(l, &found[(*count)++]);
    } while (rc == 0 && ins_take(l, ","));
    *out = arena_array(l->a, *count, sizeof **out);
    memcpy(*out, found, *count * sizeof **out);
    return rc;
}

static void show(struct ins_lex *l, const struct ins_column *c, size_t count)
{
    struct insights_query *q = l->query;
    size_t *shown = arena_array(l->a, q->shown_count + count, sizeof *shown);

    if (q->shown_count > 0)
        memcpy(shown, q->shown, q->shown_count * sizeof *shown);
    for (size_t i = 0; i < count; i++) {
        bool is_there = false;
        for (size_t k = 0; k < q->shown_count; k++)
            is_there |= shown[k] == c[i].slot;
        if (!is_there)
            shown[q->shown_count++] = c[i].slot;
    }
    q->shown = shown;
}

static int read_fields(struct ins_lex *l, struct ins_command *c)
{
    int rc = columns(l, aliased, &c->columns, &c->column_count);

    if (rc == 0)
        show(l, c->columns, c->column_count);
    return rc;
}

static int read_display(struct ins_lex *l, struct ins_command *c)
{
    l->query->shown_count = 0;
    return read_fields(l, c);
}

static int read_filter(struct ins_lex *l, struct ins_command *c)
{
    return ins_expression(l, &c->expr);
}

static int sort_column(struct ins_lex *l, struct ins_column *c)
{
    int rc = ins_expression(l, &c->expr);

    c->descending = rc == 0 && ins_take_word(l, "desc");
    if (rc == 0 && !c->descending)
        (void)ins_take_word(l, "asc"); /* or nothing: the same */
    return rc;
}

static int read_sort(struct ins_lex *l, struct ins_command *c)
{
    return columns(l, sort_column, &c->columns, &c->column_count);
}

static int read_dedup(struct ins_lex *l, struct ins_command *c)
{
    return columns(l, aliased, &c->columns, &c->column_count);
}

static int read_limit(struct ins_lex *l, struct ins_command *c)
{
    int rc = ins_count(l, &c->limit);

    return rc == 0 && c->limit > INSIGHTS_ROWS_MOST
               ? ins_fail(l, "limit is more than %d", INSIGHTS_ROWS_MOST)
               : rc;
}

/* ---- parse ---- */

static struct str *split_glob(struct arena *a, struct str glob, size_t *count)
{
    size_t stars = 0;

    for (size_t i = 0; i < glob.len; i++)
        stars += glob.ptr[i] == '*';
    struct str *parts = arena_array(a, stars + 1, sizeof *parts), rest = glob;
    for (size_t i = 0; i <= stars; i++)
        (void)str_cut(rest, '*', &parts[i], &rest); /* the last has none */
    *count = stars + 1;
    return parts;
}

static int name_column(struct ins_lex *l, struct ins_column *c)
{
    struct str name = ins_name(l);

    if (name.len == 0)
        return ins_fail(l, "a name is missing");
    c->slot = ins_slot(l, name);
    return 0;
}

static int parse_glob(struct ins_lex *l, struct ins_command *c)
{
    struct str glob;
    int rc = ins_string(l, &glob);

    if (rc < 0)
        return rc;
    c->glob = split_glob(l->a, glob, &c->glob_count);
    if (c->glob_count < 2)
        return ins_fail(l, "a * is missing in the glob of parse");
    if (!ins_take_word(l, "as"))
        return ins_fail(l, "as and names are missing");
    rc = columns(l, name_column, &c->columns, &c->column_count);
    return rc == 0 && c->column_count != c->glob_count - 1
               ? ins_fail(l, "as many names as stars are wanted")
               : rc;
}

static int parse_regex(struct ins_lex *l, struct ins_command *c)
{
    int rc = ins_regex(l, &c->regex);

    if (rc < 0)
        return rc;
    c->column_count = log_regex_name_count(c->regex);
    if (c->column_count == 0)
        return ins_fail(l, "the expression of parse has no named group");
    c->columns = arena_array(l->a, c->column_count, sizeof *c->columns);
    for (size_t i = 0; i < c->column_count; i++)
        c->columns[i].slot = ins_slot(l, log_regex_name(c->regex, i));
    return 0;
}

/* parse [FIELD] "glob" as a, b; parse [FIELD] /regex/; without a field of @message. */
static int read_parse(struct ins_lex *l, struct ins_command *c)
{
    int mark = ins_peek(l), rc = 0;

    if (mark == '"' || mark == '\'' || mark == '/') {
        c->expr = arena_alloc(l->a, sizeof *c->expr);
        c->expr->op = INS_SLOT;
        c->expr->slot = ins_slot(l, STR("@message"));
    } else {
        struct str name = ins_name(l);
        if (name.len == 0)
            return ins_fail(l, "a field is missing behind parse");
        c->expr = arena_alloc(l->a, sizeof *c->expr);
        c->expr->op = INS_SLOT;
        c->expr->slot = ins_slot(l, name);
        mark = ins_peek(l);
    }
    if (mark == '/')
        rc = parse_regex(l, c);
    else if (mark == '"' || mark == '\'')
        rc = parse_glob(l, c);
    else
        rc = ins_fail(l, "a glob or a /regular expression/ is missing");
    if (rc == 0)
        show(l, c->columns, c->column_count);
    return rc;
}

/* ---- stats ---- */

static const char *const aggregates[INS_AGGREGATES] = {
    [INS_COUNT] = "count",       [INS_COUNT_DISTINCT] = "count_distinct",
    [INS_SUM] = "sum",           [INS_AVG] = "avg",
    [INS_MIN] = "min",           [INS_MAX] = "max",
    [INS_EARLIEST] = "earliest", [INS_LATEST] = "latest",
    [INS_PCT] = "pct",
};

static int aggregate_arguments(struct ins_lex *l, struct ins_column *c)
{
    struct str number;

    if (c->aggregate == INS_COUNT && (ins_take(l, "*") || ins_peek(l) == ')'))
        return 0;
    int rc = ins_expression(l, &c->expr);
    if (rc < 0 || c->aggregate != INS_PCT)
        return rc;
    if (!ins_take(l, ","))
        return ins_fail(l, "a comma and a percentile are missing");
    number = ins_name(l);
    return str_to_f64(number, &c->percentile) && c->percentile >= 0 && c->percentile <= 100
               ? 0
               : ins_fail(l, "a percentile from 0 to 100 is missing");
}

static int aggregate(struct ins_lex *l, struct ins_column *c)
{
    ins_blanks(l);
    size_t from = l->at;
    struct str word = ins_name(l), name;

    for (c->aggregate = 0; c->aggregate < INS_AGGREGATES; c->aggregate++)
        if (str_eq_nocase(word, str_c(aggregates[c->aggregate])))
            break;
    if (c->aggregate == INS_AGGREGATES)
        return ins_fail(l, "unsupported aggregate of stats: %.*s", STR_ARG(word));
    if (!ins_take(l, "("))
        return ins_fail(l, "a ( is missing behind %.*s", STR_ARG(word));
    int rc = aggregate_arguments(l, c);
    if (rc < 0)
        return rc;
    if (!ins_take(l, ")"))
        return ins_fail(l, "a ) is missing");
    name = ins_source(l, from);
    if (ins_take_word(l, "as") && (name = ins_name(l)).len == 0)
        return ins_fail(l, "a name is missing behind as");
    c->slot = ins_slot(l, name);
    return 0;
}

static int read_stats(struct ins_lex *l, struct ins_command *c)
{
    int rc = columns(l, aggregate, &c->columns, &c->column_count);

    if (rc == 0 && ins_take_word(l, "by"))
        rc = columns(l, aliased, &c->by, &c->by_count);
    l->query->shown_count = 0; /* what came before is gone */
    if (rc == 0) {
        show(l, c->by, c->by_count);
        show(l, c->columns, c->column_count);
    }
    return rc;
}

/* ---- commands ---- */

static const struct {
    const char *name;
    enum ins_verb verb;
    int (*read)(struct ins_lex *l, struct ins_command *c);
} verbs[] = {
    { "fields", INS_FIELDS, read_fields }, { "display", INS_DISPLAY, read_display },
    { "filter", INS_FILTER, read_filter }, { "parse", INS_PARSE, read_parse },
    { "sort", INS_SORT, read_sort },       { "dedup", INS_DEDUP, read_dedup },
    { "stats", INS_STATS, read_stats },    { "limit", INS_LIMIT, read_limit },
};

static int command(struct ins_lex *l, struct ins_command **out)
{
    struct ins_command *c = arena_alloc(l->a, sizeof *c);

    *out = c;
    for (size_t i = 0; i < COUNT(verbs); i++)
        if (ins_take_word(l, verbs[i].name)) {
            c->verb = verbs[i].verb;
            return verbs[i].read(l, c);
        }
    struct str name = ins_name(l);
    if (name.len == 0)
        return ins_fail(l, "a command is missing");
    return ins_fail(l, "unsupported command: %.*s", STR_ARG(name));
}

/* Source: the guide, "Query syntax", filter: without fields, @timestamp and @message are shown. */
static void show_default(struct ins_lex *l)
{
    struct ins_column c[2] = { { .slot = ins_slot(l, STR("@timestamp")) },
                               { .slot = ins_slot(l, STR("@message")) } };

    show(l, c, COUNT(c));
}

int insights_parse(struct arena *a, struct str text, struct insights_query **out, size_t *out_at,
                   struct err *err)
{
    struct insights_query *q = arena_alloc(a, sizeof *q);
    struct ins_lex l = { .a = a, .text = text, .query = q, .err = err };
    struct ins_command **last = &q->commands;
    int rc = 0;

    do {
        rc = command(&l, last);
        last = &(*last)->next;
    } while (rc == 0 && ins_take(&l, "|"));
    if (rc == 0 && ins_peek(&l) >= 0)
        rc = ins_fail(&l, "unexpected text");
    if (rc == 0 && q->shown_count == 0)
        show_default(&l);
    *out_at = l.at;
    if (rc == 0)
        *out = q;
    return rc;
}
