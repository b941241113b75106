#include "emulator/http/ui.h"

#include "core/base/embed.h"
#include "core/codec/json.h"
#include "emulator/wire/json_body.h"

/* Below ui/: what is asked for, and the file that answers. A slash at the end: anything behind. */
static const struct page {
    const char *name, *file;
} pages[] = {
    { "", "ui/index.html" },           { "dashboards", "ui/index.html" },
    { "alarms", "ui/alarms.html" },    { "events", "ui/events.html" },
    { "map", "ui/map.html" },          { "dashboards/", "ui/dashboard.html" },
    { "ui.css", "ui/ui.css" },         { "ui.js", "ui/ui.js" },
    { "widgets.js", "ui/widgets.js" }, { "draw.js", "ui/draw.js" },
    { "chart.js", "ui/chart.js" },
};

static const struct {
    const char *suffix, *type;
} types[] = {
    { ".html", "text/html; charset=utf-8" },
    { ".css", "text/css; charset=utf-8" },
    { ".js", "text/javascript; charset=utf-8" },
};

/* What pages ask for. Each only reads. */
static const struct {
    const char *service, *operation;
} reads[] = {
    { "cloudwatch", "ListDashboards" },
    { "cloudwatch", "GetDashboard" },
    { "cloudwatch", "GetMetricData" },
    { "cloudwatch", "DescribeAlarms" },
    { "cloudwatch", "DescribeAlarmHistory" },
    { "cloudtrail", "LookupEvents" },
    { "xray", "GetServiceGraph" },
    { "xray", "GetTraceSummaries" },
    { "xray", "BatchGetTraces" },
};

static const char *file_of(struct str name)
{
    for (size_t i = 0; i < COUNT(pages); i++) {
        struct str row = str_c(pages[i].name);
        bool is_folder = str_has_suffix(row, STR("/"));

        if (is_folder ? str_has_prefix(name, row) && name.len > row.len : str_eq(name, row))
            return pages[i].file;
    }
    return NULL;
}

static const char *type_of(const char *file)
{
    for (size_t i = 0; i < COUNT(types); i++)
        if (str_has_suffix(str_c(file), str_c(types[i].suffix)))
            return types[i].type;
    return "application/octet-stream";
}

int ui_page(struct arena *a, struct str name, struct reply *reply, struct err *err)
{
    const char *file = file_of(name);
    struct str bytes = file ? embed_find(str_c(file)) : (struct str){ 0 };
    if (!bytes.ptr)
        return err_set(err, E_MISSING, "no such page: /_mocktrail/ui/ lists them");
    reply->status = 200;
    reply->body.text = bytes;
    reply->body.len = (int64_t)bytes.len;
    reply_header(a, reply, "Content-Type", str_c(type_of(file)));
    return 0;
}

static const struct cat_op *op_of(const struct engine *e, struct str service, struct str operation)
{
    for (size_t i = 0; i < COUNT(reads); i++)
        if (str_eq_c(service, reads[i].service) && str_eq_c(operation, reads[i].operation))
            return cat_op_find_c(e->cat, reads[i].service, reads[i].operation);
    return NULL;
}

/* The parameters as a client of the JSON protocol writes them. */
static int parse_params(const struct engine *e, struct arena *a, const struct cat_op *op,
                        const struct value *given, struct value **out, struct err *err)
{
    struct buf text = { 0 };
    struct slot input = slot_root(e->cat, cat_op_input(e->cat, op));

    if (given)
        json_write(&text, given);
    int rc = json_body_parse(a, input, TREE_ALL, arena_copy(a, buf_view(&text)), out, err);
    buf_free(&text);
    return rc;
}

static void write_outcome(const struct engine *e, struct arena *a, const struct cat_op *op,
                          const struct outcome *outcome, struct buf *out)
{
    struct slot output = slot_root(e->cat, cat_op_output(e->cat, op));

    if (outcome_refused(outcome)) {
        buf_add_c(out, "{\"error\":");
        json_add_string(out, outcome->code);
        buf_add_c(out, ",\"message\":");
        json_add_string(out, outcome->message);
        buf_add_char(out, '}');
        return;
    }
    json_body_write(a, out, output, TREE_ALL, outcome->output);
}

int ui_read(struct engine *e, struct arena *a, const struct value *question, int *status,
            struct buf *out, struct err *err)
{
    struct str account = value_get_str(question, "account");
    struct str region = value_get_str(question, "region");
    struct outcome outcome = { 0 };
    struct call call = { .account = account.len > 0 ? account : e->opt.account,
                         .region = region.len > 0 ? region : e->opt.region };

    call.op = op_of(e, value_get_str(question, "service"), value_get_str(question, "operation"));
    if (!call.op)
        return err_set(err, E_PARSE,
                       "service, operation: expected a read of the pages, such as "
                       "cloudwatch and ListDashboards");
    int rc = parse_params(e, a, call.op, value_get_c(question, "parameters"), &call.params, err);
    if (rc == 0)
        rc = engine_peek(e, a, &call, &outcome, err);
    if (rc < 0)
        return rc;
    *status = outcome_refused(&outcome) ? 400 : 200;
    write_outcome(e, a, call.op, &outcome, out);
    return 0;
}
