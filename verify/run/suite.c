#include "verify/run/suite.h"

#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/codec/yaml.h"

/* One reading: the first failure is kept, what comes after it does nothing. */
struct reading {
    struct arena *a;
    const char *file;
    int rc;
    struct err *err;
};

static void fail(struct reading *r, const struct value *at, const char *expected)
{
    if (r->rc == 0)
        r->rc = err_set(r->err, E_PARSE, "%s:%d: expected %s", r->file, at ? yaml_line(at) : 1,
                        expected);
}

/* ---- members ---- */

static struct str text_of(struct reading *r, const struct value *v, const char *expected)
{
    if (!v)
        return STR("");
    if (v->kind == VALUE_MAP || v->kind == VALUE_LIST || v->kind == VALUE_NULL)
        fail(r, v, expected);
    return arena_copy(r->a, value_to_text(r->a, v));
}

static struct str text(struct reading *r, const struct value *map, const char *name)
{
    return text_of(r, value_get_c(map, name), "a text");
}

static uint64_t number(struct reading *r, const struct value *map, const char *name,
                       uint64_t fallback)
{
    const struct value *v = value_get_c(map, name);

    if (!v)
        return fallback;
    if (v->kind != VALUE_INT || v->u.integer < 0) {
        fail(r, v, "a number, 0 or more");
        return fallback;
    }
    return (uint64_t)v->u.integer;
}

static int64_t duration(struct reading *r, const struct value *map, const char *name,
                        int64_t fallback)
{
    const struct value *v = value_get_c(map, name);
    int64_t ms = fallback;

    if (v && clock_parse_duration(text_of(r, v, "a duration"), &ms, NULL) < 0)
        fail(r, v, "a duration such as 500ms, 30s or 5m");
    return ms;
}

static double share(struct reading *r, const struct value *map, const char *name)
{
    const struct value *v = value_get_c(map, name);
    double d = v && v->kind == VALUE_FLOAT ? v->u.real : v ? (double)v->u.integer : -1;

    if (v && ((v->kind != VALUE_FLOAT && v->kind != VALUE_INT) || d < 0 || d > 1))
        fail(r, v, "a share from 0 to 1");
    return d;
}

static int64_t count(struct reading *r, const struct value *map, const char *name)
{
    return value_get_c(map, name) ? (int64_t)number(r, map, name, 0) : -1;
}

/* A list of texts; one text alone is a list of one. */
static struct suite_words words_of(struct reading *r, const struct value *v)
{
    struct suite_words w = { NULL, 0 };

    if (!v)
        return w;
    w.items = arena_array(r->a, v->kind == VALUE_LIST ? v->count + 1 : 1, sizeof *w.items);
    if (v->kind != VALUE_LIST) {
        w.items[w.count++] = text_of(r, v, "a text or a list of texts");
        return w;
    }
    for (const struct value *k = value_first(v); k; k = k->next)
        w.items[w.count++] = text_of(r, k, "a text");
    return w;
}

static struct suite_words words(struct reading *r, const struct value *map, const char *name)
{
    return words_of(r, value_get_c(map, name));
}

static void only(struct reading *r, const struct value *map, const char *const *names,
                 const char *expected)
{
    if (map && map->kind != VALUE_MAP) {
        fail(r, map, expected);
        return;
    }
    for (const struct value *v = value_first(map); v; v = v->next) {
        const char *const *n = names;

        while (*n && !str_eq_c(v->name, *n))
            n++;
        if (!*n)
            fail(r, v, expected);
    }
}

/* ---- words with a meaning ---- */

