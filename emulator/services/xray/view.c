/* A segment for each call that was answered, with a subsegment for each call that a service made
 * for it. Calls to X-Ray itself make none, as the SDKs and the daemon do not trace theirs. */
#include <stdio.h>

#include "core/base/mem.h"
#include "core/codec/json.h"
#include "emulator/services/xray/deliver.h"
#include "emulator/services/xray/names.h"
#include "emulator/services/xray/xray.h"
#include "emulator/telemetry/telemetry.h"

#define PENDING       "xray.pending"
#define STREAM        0x78726179ull << 32 /* this view's own chance, whatever others draw */
#define INNER_MOST    1000                /* without their outer call: it will not come any more */
#define MESSAGE_BYTES 1000u

/* A call that was made for one whose record comes later: its subsegment without the last brace. */
struct inner {
    uint64_t seq, parent_seq;
    struct str text;
};

struct xray_view {
    struct arena a, inner_arena;
    struct names *names;
    struct intake in;
    struct inner *inner;
    size_t inner_count;
    bool inner_changed; /* since they were stored */
};

static struct xray_view *self(const struct engine *e)
{
    return *telemetry_state(e, VIEW_ID_xray);
}

/* ---- a document ---- */

static void add_text(struct buf *b, const char *name, struct str text)
{
    if (text.len == 0)
        return;
    buf_printf(b, "\"%s\":", name);
    json_add_string(b, text);
    buf_add_char(b, ',');
}

static void add_time(struct buf *b, const char *name, int64_t us)
{
    buf_printf(b, "\"%s\":", name);
    json_add_double(b, (double)us / 1e6);
    buf_add_char(b, ',');
}

static void end_object(struct buf *b, const char *end)
{
    if (b->ptr[b->len - 1] == ',')
        b->len--;
    buf_add_c(b, end);
}

static void add_http(struct buf *b, const struct pass *p, const struct names_entry *n,
                     bool is_inner)
{
    const struct record_facts *f = &p->entry->facts;
    const struct value *record = pass_record((struct pass *)p);
    struct str host = value_get_str(value_get_c(record, "tlsDetails"), "clientProvidedHostHeader");

    buf_add_c(b, "\"http\":{\"request\":{");
    add_text(b, "method", names_method(self(p->e)->names, n, f->event_name));
    buf_add_c(b, "\"url\":\"https://");
    buf_add(b, host.len > 0 ? host : f->event_source);
    buf_add_c(b, "/\",");
    if (!is_inner) {
        add_text(b, "user_agent", value_get_str(record, "userAgent"));
        add_text(b, "client_ip", value_get_str(record, "sourceIPAddress"));
    }
    end_object(b, "},\"response\":{\"status\":");
    buf_add_u64(b, f->status);
    buf_add_c(b, "}},");
}

/* Source: X-Ray Developer Guide, "AWS X-Ray segment documents": error 4XX, throttle 429, fault 5XX.
 */
static void add_failure(struct buf *b, const struct pass *p, struct rng *rng)
{
    const struct record_facts *f = &p->entry->facts;
    struct str message = value_get_str(pass_record((struct pass *)p), "errorMessage");

    if (f->status < 400)
        return;
    buf_add_c(b, f->status < 500 ? "\"error\":true," : "\"fault\":true,");
    if (f->status == 429)
        buf_add_c(b, "\"throttle\":true,");
    buf_add_c(b, "\"cause\":{\"exceptions\":[{");
    add_text(b, "id", xray_new_segment_id(p->a, rng));
    add_text(b, "type", f->error_code);
    add_text(b, "message", str_sub(message, 0, MESSAGE_BYTES));
    end_object(b, "}]},");
}

static void add_aws(struct buf *b, const struct record_facts *f)
{
    buf_add_c(b, "\"aws\":{");
    add_text(b, "operation", f->event_name);
    add_text(b, "region", f->region);
    add_text(b, "account_id", f->account);
    add_text(b, "request_id", f->request_id);
    end_object(b, "},");
}

/* Without its last brace. */
static void add_document(struct buf *b, const struct pass *p, const struct xray_header *h,
                         struct rng *rng)
{
    const struct record_facts *f = &p->entry->facts;
    const struct names_entry *n = names_of(self(p->e)->names, f->event_source);
    int64_t start_us = f->time_ms * 1000;

    buf_add_char(b, '{');
    add_text(b, "id", xray_new_segment_id(p->a, rng));
    add_text(b, "name", n->name);
    add_time(b, "start_time", start_us);
    add_time(b, "end_time", start_us + f->duration_us);
    if (h) {
        add_text(b, "trace_id", h->root);
        add_text(b, "parent_id", h->parent);
        add_text(b, "origin", n->origin);
        add_text(b, "user", str_sub(f->user_name, 0, 250));
    } else {
        buf_add_c(b, "\"namespace\":\"aws\",");
    }
    add_http(b, p, n, !h);
    add_failure(b, p, rng);
    add_aws(b, f);
    end_object(b, "");
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

static void take_call(struct pass *p, struct xray_view *v, struct buf *b)
{
    const struct record_facts *f = &p->entry->facts;
    struct xray_header h = xray_header_parse(f->trace_header);
    struct rng rng;

    engine_chance(p->e, STREAM ^ p->entry->position, &rng);
    if (f->parent_seq != 0) {
        add_document(b, p, NULL, &rng);
        adopt(v, b, p->entry->seq);
        keep_inner(v, p->entry->seq, f->parent_seq, buf_view(b));
        return;
    }
    if (h.root.len == 0 || !xray_trace_is_current(h.root, f->time_ms))
        h = (struct xray_header){ .root = xray_new_trace_id(p->a, &rng, f->time_ms),
                                  .sampled = h.sampled };
    add_document(b, p, &h, &rng);
    adopt(v, b, p->entry->seq);
    buf_add_char(b, '}');
    if (h.sampled == XRAY_NOT_SAMPLED)
        return;
    v->in.a = p->batch;
    intake_add(&v->in,
               &(struct intake_document){ .place = { f->account, f->region },
                                          .trace_id = h.root,
                                          .text = buf_view(b),
                                          .at_ms = f->time_ms,
                                          .number = xray_number_of_record(p->entry->position) });
}

static int take(struct pass *p, struct err *err)
{
    const struct record_facts *f = &p->entry->facts;
    struct buf b = { 0 };

    (void)err; /* what is stored is stored in end */
    if (p->entry->recipient > 0 || f->status == 0 || str_eq_c(f->event_source, XRAY_SOURCE))
        return 0;
    take_call(p, self(p->e), &b);
    buf_free(&b);
    return 0;
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
