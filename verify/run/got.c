#define PCRE2_CODE_UNIT_WIDTH 8
#include "verify/run/got.h"

#include <pcre2.h>

#include "core/base/clock.h"
#include "core/codec/json.h"
#include "core/codec/xml.h"

struct got *got_add(struct got_list *list, struct str rule)
{
    if (list->count == list->room) {
        size_t room = list->room ? list->room * 2 : 64;
        struct got *items = arena_array(&list->arena, room, sizeof *items);

        if (list->count > 0)
            memcpy(items, list->items, list->count * sizeof *items);
        list->items = items;
        list->room = room;
    }
    list->items[list->count] =
        (struct got){ arena_copy(&list->arena, rule), NULL, 0, -1, -1, -1, false };
    return &list->items[list->count++];
}

void got_free(struct got_list *list)
{
    arena_free(&list->arena);
    *list = (struct got_list){ .count = 0 };
}

/* ---- members, whatever the format ---- */

/* There is room up to the next power of two. */
static void add_id(struct got_list *list, struct got *g, struct str id)
{
    size_t n = g->event_count;

    if (id.len == 0)
        return;
    if ((n & (n - 1)) == 0) {
        struct str *ids = arena_array(&list->arena, n > 0 ? n * 2 : 1, sizeof *ids);

        if (n > 0)
            memcpy(ids, g->event_ids, n * sizeof *ids);
        g->event_ids = ids;
    }
    g->event_ids[g->event_count++] = arena_copy(&list->arena, id);
}

/* Ids in a text: one, or several with commas, semicolons or blanks between them. */
static void add_ids(struct got_list *list, struct got *g, struct str text)
{
    size_t from = 0;

    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && !strchr(",; \t", text.ptr[i]))
            continue;
        add_id(list, g, str_sub(text, from, i - from));
        from = i + 1;
    }
}

static int64_t time_of(struct str text)
{
    int64_t ms = -1;

    (void)clock_parse(text, &ms, NULL); /* else not known */
    return ms;
}

/* The last of the list: what has passed is no finding. */
static void set_status(struct got_list *list, struct str status)
{
    struct got *g = &list->items[list->count - 1];

    g->is_refusal = str_eq_nocase(status, STR("invalid")) ||
                    str_eq_nocase(status, STR("refused")) || str_eq_nocase(status, STR("error"));
    if (str_eq_nocase(status, STR("pass")) || str_eq_nocase(status, STR("passed")))
        list->count--;
}

/* ---- JSON: members by pointers ---- */

/* Where each format keeps them, unless the suite says otherwise. */
static const struct format_map {
    const char *list; /* of findings in a document; NULL: the document itself */
    struct suite_map map;
} format_maps[] = {
#define P(text)                                                                                    \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }
    [FORMAT_JSONL] = { NULL,
                       { P("/rule"), P("/event_ids"), P("/first"), P("/last"), P("/status") } },
    [FORMAT_JSON] = { NULL,
                      { P("/rule"), P("/event_ids"), P("/first"), P("/last"), P("/status") } },
    [FORMAT_SARIF] = { NULL,
                       { P("/ruleId"), P("/properties/event_ids"), P("/properties/first"),
                         P("/properties/last"), P("/kind") } },
    [FORMAT_ASFF] = { "/Findings",
                      { P("/GeneratorId"), P("/Resources/0/Id"), P("/FirstObservedAt"),
                        P("/LastObservedAt"), P("/Compliance/Status") } },
    [FORMAT_OCSF] = { NULL,
                      { P("/finding_info/analytic/uid"), P("/finding_info/related_events"),
                        P("/finding_info/first_seen_time"), P("/finding_info/last_seen_time"),
                        P("/status") } },
#undef P
};

static struct str pick(struct str asked, struct str usual)
{
    return asked.len > 0 ? asked : usual;
}

static struct suite_map map_of(const struct suite_tool *tool)
{
    const struct suite_map *u = &format_maps[tool->format].map, *m = &tool->map;

    return (struct suite_map){ pick(m->rule, u->rule), pick(m->event_ids, u->event_ids),
                               pick(m->first, u->first), pick(m->last, u->last),
                               pick(m->status, u->status) };
}

/* A text, a list of texts, or a list of objects that have a uid. */
static void json_ids(struct got_list *list, struct got *g, const struct value *v)
{
    if (!v)
        return;
    if (v->kind != VALUE_LIST) {
        add_ids(list, g, value_to_text(&list->arena, v));
        return;
    }
    for (const struct value *k = value_first(v); k; k = k->next)
        add_id(list, g,
               k->kind == VALUE_MAP ? value_get_str(k, "uid") : value_to_text(&list->arena, k));
}