static const struct word {
    const char *name;
    int value;
} feeds[] = {
    { "dir", FEED_DIR },
    { "stdin-jsonl", FEED_STDIN },
    { "s3-poll", FEED_S3 },
    { "lookup-api", FEED_LOOKUP },
    { "sqs-s3", FEED_SQS },
    { "sqs-sns-ct", FEED_SNS },
    { "cwl-poll", FEED_GROUP },
    { "webhook-sns", FEED_HOOK },
    { "webhook", FEED_WEBHOOK },
    { "eventbridge-http", FEED_EVENTS },
    { "cwl-subscribe", FEED_LOGS },
    { "udp-xray", FEED_XRAY },
    { NULL, 0 },
}, modes[] = { { "oneshot", MODE_ONESHOT }, { "daemon", MODE_DAEMON }, { NULL, 0 } },
  formats[] = {
    { "jsonl", FORMAT_JSONL },
    { "json", FORMAT_JSON },
    { "csv", FORMAT_CSV },
    { "regex", FORMAT_REGEX },
    { "sarif", FORMAT_SARIF },
    { "junit", FORMAT_JUNIT },
    { "asff", FORMAT_ASFF },
    { "ocsf", FORMAT_OCSF },
    { NULL, 0 },
}, unexpected[] = { { "fail", UNEXPECTED_FAIL }, { "warn", UNEXPECTED_WARN },
                    { "ignore", UNEXPECTED_IGNORE }, { NULL, 0 } };

/* Feeds of services that this version does not have. */
static const char *const later_feeds[] = { "lambda-event" };

const char *suite_feed_name(enum suite_feed f)
{
    return feeds[f].name;
}

static int word(struct reading *r, const struct value *map, const char *name,
                const struct word *rows, int fallback)
{
    const struct value *v = value_get_c(map, name);
    struct str t = text_of(r, v, "a word"), all = STR("");

    if (!v)
        return fallback;
    for (const struct word *w = rows; w->name; w++) {
        if (str_eq_c(t, w->name))
            return w->value;
        all = arena_printf(r->a, "%.*s%s%s", STR_ARG(all), w == rows ? "" : ", ", w->name);
    }
    for (size_t i = 0; i < COUNT(later_feeds) && rows == feeds; i++)
        if (str_eq_c(t, later_feeds[i]))
            all = arena_printf(r->a,
                               "one of %.*s (the feed %s needs a service that this version "
                               "does not have)",
                               STR_ARG(all), later_feeds[i]);
    fail(r, v, all.ptr);
    return fallback;
}

/* ---- the tool ---- */

static void read_ready(struct reading *r, const struct value *tool, struct suite_tool *out)
{
    static const char *const names[] = { "after", "log", NULL };
    const struct value *ready = value_get_c(tool, "ready");

    only(r, ready, names, "ready: {after: DURATION} or {log: TEXT}");
    out->ready = value_get_c(ready, "log") ? READY_LOG : READY_AFTER;
    out->ready_text = text(r, ready, "log");
    out->ready_ms = duration(r, ready, "after", 1000);
}

static void read_collect(struct reading *r, const struct value *tool, struct suite_tool *out)
{
    static const char *const names[] = {
        "stdout", "file", "sink", "exit", "format", "regex", NULL
    };
    const struct value *c = value_get_c(tool, "collect");
    const struct value *place;

    out->collect = COLLECT_STDOUT;
    if (!c || (c->kind == VALUE_STRING && str_eq_c(c->u.text, "stdout")))
        return;
    if (c->kind == VALUE_STRING && str_eq_c(c->u.text, "sink")) {
        out->collect = COLLECT_SINK;
        return;
    }
    only(r, c, names,
         "collect: stdout, sink, or a map with one of stdout, file, sink and exit, and format or "
         "regex");
    if ((place = value_get_c(c, "file"))) {
        out->collect = COLLECT_FILE;
        out->file = text_of(r, place, "a file's name");
    } else if ((place = value_get_c(c, "exit"))) {
        out->collect = COLLECT_EXIT;
        out->exit_rule = text_of(r, place, "the rule that an exit of 1 stands for");
    } else if (value_get_c(c, "sink")) {
        out->collect = COLLECT_SINK;
    }
    out->format = (enum suite_format)word(r, c, "format", formats, FORMAT_JSONL);
    out->pattern = text(r, c, "regex");
    if (out->pattern.len > 0)
        out->format = FORMAT_REGEX;
    else if (out->format == FORMAT_REGEX)
        fail(r, c, "regex: a regular expression with a group (?<rule>...)");
}

