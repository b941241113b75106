/* Strings with wildcards, as Sigma writes and compares them: letters of ASCII in either case. */
#include "verify/sigma/private.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* A backslash before '*', '?' or another backslash makes it plain; before anything else it stands
 * for itself. Source: Sigma specification, "Value Modifiers", escaping. */
static void compile_char(struct buf *out, struct str text, size_t *at, struct glob *g)
{
    char c = text.ptr[*at], next = *at + 1 < text.len ? text.ptr[*at + 1] : 0;

    if (c == '\\' && (next == '*' || next == '?' || next == '\\')) {
        buf_add_char(out, next);
        (*at)++;
    } else if (c == '*' || c == '?') {
        buf_add_char(out, c == '*' ? GLOB_ANY : GLOB_ONE);
        g->is_plain = false;
    } else {
        buf_add_char(out, g->is_cased ? c : lower(c));
    }
}

struct glob glob_compile(struct arena *a, struct str text, int ends, bool is_cased)
{
    struct glob g = { .is_plain = ends == GLOB_WHOLE, .is_cased = is_cased };
    struct buf out = { 0 };

    if (ends & GLOB_OPEN_START)
        buf_add_char(&out, GLOB_ANY);
    for (size_t i = 0; i < text.len; i++)
        compile_char(&out, text, &i, &g);
    if (ends & GLOB_OPEN_END)
        buf_add_char(&out, GLOB_ANY);
    g.pattern = arena_copy(a, buf_view(&out));
    buf_free(&out);
    return g;
}

static bool same(const struct glob *g, size_t i, char c)
{
    return g->pattern.ptr[i] == (g->is_cased ? c : lower(c));
}

static bool match_plain(const struct glob *g, struct str s)
{
    if (g->pattern.len != s.len)
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!same(g, i, s.ptr[i]))
            return false;
    return true;
}

/* After a mismatch the last '*' takes one byte more: no recursion, and at worst len x len. */
static bool match_wild(const struct glob *g, struct str s)
{
    size_t i = 0, j = 0, star = SIZE_MAX, behind_star = 0;

    while (j < s.len) {
        if (i < g->pattern.len && g->pattern.ptr[i] == GLOB_ANY) {
            star = i++;
            behind_star = j;
        } else if (i < g->pattern.len && (g->pattern.ptr[i] == GLOB_ONE || same(g, i, s.ptr[j]))) {
            i++;
            j++;
        } else if (star != SIZE_MAX) {
            i = star + 1;
            j = ++behind_star;
        } else {
            return false;
        }
    }
    while (i < g->pattern.len && g->pattern.ptr[i] == GLOB_ANY)
        i++;
    return i == g->pattern.len;
}

/* Nothing but '*' asks for a value that is not empty. */
static bool asks_for_anything(const struct glob *g)
{
    for (size_t i = 0; i < g->pattern.len; i++)
        if (g->pattern.ptr[i] != GLOB_ANY)
            return false;
    return g->pattern.len > 0;
}

bool glob_match(const struct glob *g, struct str s)
{
    if (g->is_plain)
        return match_plain(g, s);
    return match_wild(g, s) && (s.len > 0 || !asks_for_anything(g));
}
