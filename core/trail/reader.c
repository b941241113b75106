#include "core/trail/reader.h"

#include "core/base/buf.h"
#include "core/base/limits.h"

/* A cursor over JSON text. No function here recurses; none reads at or behind end. */
struct scan {
    const char *at, *end;
};

static void skip_blanks(struct scan *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\r' || *s->at == '\t'))
        s->at++;
}

static bool skip_char(struct scan *s, char c)
{
    skip_blanks(s);
    if (s->at >= s->end || *s->at != c)
        return false;
    s->at++;
    return true;
}

static char peek(struct scan *s)
{
    skip_blanks(s);
    return s->at < s->end ? *s->at : '\0';
}

/* From the opening quote to behind the closing one. A quote is real when an even number of
 * backslashes stands before it. */
static bool skip_string(struct scan *s)
{
    const char *from = s->at + 1;

    for (const char *p = from; p < s->end;) {
        const char *quote = memchr(p, '"', (size_t)(s->end - p));
        if (!quote)
            return false;
        const char *back = quote;
        while (back > from && back[-1] == '\\')
            back--;
        if ((quote - back) % 2 == 0) {
            s->at = quote + 1;
            return true;
        }
        p = quote + 1;
    }
    return false;
}

static bool is_scalar_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-' || c == '+' || c == '.' ||
           c == 'E';
}

static bool skip_scalar(struct scan *s)
{
    const char *from = s->at;

    while (s->at < s->end && is_scalar_char(*s->at))
        s->at++;
    return s->at > from;
}

/* One step inside an object or array: a string, a bracket, or plain bytes. */
static bool skip_step(struct scan *s, unsigned *depth, char *closers)
{
    char c = *s->at;

    if (c == '"')
        return skip_string(s);
    if (c == '{' || c == '[') {
        if (*depth >= LIMIT_NESTING)
            return false;
        closers[(*depth)++] = c == '{' ? '}' : ']';
    } else if (c == '}' || c == ']') {
        if (closers[--*depth] != c)
            return false;
    }
    s->at++;
    return true;
}

static bool skip_value(struct scan *s)
{
    char closers[LIMIT_NESTING];
    unsigned depth = 0;
    char c = peek(s);

    if (c == '"')
        return skip_string(s);
    if (c != '{' && c != '[')
        return skip_scalar(s);
    do {
        if (!skip_step(s, &depth, closers))
            return false;
    } while (depth > 0 && s->at < s->end);
    return depth == 0;
}

/* The next member of an object whose '{' or last ',' has been passed: its raw name, the scan
 * standing at the value. False at '}' and at anything else. */
static bool next_member(struct scan *s, struct str *name)
{
    if (peek(s) != '"')
        return false;
    const char *from = s->at + 1;
    if (!skip_string(s))
        return false;
    *name = (struct str){ from, (size_t)(s->at - 1 - from) };
    return skip_char(s, ':');
}

/* Stand behind the '[' of Records. False when text is no such object. */
static bool find_records(struct scan *s)
{
    struct str name;

    if (!skip_char(s, '{'))
        return false;
    while (next_member(s, &name)) {
        if (str_eq(name, STR("Records")))
            return skip_char(s, '[');
        if (!skip_value(s) || !skip_char(s, ','))
            return false;
    }
    return false;
}

struct record_iter record_iter_start(struct str text)
{
    struct record_iter it = { .text = text };
    struct scan s = { text.ptr, text.ptr + text.len };

    it.is_lines = !find_records(&s);
    it.offset = it.is_lines ? 0 : (size_t)(s.at - text.ptr);
    return it;
}

static bool iter_break(struct record_iter *it, const char *what)
{
    it->broken = it->done = true;
    (void)err_set(&it->err, E_PARSE, "record %llu: %s", (unsigned long long)it->number + 1, what);
    return false; /* the text is kept for record_iter_end */
}

/* Behind the ']' only closing braces and blanks, or further members, may follow. */
static bool iter_finish(struct record_iter *it, struct scan *s)
{
    struct str name;

    while (skip_char(s, ','))
        if (!next_member(s, &name) || !skip_value(s))
            return iter_break(it, "a broken member behind Records");
    if (!skip_char(s, '}') || peek(s) != '\0' || s->at != s->end)
        return iter_break(it, "text behind the end of Records");
    it->done = true;
    return false;
}

bool record_iter_next(struct record_iter *it, struct str *record)
{
    struct scan s = { it->text.ptr + it->offset, it->text.ptr + it->text.len };

    if (it->done)
        return false;
    char c = peek(&s);
    if (it->is_lines && s.at == s.end) {
        it->done = true;
        return false;
    }
    if (!it->is_lines && c == ']' && it->number == 0) {
        s.at++;
        return iter_finish(it, &s);
    }
    if (!it->is_lines && it->number > 0) {
        s.at++;
        if (c == ']')
            return iter_finish(it, &s);
        if (c != ',')
            return iter_break(it, "expected ',' or ']'");
        c = peek(&s);
    }
    const char *from = s.at;
    if (c != '{' || !skip_value(&s))
        return iter_break(it, c == '{' ? "unfinished object" : "expected an object");
    *record = (struct str){ from, (size_t)(s.at - from) };
    it->offset = (size_t)(s.at - it->text.ptr);
    it->number++;
    return true;
}