static void json_finding(struct got_list *list, const struct suite_map *m, const struct value *v,
                         int64_t reported_ms)
{
    struct arena *a = &list->arena;
    struct str rule = value_to_text(a, json_pointer(v, m->rule));

    if (rule.len == 0 && m->rule.len > 0 && m->event_ids.len > 0 && !json_pointer(v, m->event_ids))
        return; /* no finding: a heading, a summary */
    struct got *g = got_add(list, rule);

    json_ids(list, g, json_pointer(v, m->event_ids));
    g->first_ms = time_of(value_to_text(a, json_pointer(v, m->first)));
    g->last_ms = time_of(value_to_text(a, json_pointer(v, m->last)));
    g->reported_ms = reported_ms;
    set_status(list, value_to_text(a, json_pointer(v, m->status)));
}

static void json_list(struct got_list *list, const struct suite_map *m, const struct value *v,
                      int64_t reported_ms)
{
    if (v && v->kind == VALUE_LIST)
        for (const struct value *k = value_first(v); k; k = k->next)
            json_finding(list, m, k, reported_ms);
    else if (v)
        json_finding(list, m, v, reported_ms);
}

static int read_jsonl(struct got_list *list, const struct suite_tool *tool, struct str text,
                      int64_t reported_ms)
{
    const struct suite_map m = map_of(tool);
    struct str line;

    while (text.len > 0) {
        struct value *v;

        (void)str_cut(text, '\n', &line, &text); /* the last one may have no end */
        line = str_trim(line);
        if (line.len > 0 && line.ptr[0] == '{' &&
            json_parse(&list->arena, arena_copy(&list->arena, line), &v, NULL) == 0)
            json_finding(list, &m, v, reported_ms);
    }
    return 0;
}

static int read_json(struct got_list *list, const struct suite_tool *tool, struct str text,
                     int64_t reported_ms, struct err *err)
{
    const struct suite_map m = map_of(tool);
    const char *inner = format_maps[tool->format].list;
    struct value *v;
    int rc = json_parse(&list->arena, arena_copy(&list->arena, text), &v, err);

    if (rc < 0)
        return rc;
    if (tool->format == FORMAT_SARIF) {
        for (const struct value *run = value_first(value_get_c(v, "runs")); run; run = run->next)
            json_list(list, &m, value_get_c(run, "results"), reported_ms);
        return 0;
    }
    if (inner && v->kind == VALUE_MAP && json_pointer(v, str_c(inner)))
        v = json_pointer(v, str_c(inner));
    json_list(list, &m, v, reported_ms);
    return 0;
}

/* ---- CSV: members by columns ---- */

/* The next field; quotes as RFC 4180 has them. False at the end of the line, which *end tells. */
static struct str csv_field(struct arena *a, struct str *rest, bool *is_last)
{
    struct buf out = { 0 };
    size_t i = 0;
    bool quoted = rest->len > 0 && rest->ptr[0] == '"';

    for (i = quoted; i < rest->len; i++) {
        char c = rest->ptr[i];

        if (quoted && c == '"' && i + 1 < rest->len && rest->ptr[i + 1] == '"')
            i++;
        else if (quoted && c == '"')
            quoted = false;
        else if (!quoted && (c == ',' || c == ';' || c == '\n'))
            break;
        if (c != '"' || quoted)
            buf_add_char(&out, c);
    }
    *is_last = i >= rest->len || rest->ptr[i] == '\n';
    *rest = str_sub(*rest, i + 1, rest->len);
    struct str field = str_trim(arena_copy(a, buf_view(&out)));

    buf_free(&out);
    return field;
}

static struct suite_words csv_row(struct arena *a, struct str *rest)
{
    struct suite_words row = { NULL, 0 };
    size_t room = 0;
    bool is_last = rest->len == 0;

    while (!is_last) {
        if (row.count == room) {
            struct str *items = arena_array(a, room = room ? room * 2 : 16, sizeof *items);

            if (row.count > 0)
                memcpy(items, row.items, row.count * sizeof *items);
            row.items = items;
        }
        row.items[row.count++] = csv_field(a, rest, &is_last);
    }
    return row;
}

static struct str column(const struct suite_words *head, const struct suite_words *row,
                         struct str name)
{
    for (size_t i = 0; i < head->count && i < row->count; i++)
        if (str_eq(head->items[i], name))
            return row->items[i];
    return STR("");
}

