/* A segment for each call that was answered, with a subsegment for each call that a service made
 * for it. Calls to X-Ray itself make none, as the SDKs and the daemon do not trace theirs. */
#include <stdio.h>

#include "core/base/mem.h"
#include "core/codec/json.h"
#include "emulator/services/xray/deliver.h"
#include "emulator/services/xray/names.h"
#include "emulator/services/xray/sample.h"
#include "emulator/services/xray/xray.h"
#include "emulator/telemetry/telemetry.h"

#define PENDING       "xray.pending"
#define STREAM        0x78726179ull << 32 /* this view's own chance, whatever others draw */
#define INNER_MOST    1000                /* without their outer call: it will not come any more */
#define MESSAGE_BYTES 1000u
#define TAIL_BYTES    512u /* of a record: tlsDetails is the last but a flag or two */

/* A call that was made for one whose record comes later: its subsegment without the last brace. */
struct inner {
    uint64_t seq, parent_seq;
    struct str text;
};

struct xray_view {
    struct arena a, inner_arena;
    struct names *names;
    struct intake in;
    struct sample sample;
    struct inner *inner;
    size_t inner_count;
    bool inner_changed; /* since they were stored */
};

static struct xray_view *self(const struct engine *e)
{
    return *telemetry_state(e, VIEW_ID_xray);
}

/* ---- a document ---- */

static void add_name(struct buf *b, struct str name)
{
    buf_add_char(b, '"');
    buf_add(b, name);
    buf_add(b, STR("\":"));
}

static void add_text(struct buf *b, struct str name, struct str text)
{
    if (text.len == 0)
        return;
    add_name(b, name);
    json_add_string(b, text);
    buf_add_char(b, ',');
}

/* Text that is JSON already: without quotes, its escapes in place. */
static void add_raw(struct buf *b, struct str name, struct str raw)
{
    if (raw.len == 0)
        return;
    add_name(b, name);
    buf_add_char(b, '"');
    buf_add(b, raw);
    buf_add(b, STR("\","));
}

/* Ids and names of services have nothing to escape. */
static void add_plain(struct buf *b, struct str name, struct str text)
{
    add_raw(b, name, text);
}

/* Seconds, as many decimals as there are; as a double's shortest form would be. */
static void add_time(struct buf *b, struct str name, int64_t us)
{
    char decimals[7] = { '.' };
    int64_t left = us % 1000000;
    size_t len = sizeof decimals;

    for (size_t i = sizeof decimals - 1; i > 0; i--, left /= 10)
        decimals[i] = (char)('0' + left % 10);
    while (len > 2 && decimals[len - 1] == '0')
        len--;
    add_name(b, name);
    buf_add_i64(b, us / 1000000);
    buf_add(b, (struct str){ decimals, len });
    buf_add_char(b, ',');
}

static void end_object(struct buf *b, struct str end)
{
    if (b->ptr[b->len - 1] == ',')
        b->len--;
    buf_add(b, end);
}

/* A string of the record, its escapes in place: pattern is "\"name\":\"". No string of JSON holds
 * that pattern, and the members asked for stand before (tlsDetails: behind) what callers name. */
static struct str raw_string(struct str record, struct str pattern)
{
    ptrdiff_t at = str_find(record, pattern);

    if (at < 0)
        return (struct str){ 0 };
    size_t from = (size_t)at + pattern.len, to = from;
    while (to < record.len && record.ptr[to] != '"')
        to += record.ptr[to] == '\\' ? 2 : 1;
    return str_sub(record, from, to - from);
}

static void add_http(struct buf *b, const struct pass *p, const struct names_entry *n,
                     bool is_inner)
{
    const struct record_facts *f = &p->entry->facts;
    struct str record = p->entry->record;
    struct str tail =
        record.len > TAIL_BYTES ? str_sub(record, record.len - TAIL_BYTES, record.len) : record;
    struct str host = raw_string(tail, STR("\"clientProvidedHostHeader\":\""));

    buf_add(b, STR("\"http\":{\"request\":{"));
    add_plain(b, STR("method"), names_method(self(p->e)->names, n, f->event_name));
    buf_add(b, STR("\"url\":\"https://"));
    buf_add(b, host.len > 0 ? host : f->event_source);
    buf_add(b, STR("/\","));
    if (!is_inner) {
        struct str ip = raw_string(record, STR("\"sourceIPAddress\":\""));
        if (ip.len > 0) /* the agent is the next member */
            record = str_sub(record, (size_t)(ip.ptr - record.ptr), record.len);
        add_raw(b, STR("user_agent"), raw_string(record, STR("\"userAgent\":\"")));
        add_raw(b, STR("client_ip"), ip);
    }
    end_object(b, STR("},\"response\":{\"status\":"));
    buf_add_u64(b, f->status);
    buf_add(b, STR("}},"));
}

