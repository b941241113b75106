#include "verify/records/check.h"

#include "core/base/mem.h"
#include "verify/records/form.h"

static void add_note(struct file_notes *out, struct note n)
{
    out->total++;
    if (++out->counts[n.rule] > NOTES_OF_RULE)
        return;
    if (out->count == out->cap) {
        out->cap = out->cap ? 2 * out->cap : 16;
        out->notes = mem_realloc(out->notes, out->cap * sizeof *out->notes);
    }
    out->notes[out->count++] = n;
}

void note(struct check *c, enum rule rule, const char *member, const char *fmt, ...)
{
    struct arena *a = &c->out->arena;
    struct note n = { .rule = rule, .record = c->r->number };

    if (c->out->counts[rule] < NOTES_OF_RULE) {
        va_list ap;

        va_start(ap, fmt);
        n.text = arena_vprintf(a, fmt, ap);
        va_end(ap);
        n.member = arena_copy(a, str_c(member));
    }
    add_note(c->out, n);
}

void note_file(struct file_notes *out, enum rule rule, const char *fmt, ...)
{
    struct note n = { .rule = rule, .member = STR("") };
    va_list ap;

    va_start(ap, fmt);
    n.text = arena_vprintf(&out->arena, fmt, ap);
    va_end(ap);
    add_note(out, n);
}

void file_notes_free(struct file_notes *n)
{
    arena_free(&n->arena);
    mem_free(n->notes);
    *n = (struct file_notes){ 0 };
}

/* Most records are of the same day as the one before. */
int64_t check_time_of(struct checker *k, const struct scan_record *r)
{
    struct str s = scan_top_str(r, SCAN_EVENT_TIME);
    int64_t ms;

    if (s.len == 20 && memcmp(s.ptr, k->day, sizeof k->day) == 0 && s.ptr[13] == ':' &&
        s.ptr[16] == ':' && s.ptr[19] == 'Z') {
        const char *p = s.ptr;
        unsigned d[6] = {
            (unsigned)(p[11] - '0'), (unsigned)(p[12] - '0'), (unsigned)(p[14] - '0'),
            (unsigned)(p[15] - '0'), (unsigned)(p[17] - '0'), (unsigned)(p[18] - '0')
        };
        unsigned hour = 10 * d[0] + d[1], minute = 10 * d[2] + d[3], second = 10 * d[4] + d[5];

        if (d[0] <= 2 && d[1] <= 9 && d[2] <= 5 && d[3] <= 9 && d[4] <= 5 && d[5] <= 9 && hour < 24)
            return k->day_ms + 1000 * (int64_t)(3600 * hour + 60 * minute + second);
    }
    if (!form_time(s, &ms))
        return INT64_MIN;
    memcpy(k->day, s.ptr, sizeof k->day);
    k->day_ms = ms - ms % (24 * 3600 * 1000);
    return ms;
}

void check_record(struct checker *k, struct file_notes *out, const struct scan_record *r)
{
    struct check c = { .checker = k, .out = out, .file = out->file, .r = r };

    check_members(&c);
    check_forms(&c);
    check_consistency(&c);
    check_key(&c);
    check_identity(&c);
    check_resources(&c);
}