static int read_csv(struct got_list *list, const struct suite_tool *tool, struct str text,
                    int64_t reported_ms, struct err *err)
{
    const struct suite_map *m = &tool->map;
    struct suite_words head = csv_row(&list->arena, &text);

    if (column(&head, &head, m->rule).len == 0)
        return err_set(err, E_PARSE, "no column '%.*s' (map: rule)", STR_ARG(m->rule));
    while (text.len > 0) {
        struct suite_words row = csv_row(&list->arena, &text);

        if (row.count < 2 && head.count > 1)
            continue;
        struct got *g = got_add(list, column(&head, &row, m->rule));

        add_ids(list, g, column(&head, &row, m->event_ids));
        g->first_ms = time_of(column(&head, &row, m->first));
        g->last_ms = time_of(column(&head, &row, m->last));
        g->reported_ms = reported_ms;
        set_status(list, column(&head, &row, m->status));
    }
    return 0;
}

/* ---- lines by a regular expression: groups rule, event_ids, first, last ---- */

static struct str group(pcre2_match_data *found, struct str line, const char *name,
                        const pcre2_code *code)
{
    int number = pcre2_substring_number_from_name(code, (PCRE2_SPTR)name);
    PCRE2_SIZE *at = pcre2_get_ovector_pointer(found);

    if (number < 0 || at[2 * number] == PCRE2_UNSET)
        return STR("");
    return str_sub(line, at[2 * number], at[2 * number + 1] - at[2 * number]);
}

static void regex_line(struct got_list *list, const pcre2_code *code, pcre2_match_data *found,
                       struct str line, int64_t reported_ms)
{
    if (pcre2_match(code, (PCRE2_SPTR)line.ptr, line.len, 0, 0, found, NULL) < 0)
        return;
    struct got *g = got_add(list, group(found, line, "rule", code));

    add_ids(list, g, group(found, line, "event_ids", code));
    g->first_ms = time_of(group(found, line, "first", code));
    g->last_ms = time_of(group(found, line, "last", code));
    g->reported_ms = reported_ms;
}

static int read_regex(struct got_list *list, const struct suite_tool *tool, struct str text,
                      int64_t reported_ms, struct err *err)
{
    int number;
    size_t at;
    struct str line;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)tool->pattern.ptr, tool->pattern.len,
                                     PCRE2_UTF | PCRE2_MATCH_INVALID_UTF, &number, &at, NULL);

    if (!code)
        return err_set(err, E_PARSE, "collect: regex: it fails at byte %zu", at);
    pcre2_match_data *found = pcre2_match_data_create_from_pattern(code, NULL);

    while (text.len > 0) {
        (void)str_cut(text, '\n', &line, &text); /* the last one may have no end */
        regex_line(list, code, found, line, reported_ms);
    }
    pcre2_match_data_free(found);
    pcre2_code_free(code);
    return 0;
}

/* ---- JUnit: a failed case is a finding, its name the rule, its text the ids ---- */

static void junit_cases(struct got_list *list, const struct xml_node *n, int64_t reported_ms)
{
    for (const struct xml_node *k = n->first; k; k = k->next) {
        const struct xml_node *failure = xml_child(k, STR("failure"));
        struct str name = xml_attr_get(k, STR("name"));

        if (str_eq_c(k->local, "testsuite") || str_eq_c(k->local, "testsuites"))
            junit_cases(list, k, reported_ms);
        if (!str_eq_c(k->local, "testcase") || !failure)
            continue;
        struct got *g = got_add(list, name);

        add_ids(list, g, str_trim(failure->text));
        g->reported_ms = reported_ms;
    }
}

static int read_junit(struct got_list *list, struct str text, int64_t reported_ms, struct err *err)
{
    struct xml_node *root;
    int rc = xml_parse(&list->arena, arena_copy(&list->arena, text), &root, err);

    if (rc == 0)
        junit_cases(list, root, reported_ms);
    return rc;
}

int got_read(struct got_list *list, const struct suite_tool *tool, struct str text,
             int64_t reported_ms, struct err *err)
{
    switch (tool->format) {
    case FORMAT_JSONL:
        return read_jsonl(list, tool, text, reported_ms);
    case FORMAT_JSON:
    case FORMAT_SARIF:
    case FORMAT_ASFF:
    case FORMAT_OCSF:
        return read_json(list, tool, text, reported_ms, err);
    case FORMAT_CSV:
        return read_csv(list, tool, text, reported_ms, err);
    case FORMAT_REGEX:
        return read_regex(list, tool, text, reported_ms, err);
    case FORMAT_JUNIT:
        return read_junit(list, text, reported_ms, err);
    }
    return 0;
}