/* Source: X-Ray Developer Guide, "AWS X-Ray segment documents": error 4XX, throttle 429, fault 5XX.
 */
static void add_failure(struct buf *b, const struct pass *p, struct rng *rng)
{
    const struct record_facts *f = &p->entry->facts;

    if (f->status < 400)
        return;
    struct str message = value_get_str(pass_record((struct pass *)p), "errorMessage");
    buf_add_c(b, f->status < 500 ? "\"error\":true," : "\"fault\":true,");
    if (f->status == 429)
        buf_add(b, STR("\"throttle\":true,"));
    buf_add(b, STR("\"cause\":{\"exceptions\":[{"));
    add_plain(b, STR("id"), xray_new_segment_id(p->a, rng));
    add_text(b, STR("type"), f->error_code);
    add_text(b, STR("message"), str_sub(message, 0, MESSAGE_BYTES));
    end_object(b, STR("}]},"));
}

static void add_aws(struct buf *b, const struct record_facts *f)
{
    buf_add(b, STR("\"aws\":{"));
    add_text(b, STR("operation"), f->event_name);
    add_text(b, STR("region"), f->region);
    add_plain(b, STR("account_id"), f->account);
    add_plain(b, STR("request_id"), f->request_id);
    end_object(b, STR("},"));
}

/* Without its last brace. */
static void add_document(struct buf *b, const struct pass *p, const struct xray_header *h,
                         struct rng *rng)
{
    const struct record_facts *f = &p->entry->facts;
    const struct names_entry *n = names_of(self(p->e)->names, f->event_source);
    int64_t start_us = f->time_ms * 1000;

    buf_add_char(b, '{');
    add_plain(b, STR("id"), xray_new_segment_id(p->a, rng));
    add_plain(b, STR("name"), n->name);
    add_time(b, STR("start_time"), start_us);
    add_time(b, STR("end_time"), start_us + f->duration_us);
    if (h) {
        add_plain(b, STR("trace_id"), h->root);
        add_plain(b, STR("parent_id"), h->parent);
        add_plain(b, STR("origin"), n->origin);
        add_text(b, STR("user"), str_sub(f->user_name, 0, 250));
    } else {
        buf_add(b, STR("\"namespace\":\"aws\","));
    }
    add_http(b, p, n, !h);
    add_failure(b, p, rng);
    add_aws(b, f);
    end_object(b, STR(""));
}

/* ---- calls that services made ---- */

/* Those that were made for the call seq become its subsegments. */
static void adopt(struct xray_view *v, struct buf *b, uint64_t seq)
{
    size_t kept = 0;
    bool any = false;

    for (size_t i = 0; i < v->inner_count; i++) {
        struct inner in = v->inner[i];

        if (in.parent_seq != seq) {
            v->inner[kept++] = in;
            continue;
        }
        buf_add_c(b, any ? "," : ",\"subsegments\":[");
        buf_add(b, in.text);
        buf_add_char(b, '}');
        any = true;
    }
    if (any)
        buf_add_char(b, ']');
    v->inner_changed |= any;
    v->inner_count = kept;
    if (kept == 0)
        arena_reset(&v->inner_arena);
}

static void keep_inner(struct xray_view *v, uint64_t seq, uint64_t parent_seq, struct str text)
{
    if (v->inner_count == INNER_MOST)
        memmove(v->inner, v->inner + 1, --v->inner_count * sizeof *v->inner);
    v->inner[v->inner_count++] =
        (struct inner){ seq, parent_seq, arena_copy(&v->inner_arena, text) };
    v->inner_changed = true;
}

/* SEQ PARENT_SEQ TEXT\n ... */
static int store_inner(struct xray_view *v, struct store *s, struct err *err)
{
    struct buf b = { 0 };

    for (size_t i = 0; i < v->inner_count; i++) {
        buf_printf(&b, "%llu %llu ", (unsigned long long)v->inner[i].seq,
                   (unsigned long long)v->inner[i].parent_seq);
        buf_add(&b, v->inner[i].text);
        buf_add_char(&b, '\n');
    }
    int rc = store_fact_put(s, PENDING, buf_view(&b), err);
    v->inner_changed = rc < 0;
    buf_free(&b);
    return rc;
}