static void read_map(struct reading *r, const struct value *tool, struct suite_tool *out)
{
    static const char *const names[] = { "rule", "event_ids", "first", "last", "status", NULL };
    const struct value *map = value_get_c(tool, "map");

    only(r, map, names, "map: {rule, event_ids, first, last, status}");
    out->map =
        (struct suite_map){ text(r, map, "rule"), text(r, map, "event_ids"), text(r, map, "first"),
                            text(r, map, "last"), text(r, map, "status") };
}

static void read_aliases(struct reading *r, const struct value *tool, struct suite_tool *out)
{
    const struct value *rules = value_get_c(tool, "rules");

    if (!rules)
        return;
    if (rules->kind != VALUE_MAP) {
        fail(r, rules, "rules: a map from the tool's rules to expected ones");
        return;
    }
    out->has_aliases = true;
    out->aliases = arena_array(r->a, rules->count + 1, sizeof *out->aliases);
    for (const struct value *v = value_first(rules); v; v = v->next)
        out->aliases[out->alias_count++] =
            (struct suite_alias){ arena_copy(r->a, v->name), words_of(r, v) };
}

static void check_tool(struct reading *r, const struct value *tool, const struct suite_tool *t)
{
    bool posts = t->feed >= FEED_HOOK && t->feed != FEED_XRAY;

    if (t->run.count == 0)
        fail(r, tool, "tool.run: a command, or builtin:sigma");
    if (posts && (t->mode != MODE_DAEMON || t->url.len == 0))
        fail(r, tool, "mode: daemon and url: http://127.0.0.1:{port}/... with this feed");
    if (t->feed == FEED_XRAY && t->mode != MODE_DAEMON)
        fail(r, tool, "mode: daemon, listening at 127.0.0.1:{port}, with this feed");
    if (t->feed == FEED_STDIN && t->mode == MODE_DAEMON)
        fail(r, tool, "mode: oneshot with the feed stdin-jsonl");
    if (t->is_builtin && (t->feed != FEED_DIR || t->mode == MODE_DAEMON))
        fail(r, tool, "feed: dir and mode: oneshot with builtin:sigma");
    if (t->repeat < 1)
        fail(r, value_get_c(tool, "repeat"), "repeat: 1 or more");
}

static void read_tool(struct reading *r, const struct value *tool, struct suite_tool *out)
{
    static const char *const names[] = { "name",   "run",   "version", "rules_dir", "feed",
                                         "mode",   "ready", "url",     "timeout",   "grace",
                                         "exits",  "map",   "collect", "rules",     "reports",
                                         "repeat", "env",   NULL };
    struct str reports = text(r, tool, "reports");

    only(r, tool, names,
         "tool: {name, run, version, rules_dir, feed, mode, ready, url, timeout, grace, exits, "
         "collect, map, rules, reports, repeat, env}");
    out->run = words(r, tool, "run");
    out->version = words(r, tool, "version");
    out->is_builtin = out->run.count == 1 && str_eq_c(out->run.items[0], "builtin:sigma");
    out->name = text(r, tool, "name");
    if (out->name.len == 0 && out->run.count > 0)
        out->name = out->run.items[0];
    out->rules_dir = text(r, tool, "rules_dir");
    out->feed = (enum suite_feed)word(r, tool, "feed", feeds, FEED_DIR);
    out->mode = (enum suite_mode)word(r, tool, "mode", modes, MODE_ONESHOT);
    out->url = text(r, tool, "url");
    out->timeout_ms = duration(r, tool, "timeout", 600000);
    out->grace_ms = duration(r, tool, "grace", 2000);
    out->exit_codes = words(r, tool, "exits");
    out->repeat = number(r, tool, "repeat", 1);
    out->env = value_get_c(tool, "env");
    out->reports_events = str_eq_c(reports, "events");
    if (reports.len > 0 && !out->reports_events && !str_eq_c(reports, "findings"))
        fail(r, value_get_c(tool, "reports"), "reports: findings or events");
    read_ready(r, tool, out);
    read_collect(r, tool, out);
    read_map(r, tool, out);
    read_aliases(r, tool, out);
    check_tool(r, tool, out);
}

