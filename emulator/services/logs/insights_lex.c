#include "emulator/services/logs/insights_lex.h"

#include "core/base/buf.h"

int ins_fail(struct ins_lex *l, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    struct str text = arena_vprintf(l->a, fmt, ap);
    va_end(ap);
    return err_set(l->err, E_PARSE, "%.*s", STR_ARG(text));
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool begins_line(const struct ins_lex *l)
{
    for (size_t i = l->at; i > 0 && l->text.ptr[i - 1] != '\n'; i--)
        if (!is_blank(l->text.ptr[i - 1]))
            return false;
    return true;
}

void ins_blanks(struct ins_lex *l)
{
    for (; l->at < l->text.len; l->at++) {
        char c = l->text.ptr[l->at];
        if (c == '#' && begins_line(l)) {
            while (l->at + 1 < l->text.len && l->text.ptr[l->at + 1] != '\n')
                l->at++;
        } else if (!is_blank(c)) {
            return;
        }
    }
}

int ins_peek(struct ins_lex *l)
{
    ins_blanks(l);
    return l->at < l->text.len ? (unsigned char)l->text.ptr[l->at] : -1;
}

bool ins_take(struct ins_lex *l, const char *mark)
{
    ins_blanks(l);
    if (!str_has_prefix(str_sub(l->text, l->at, l->text.len), str_c(mark)))
        return false;
    l->at += strlen(mark);
    return true;
}

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '@';
}

bool ins_take_word(struct ins_lex *l, const char *word)
{
    size_t len = strlen(word);

    ins_blanks(l);
    struct str here = str_sub(l->text, l->at, len);
    if (!str_eq_nocase(here, str_c(word)) ||
        (l->at + len < l->text.len && is_name(l->text.ptr[l->at + len])))
        return false;
    l->at += len;
    return true;
}

/* Source: the guide, "Query syntax": names of other characters stand in backticks. */
struct str ins_name(struct ins_lex *l)
{
    ins_blanks(l);
    size_t from = l->at;
    if (l->at < l->text.len && l->text.ptr[l->at] == '`') {
        ptrdiff_t end = str_find(str_sub(l->text, from + 1, l->text.len), STR("`"));
        if (end <= 0)
            return (struct str){ 0 };
        l->at += (size_t)end + 2;
        return str_sub(l->text, from + 1, (size_t)end);
    }
    while (l->at < l->text.len && is_name(l->text.ptr[l->at]))
        l->at++;
    return str_sub(l->text, from, l->at - from);
}

int ins_string(struct ins_lex *l, struct str *out)
{
    struct buf b = { 0 };
    char quote = (char)ins_peek(l);
    bool is_closed = false;

    for (l->at++; !is_closed && l->at < l->text.len; l->at++) {
        char c = l->text.ptr[l->at];
        char next = l->at + 1 < l->text.len ? l->text.ptr[l->at + 1] : 0;
        if (c == '\\' && (next == quote || next == '\\')) {
            buf_add_char(&b, next);
            l->at++;
        } else if (c == quote) {
            is_closed = true;
        } else {
            buf_add_char(&b, c);
        }
    }
    *out = arena_copy(l->a, buf_view(&b));
    buf_free(&b);
    return is_closed ? 0 : ins_fail(l, "a closing quote is missing");
}

/* Everything up to the next slash that no backslash stands before. */
int ins_regex(struct ins_lex *l, struct log_regex **out)
{
    struct err why = { 0 };
    size_t from = ++l->at;

    while (l->at < l->text.len && l->text.ptr[l->at] != '/')
        l->at += l->text.ptr[l->at] == '\\' ? 2 : 1;
    if (l->at >= l->text.len)
        return ins_fail(l, "a closing / is missing");
    struct str text = str_sub(l->text, from, l->at - from);
    l->at++;
    return log_regex_compile(l->a, text, out, &why) < 0 ? ins_fail(l, "%s", why.text) : 0;
}

int ins_count(struct ins_lex *l, int64_t *out)
{
    struct str digits = ins_name(l);

    return str_to_i64(digits, out) && *out > 0 ? 0 : ins_fail(l, "a number above 0 is missing");
}

size_t ins_slot(struct ins_lex *l, struct str name)
{
    struct insights_query *q = l->query;

    for (size_t i = 0; i < q->slot_count; i++)
        if (str_eq(q->slots[i], name))
            return i;
    struct str *slots = arena_array(l->a, q->slot_count + 1, sizeof *slots);
    if (q->slot_count > 0)
        memcpy(slots, q->slots, q->slot_count * sizeof *slots);
    slots[q->slot_count] = arena_copy(l->a, name);
    q->slots = slots;
    return q->slot_count++;
}

struct str ins_source(struct ins_lex *l, size_t from)
{
    return str_trim(str_sub(l->text, from, l->at - from));
}
