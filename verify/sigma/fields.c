/* The values at a path. A list on the way or at the end stands for each of its elements; a member
 * whose name holds the dots wins over nesting. */
#include "verify/sigma/private.h"

#include "core/codec/json.h"

struct walk {
    const struct field *field;
    field_fn *fn;
    void *arg;
};

static struct str rest_of_path(const struct field *f, size_t step)
{
    const char *from = f->steps[step].ptr;

    return (struct str){ from, f->path.len - (size_t)(from - f->path.ptr) };
}

static bool walk(const struct walk *w, const struct scan_node *n, size_t step)
{
    const struct scan_node *kid;

    if (!n)
        return false;
    if (n->kind == SCAN_LIST) {
        for (kid = scan_first(n); kid; kid = scan_after(n, kid))
            if (walk(w, kid, step))
                return true;
        return false;
    }
    if (step == w->field->step_count)
        return w->fn(w->arg, n);
    if (n->kind != SCAN_MAP)
        return false;
    kid = step + 1 < w->field->step_count ? scan_get(n, rest_of_path(w->field, step)) : NULL;
    if (kid)
        return walk(w, kid, w->field->step_count);
    return walk(w, scan_get(n, w->field->steps[step]), step + 1);
}

bool field_each(const struct field *f, const struct scan_record *r, field_fn *fn, void *arg)
{
    const struct walk w = { f, fn, arg };

    if (f->top < SCAN_MEMBERS && (f->step_count == 1 || !r->top_dotted))
        return walk(&w, scan_top(r, f->top), 1);
    return walk(&w, &r->nodes[0], 0);
}

/* The object read and written again: as compact as it can be, escapes resolved. */
static struct str compact(struct arena *a, const struct scan_node *n)
{
    struct value *v;
    struct buf out = { 0 };
    struct str text = scan_json(n);

    if (json_parse(a, text, &v, NULL) < 0)
        return text;
    json_write(&out, v);
    text = arena_copy(a, buf_view(&out));
    buf_free(&out);
    return text;
}

struct str field_text(struct arena *a, const struct scan_node *n)
{
    return n->kind == SCAN_MAP ? compact(a, n) : scan_text(a, n);
}

struct first {
    struct arena *a;
    struct str text;
};

static bool take_first(void *arg, const struct scan_node *n)
{
    struct first *f = arg;

    if (n->kind == SCAN_NULL)
        return false;
    f->text = field_text(f->a, n);
    return true;
}

bool field_first(struct arena *a, const struct field *f, const struct scan_record *r,
                 struct str *out)
{
    struct first first = { .a = a };
    bool found = field_each(f, r, take_first, &first);

    if (found)
        *out = first.text;
    return found;
}