/* ---- the rest ---- */

static void read_require(struct reading *r, const struct value *root, struct suite_require *out)
{
    static const char *const names[] = { "recall",     "precision", "f1",         "loss",
                                         "duplicates", "spurious",  "detect_p50", "detect_p95",
                                         "detect_max", NULL };
    const struct value *q = value_get_c(root, "require");

    only(r, q, names,
         "require: {recall, precision, f1, loss, duplicates, spurious, detect_p50, detect_p95, "
         "detect_max}");
    *out = (struct suite_require){ share(r, q, "recall"),
                                   share(r, q, "precision"),
                                   share(r, q, "f1"),
                                   count(r, q, "loss"),
                                   count(r, q, "duplicates"),
                                   count(r, q, "spurious"),
                                   duration(r, q, "detect_p50", -1),
                                   duration(r, q, "detect_p95", -1),
                                   duration(r, q, "detect_max", -1) };
}

static struct str beside(struct arena *a, struct str dir, struct str path)
{
    if (path.len == 0 || path.ptr[0] == '/' || dir.len == 0)
        return path;
    return arena_printf(a, "%.*s/%.*s", STR_ARG(dir), STR_ARG(path));
}

static void read_all(struct reading *r, const struct value *root, struct suite *out)
{
    static const char *const names[] = { "name",   "dataset", "scenario",   "seed",    "tool",
                                         "faults", "speed",   "unexpected", "require", NULL };

    only(r, root, names,
         "a map with name, dataset or scenario, seed, tool, faults, speed, unexpected and require");
    out->name = text(r, root, "name");
    out->dataset = beside(r->a, out->dir, text(r, root, "dataset"));
    out->scenario = text(r, root, "scenario");
    if (str_find(out->scenario, STR("/")) >= 0 || str_has_suffix(out->scenario, STR(".yaml")))
        out->scenario = beside(r->a, out->dir, out->scenario); /* a file, not a name */
    out->seed = number(r, root, "seed", 1);
    out->faults = words(r, root, "faults");
    out->speed = text(r, root, "speed");
    out->unexpected =
        (enum suite_unexpected)word(r, root, "unexpected", unexpected, UNEXPECTED_WARN);
    if ((out->dataset.len > 0) == (out->scenario.len > 0))
        fail(r, root, "either dataset: DIR or scenario: NAME");
    if (!value_get_c(root, "tool"))
        fail(r, root, "tool");
    read_tool(r, value_get_c(root, "tool"), &out->tool);
    out->tool.rules_dir = beside(r->a, out->dir, out->tool.rules_dir);
    if (out->tool.feed == FEED_LOOKUP && out->faults.count > 0)
        fail(r, value_get_c(root, "faults"), "no faults: the feed lookup-api has no deliveries");
    read_require(r, root, &out->require);
}

int suite_parse(struct arena *a, const char *file, struct str text, struct suite *out,
                struct err *err)
{
    struct reading r = { a, file, 0, err };
    struct value *root;
    struct str name;
    int rc = yaml_parse(a, file, text, &root, err);

    if (rc < 0)
        return rc;
    *out = (struct suite){ .file = file };
    out->dir = str_rcut(str_c(file), '/', &out->dir, &name) ? arena_copy(a, out->dir) : STR("");
    if (root->kind != VALUE_MAP)
        fail(&r, root, "a map with dataset or scenario, and tool");
    else
        read_all(&r, root, out);
    return r.rc;
}

int suite_load(struct arena *a, const char *file, struct suite *out, struct err *err)
{
    struct buf text = { 0 };
    int rc = fs_read(file, &text, err);

    if (rc == 0)
        rc = suite_parse(a, file, arena_copy(a, buf_view(&text)), out, err);
    buf_free(&text);
    return rc;
}
