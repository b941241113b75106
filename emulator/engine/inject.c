#include "emulator/engine/inject.h"

#include <stdatomic.h>

#include "core/aws/ids.h"
#include "core/aws/region.h"
#include "core/base/limits.h"
#include "core/codec/json.h"
#include "emulator/engine/private.h"
#include "emulator/record/read_back.h"
#include "emulator/store/history.h"
#include "emulator/trail/trail.h"

/* What is checked of a member's text. Each says in want what it expected. */
static bool is_version(const struct value *v)
{
    struct str major, minor;
    int64_t n;

    return str_cut(v->u.text, '.', &major, &minor) && str_to_i64(major, &n) && n == 1 &&
           str_to_i64(minor, &n) && n >= 0;
}

static bool is_time(const struct value *v)
{
    int64_t ms;

    return v->u.text.len == 20 && clock_parse(v->u.text, &ms, NULL) == 0;
}

static bool is_source(const struct value *v)
{
    return str_has_suffix(v->u.text, STR(".amazonaws.com"));
}

static bool is_region(const struct value *v)
{
    return region_find(v->u.text) != NULL;
}

static bool is_account(const struct value *v)
{
    return ids_is_account(v->u.text);
}

static bool is_uuid(const struct value *v)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    bool ok = v->u.text.len == sizeof form - 1;

    for (size_t i = 0; ok && i < v->u.text.len; i++)
        ok = form[i] == '-' ? v->u.text.ptr[i] == '-'
                            : strchr("0123456789abcdef", v->u.text.ptr[i] | 0x20) != NULL;
    return ok;
}

static bool is_some(const struct value *v)
{
    return v->u.text.len > 0;
}

/* Source: CloudTrail User Guide, "CloudTrail record contents": members that are always there. */
static const struct {
    const char *name;
    enum value_kind kind;
    bool (*check)(const struct value *v);
    const char *want;
} required[] = {
    { "eventVersion", VALUE_STRING, is_version, "a version such as \"1.11\"" },
    { "userIdentity", VALUE_MAP, NULL, "an object" },
    { "eventTime", VALUE_STRING, is_time, "a time such as \"2026-01-05T09:00:00Z\"" },
    { "eventSource", VALUE_STRING, is_source, "a source such as \"iam.amazonaws.com\"" },
    { "eventName", VALUE_STRING, is_some, "a name" },
    { "awsRegion", VALUE_STRING, is_region, "an AWS region" },
    { "eventID", VALUE_STRING, is_uuid, "a UUID" },
    { "eventType", VALUE_STRING, is_some, "a type such as \"AwsApiCall\"" },
    { "recipientAccountId", VALUE_STRING, is_account, "12 digits" },
    { "readOnly", VALUE_BOOL, NULL, "true or false" },
    { "managementEvent", VALUE_BOOL, NULL, "true or false" },
};
static const char *const object_or_null[] = { "requestParameters", "responseElements" };

static int check_size(const struct value *r, size_t number, struct err *err)
{
    struct buf text = { 0 };

    json_write(&text, r);
    size_t len = text.len;
    buf_free(&text);
    return len <= LIMIT_RECORD_BYTES
               ? 0
               : err_set(err, E_LIMIT, "record %zu: %zu bytes, expected at most %u", number, len,
                         LIMIT_RECORD_BYTES);
}

static int check_record(const struct engine *e, const struct value *r, size_t number,
                        struct err *err)
{
    int64_t ms = 0;

    if (r->kind != VALUE_MAP)
        return err_set(err, E_PARSE, "record %zu: expected an object", number);
    for (size_t i = 0; i < COUNT(required); i++) {
        const struct value *v = value_get_c(r, required[i].name);

        if (!v || v->kind != required[i].kind || (required[i].check && !required[i].check(v)))
            return err_set(err, E_PARSE, "record %zu: %s: expected %s", number, required[i].name,
                           required[i].want);
    }
    for (size_t i = 0; i < COUNT(object_or_null); i++) {
        const struct value *v = value_get_c(r, object_or_null[i]);

        if (v && v->kind != VALUE_MAP && v->kind != VALUE_NULL)
            return err_set(err, E_PARSE, "record %zu: %s: expected an object or null", number,
                           object_or_null[i]);
    }
    (void)clock_parse(value_get_str(r, "eventTime"), &ms, NULL); /* is_time has read it */
    if (ms > clock_now_ms(&e->clock))
        return err_set(err, E_PARSE, "record %zu: eventTime: expected a time that has passed",
                       number);
    return check_size(r, number, err);
}

