#include "verify/report/report.h"

#include <stdio.h>

#include "core/base/fs.h"
#include "core/codec/json.h"
#include "core/codec/xml.h"

static const char *const verdict_names[] = { "passed", "failed", "error", "skipped" };

void report_init(struct report *r)
{
    *r = (struct report){ .first = NULL };
}

void report_free(struct report *r)
{
    arena_free(&r->arena);
    report_init(r);
}

void report_case(struct report *r, const struct report_case *c)
{
    struct report_case *kept = arena_alloc(&r->arena, sizeof *kept);

    *kept = *c;
    kept->suite = arena_copy(&r->arena, c->suite);
    kept->name = arena_copy(&r->arena, c->name);
    kept->message = arena_copy(&r->arena, c->message);
    kept->detail = arena_copy(&r->arena, c->detail);
    kept->next = NULL;
    if (r->last)
        r->last->next = kept;
    else
        r->first = kept;
    r->last = kept;
    r->counts[c->verdict]++;
}

bool report_is_good(const struct report *r)
{
    return r->counts[REPORT_FAILED] == 0 && r->counts[REPORT_ERROR] == 0;
}

/* ---- JUnit ---- */

static void attribute(struct buf *out, const char *name, struct str text)
{
    buf_printf(out, " %s=\"", name);
    xml_text(out, text);
    buf_add_char(out, '"');
}

static void seconds(struct buf *out, int64_t ms)
{
    buf_printf(out, " time=\"%lld.%03lld\"", (long long)(ms / 1000), (long long)(ms % 1000));
}

static void junit_case(struct buf *out, const struct report_case *c)
{
    static const char *const elements[] = { NULL, "failure", "error", "skipped" };

    buf_add(out, STR("    <testcase"));
    attribute(out, "classname", c->suite);
    attribute(out, "name", c->name);
    seconds(out, c->took_ms);
    if (c->verdict == REPORT_PASSED) {
        buf_add(out, STR("/>\n"));
        return;
    }
    buf_printf(out, ">\n      <%s", elements[c->verdict]);
    attribute(out, "message", c->message);
    if (c->verdict != REPORT_SKIPPED)
        buf_printf(out, " type=\"%s\"", elements[c->verdict]);
    buf_add_char(out, '>');
    xml_text(out, c->detail);
    buf_printf(out, "</%s>\n    </testcase>\n", elements[c->verdict]);
}

struct tally {
    size_t counts[COUNT(verdict_names)], all;
    int64_t took_ms;
};

static struct tally tally_of(const struct report *r, const struct str *suite)
{
    struct tally t = { .all = 0 };

    for (const struct report_case *c = r->first; c; c = c->next) {
        if (suite && !str_eq(c->suite, *suite))
            continue;
        t.counts[c->verdict]++;
        t.all++;
        t.took_ms += c->took_ms;
    }
    return t;
}

static void junit_counts(struct buf *out, const struct tally *t)
{
    buf_printf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\"", t->all,
               t->counts[REPORT_FAILED], t->counts[REPORT_ERROR]);
    seconds(out, t->took_ms);
}

static bool is_first_of_suite(const struct report *r, const struct report_case *c)
{
    for (const struct report_case *b = r->first; b != c; b = b->next)
        if (str_eq(b->suite, c->suite))
            return false;
    return true;
}

void report_junit(struct buf *out, const struct report *r)
{
    struct tally all = tally_of(r, NULL);

    buf_add(out, STR("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites"));
    junit_counts(out, &all);
    buf_add(out, STR(">\n"));
    for (const struct report_case *c = r->first; c; c = c->next) {
        if (!is_first_of_suite(r, c))
            continue;
        struct tally t = tally_of(r, &c->suite);

        buf_add(out, STR("  <testsuite"));
        attribute(out, "name", c->suite);
        junit_counts(out, &t);
        buf_printf(out, " skipped=\"%zu\">\n", t.counts[REPORT_SKIPPED]);
        for (const struct report_case *k = c; k; k = k->next)
            if (str_eq(k->suite, c->suite))
                junit_case(out, k);
        buf_add(out, STR("  </testsuite>\n"));
    }
    buf_add(out, STR("</testsuites>\n"));
}

/* ---- JSON ---- */

struct value *report_value(struct report *r)
{
    struct arena *a = &r->arena;
    struct value *v = value_map(a), *cases = value_list(a);

    for (size_t i = 0; i < COUNT(verdict_names); i++)
        value_put_int(a, v, verdict_names[i], (int64_t)r->counts[i]);
    for (const struct report_case *c = r->first; c; c = c->next) {
        struct value *one = value_map(a);

        value_put_str(a, one, "suite", c->suite);
        value_put_str(a, one, "name", c->name);
        value_put_c(a, one, "verdict", verdict_names[c->verdict]);
        if (c->message.len)
            value_put_str(a, one, "message", c->message);
        if (c->detail.len)
            value_put_str(a, one, "detail", c->detail);
        value_push(cases, one);
    }
    value_set(v, STR("cases"), cases);
    return v;
}

int report_save(struct str path, struct str text, struct err *err)
{
    struct arena a = { 0 };
    int rc = 0;

    if (!str_eq_c(path, "-"))
        rc = fs_replace_fast(arena_copy(&a, path).ptr, text, err);
    else if (fwrite(text.ptr, 1, text.len, stdout) != text.len || fflush(stdout) != 0)
        rc = err_sys(err, "write", "standard output");
    arena_free(&a);
    return rc;
}

int report_write(struct report *r, struct str junit, struct str json, struct value *extra,
                 struct err *err)
{
    struct buf text = { 0 };
    int rc = 0;

    if (junit.len) {
        report_junit(&text, r);
        rc = report_save(junit, buf_view(&text), err);
    }
    if (json.len && rc == 0) {
        struct value *v = report_value(r);

        for (struct value *m = value_first(extra), *next; m; m = next) {
            next = m->next;
            m->next = NULL; /* it changes hands */
            value_set(v, m->name, m);
        }
        buf_clear(&text);
        json_write_pretty(&text, v, 2);
        buf_add_char(&text, '\n');
        rc = report_save(json, buf_view(&text), err);
    }
    buf_free(&text);
    return rc;
}