static int load_inner(struct xray_view *v, struct store *s, struct err *err)
{
    struct arena a = { 0 };
    struct str text = { 0 }, line, seq, parent;
    int64_t n, m;
    int rc = store_fact_get(s, &a, PENDING, &text, err);

    v->inner_count = 0;
    arena_reset(&v->inner_arena);
    while (rc == 0 && text.len > 0 && v->inner_count < INNER_MOST) {
        (void)str_cut(text, '\n', &line, &text); /* the last line ends so too */
        if (!str_cut(line, ' ', &seq, &line) || !str_cut(line, ' ', &parent, &line) ||
            !str_to_i64(seq, &n) || !str_to_i64(parent, &m))
            rc = err_set(err, E_PARSE, "state.db: %s is damaged", PENDING);
        else
            keep_inner(v, (uint64_t)n, (uint64_t)m, line);
    }
    v->inner_changed = false;
    arena_free(&a);
    return rc == E_MISSING ? 0 : rc;
}

/* ---- the view ---- */

/* Who called may have decided; else the rule does. */
static int decide(struct pass *p, struct xray_view *v, enum xray_sampled said, struct rng *rng,
                  bool *out, struct err *err)
{
    const struct record_facts *f = &p->entry->facts;

    *out = said == XRAY_SAMPLED;
    if (said != XRAY_UNDECIDED)
        return 0;
    return sample_takes(&v->sample, p->e->store, (struct xray_place){ f->account, f->region },
                        f->time_ms, rng, out, err);
}

static int take_call(struct pass *p, struct xray_view *v, struct buf *b, struct err *err)
{
    const struct record_facts *f = &p->entry->facts;
    struct xray_header h = xray_header_parse(f->trace_header);
    struct rng rng;
    bool is_taken;

    engine_chance(p->e, STREAM ^ p->entry->position, &rng);
    if (f->parent_seq != 0) {
        add_document(b, p, NULL, &rng);
        adopt(v, b, p->entry->seq);
        keep_inner(v, p->entry->seq, f->parent_seq, buf_view(b));
        return 0;
    }
    int rc = decide(p, v, h.sampled, &rng, &is_taken, err);
    if (rc < 0 || !is_taken) {
        adopt(v, b, p->entry->seq); /* and drop it */
        return rc;
    }
    if (h.root.len == 0 || !xray_trace_is_current(h.root, f->time_ms))
        h = (struct xray_header){ .root = xray_new_trace_id(p->a, &rng, f->time_ms),
                                  .sampled = h.sampled };
    add_document(b, p, &h, &rng);
    adopt(v, b, p->entry->seq);
    buf_add_char(b, '}');
    v->in.a = p->batch;
    intake_add(&v->in,
               &(struct intake_document){ .place = { f->account, f->region },
                                          .trace_id = h.root,
                                          .text = buf_view(b),
                                          .at_ms = f->time_ms,
                                          .number = xray_number_of_record(p->entry->position) });
    return 0;
}

static int take(struct pass *p, struct err *err)
{
    const struct record_facts *f = &p->entry->facts;
    struct buf b = { 0 };

    if (p->entry->recipient > 0 || f->status == 0)
        return 0;
    if (str_eq_c(f->event_source, XRAY_SOURCE)) {
        if (!f->read_only)
            sample_forget(&self(p->e)->sample);
        return 0;
    }
    int rc = take_call(p, self(p->e), &b, err);
    buf_free(&b);
    return rc;
}

static int end(struct pass *p, struct err *err)
{
    struct xray_view *v = self(p->e);
    int rc = v->in.first ? intake_store(&v->in, p->e->store, err) : 0;

    return rc == 0 && v->inner_changed ? store_inner(v, p->e->store, err) : rc;
}

static void forget(struct engine *e)
{
    struct xray_view *v = self(e);

    intake_drop(&v->in);
    sample_forget(&v->sample);
    if (load_inner(v, e->store, NULL) < 0)
        v->inner_count = 0; /* the store fails: so will the drain, which is told why */
}

static int open_view(struct engine *e, struct err *err)
{
    struct xray_view *v = mem_alloc(sizeof *v);

    *telemetry_state(e, VIEW_ID_xray) = v;
    v->names = names_new(&v->a, e->cat);
    v->inner = arena_array(&v->a, INNER_MOST, sizeof *v->inner);
    int rc = load_inner(v, e->store, err);
    return rc < 0 ? rc : deliver_open(e, err);
}

static void close_view(struct engine *e)
{
    struct xray_view *v = self(e);

    if (!v)
        return;
    intake_drop(&v->in);
    sample_free(&v->sample);
    arena_free(&v->a);
    arena_free(&v->inner_arena);
    mem_free(v);
    *telemetry_state(e, VIEW_ID_xray) = NULL;
}

const struct view view_xray = {
    .name = "xray",
    .open = open_view,
    .close = close_view,
    .take = take,
    .end = end,
    .forget = forget,
    .deliver = deliver_segments,
};