static int is_known(struct engine *e, struct arena *a, const struct value *r, bool *known,
                    struct err *err)
{
    struct history_query q = { .account = value_get_str(r, "recipientAccountId"),
                               .region = value_get_str(r, "awsRegion"),
                               .end_ms = INT64_MAX,
                               .attribute = HISTORY_EVENT_ID,
                               .value = value_get_str(r, "eventID"),
                               .limit = 1,
                               .before_time_ms = INT64_MAX };
    struct history_row *rows;
    size_t count = 0;
    bool more;
    int rc = history_find(e->store, a, &q, &rows, &count, &more, err);

    *known = count > 0;
    return rc;
}

/* The records of a document, whichever of its three forms it has. */
static struct value *records_of(struct arena *a, struct value *doc)
{
    struct value *records = doc->kind == VALUE_LIST ? doc : value_get_c(doc, "Records");

    if (records)
        return records;
    records = value_list(a);
    value_push(records, doc);
    return records;
}

static int read_lines(struct arena *a, struct str text, struct value **out, struct err *err)
{
    struct value *records = value_list(a);
    struct str line;

    for (size_t number = 1; text.len > 0; number++) {
        struct value *record;
        struct err why = { 0 };

        (void)str_cut(text, '\n', &line, &text);
        if (str_trim(line).len == 0)
            continue;
        if (json_parse(a, line, &record, &why) < 0)
            return err_set(err, E_PARSE, "line %zu: %s", number, why.text);
        value_push(records, record);
    }
    *out = records;
    return 0;
}

static int read_records(struct arena *a, struct str text, struct value **out, struct err *err)
{
    struct value *doc;

    if (json_parse(a, text, &doc, NULL) < 0)
        return read_lines(a, text, out, err);
    *out = records_of(a, doc);
    return (*out)->kind == VALUE_LIST ? 0 : err_set(err, E_PARSE, "Records: expected an array");
}

static int check_all(struct engine *e, struct arena *a, const struct value *records,
                     struct err *err)
{
    struct value *seen = value_map(a);
    size_t number = 0;
    int rc = trail_sync_history(e->trail, err);

    for (const struct value *r = value_first(records); rc == 0 && r; r = r->next) {
        struct str id = value_get_str(r, "eventID");
        bool known = false;

        rc = check_record(e, r, ++number, err);
        if (rc == 0)
            rc = is_known(e, a, r, &known, err);
        if (rc == 0 && (known || value_get(seen, id)))
            rc = err_set(err, E_CONFLICT, "record %zu: eventID %.*s is on record already", number,
                         STR_ARG(id));
        if (rc == 0)
            value_append(seen, id, value_bool(a, true));
    }
    return rc;
}

static int hand_over(struct engine *e, const struct journal_source *from, struct err *err)
{
    uint64_t position;

    if (e->opt.sink.put)
        return e->opt.sink.put(e->opt.sink.arg, from, err);
    return journal_put(trail_journal(e->trail), from, &position, err);
}

static int accept(struct engine *e, struct arena *a, const struct read_back *rb,
                  const struct value *r, struct err *err)
{
    struct record_facts facts;
    struct buf text = { 0 };

    read_back_facts(rb, a, r, &facts);
    int rc = trail_account_seen(e->trail, facts.account, err);

    json_write(&text, r);
    if (rc == 0)
        rc = hand_over(e,
                       &(struct journal_source){ .seq = atomic_fetch_add(&e->next_seq, 1),
                                                 .record = buf_view(&text),
                                                 .facts = &facts },
                       err);
    buf_free(&text);
    if (rc == 0)
        atomic_fetch_add(&e->accepted_count, 1);
    return rc;
}

int engine_inject(struct engine *e, struct arena *a, struct str text, size_t *out_count,
                  struct err *err)
{
    struct value *records = NULL;
    const struct read_back *rb = read_back_new(a, e->recorder);
    int rc;

    pthread_rwlock_rdlock(&e->services->gate);
    rc = read_records(a, text, &records, err);
    if (rc == 0)
        rc = check_all(e, a, records, err);
    for (const struct value *r = rc == 0 ? value_first(records) : NULL; rc == 0 && r; r = r->next)
        rc = accept(e, a, rb, r, err);
    pthread_rwlock_unlock(&e->services->gate);
    if (rc == 0)
        *out_count = records ? records->count : 0;
    return rc;
}