int record_iter_end(const struct record_iter *it, struct err *err)
{
    return it->broken ? err_set(err, E_PARSE, "%s", it->err.text) : 0;
}

/* The value of one member of the object s stands at; the last of two of one name is not looked
 * for: records that we read have none. */
static bool enter_member(struct scan *s, struct str want)
{
    struct str name;

    if (!skip_char(s, '{'))
        return false;
    while (next_member(s, &name)) {
        if (str_eq(name, want)) {
            skip_blanks(s);
            return true;
        }
        if (!skip_value(s) || !skip_char(s, ','))
            return false;
    }
    return false;
}

struct str record_member(struct str record, struct str path)
{
    struct scan s = { record.ptr, record.ptr + record.len };
    struct str head, tail = path;

    while (tail.len > 0) {
        (void)str_cut(tail, '.', &head, &tail); /* no dot: head is the last name, tail empty */
        if (!enter_member(&s, head))
            return (struct str){ 0 };
    }
    const char *from = s.at;
    if (!skip_value(&s))
        return (struct str){ 0 };
    return (struct str){ from, (size_t)(s.at - from) };
}

static int hex4(const char *p)
{
    int n = 0;

    for (int i = 0; i < 4; i++) {
        char c = p[i];
        int d = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
        if (d < 0)
            return -1;
        n = n * 16 + d;
    }
    return n;
}

static void add_utf8(struct buf *b, unsigned cp)
{
    if (cp < 0x80) {
        buf_add_char(b, (char)cp);
    } else if (cp < 0x800) {
        buf_add_char(b, (char)(0xc0 | cp >> 6));
        buf_add_char(b, (char)(0x80 | (cp & 0x3f)));
    } else if (cp < 0x10000) {
        buf_add_char(b, (char)(0xe0 | cp >> 12));
        buf_add_char(b, (char)(0x80 | (cp >> 6 & 0x3f)));
        buf_add_char(b, (char)(0x80 | (cp & 0x3f)));
    } else {
        buf_add_char(b, (char)(0xf0 | cp >> 18));
        buf_add_char(b, (char)(0x80 | (cp >> 12 & 0x3f)));
        buf_add_char(b, (char)(0x80 | (cp >> 6 & 0x3f)));
        buf_add_char(b, (char)(0x80 | (cp & 0x3f)));
    }
}

/* The four digits behind \u, and a second escape when they are half of a pair. A lone half becomes
 * U+FFFD. Returns how many bytes of s were used. */
static size_t add_unicode(struct buf *b, struct str s)
{
    int high = s.len >= 4 ? hex4(s.ptr) : -1;

    if (high < 0) {
        add_utf8(b, 0xfffd);
        return 0;
    }
    if (high < 0xd800 || high > 0xdfff) {
        add_utf8(b, (unsigned)high);
        return 4;
    }
    int low = s.len >= 10 && s.ptr[4] == '\\' && s.ptr[5] == 'u' ? hex4(s.ptr + 6) : -1;
    if (high > 0xdbff || low < 0xdc00 || low > 0xdfff) {
        add_utf8(b, 0xfffd);
        return 4;
    }
    add_utf8(b, 0x10000u + ((unsigned)(high - 0xd800) << 10) + (unsigned)(low - 0xdc00));
    return 10;
}

static void unescape(struct buf *b, struct str s)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";

    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] != '\\' || i + 1 >= s.len) {
            buf_add_char(b, s.ptr[i]);
            continue;
        }
        char c = s.ptr[++i];
        const char *hit = memchr(from, c, sizeof from - 1);
        if (c == 'u')
            i += add_unicode(b, str_sub(s, i + 1, s.len));
        else
            buf_add_char(b, hit ? to[hit - from] : c);
    }
}

struct str record_unescape(struct arena *a, struct str raw)
{
    struct buf b = { 0 };

    if (!memchr(raw.ptr, '\\', raw.len))
        return arena_copy(a, raw);
    unescape(&b, raw);
    struct str text = arena_copy(a, buf_view(&b));
    buf_free(&b);
    return text;
}

struct str record_text(struct arena *a, struct str record, struct str path)
{
    struct str raw = record_member(record, path);

    if (raw.len < 2 || raw.ptr[0] != '"')
        return (struct str){ 0 };
    return record_unescape(a, str_sub(raw, 1, raw.len - 2));
}
