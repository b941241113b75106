/* %regex% in patterns: the documented subset of expressions, run by PCRE2. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "emulator/services/logs/log_pattern_parts.h"

#define MATCH_LIMIT 100000u /* steps; past them the value does not match */

struct log_pattern_regex {
    pcre2_code *code;
};

/* PCRE2's memory lives and ends with an arena. */
static void *take_memory(size_t size, void *arena)
{
    return arena_alloc(arena, size);
}

static void keep_memory(void *memory, void *arena)
{
    (void)memory;
    (void)arena;
}

/* Source: CloudWatch Logs User Guide, "Supported regular expressions (regex) syntax": letters,
 * digits, these symbols, these operators, and behind a backslash an operator or one of d D s S w W
 * xHH. No parentheses, nothing of more than one byte. */
static bool is_symbol(char c)
{
    return c && strchr(":_#=@/;,-", c);
}

static bool is_operator(char c)
{
    return c && strchr("^$?[]{}|\\*+.", c);
}

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_hex(int c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* How many characters the escape at i takes; 0: not a documented one. */
static size_t escape_len(struct str text, size_t i)
{
    char c = i + 1 < text.len ? text.ptr[i + 1] : 0;

    if (c == 'x')
        return i + 3 < text.len && is_hex(text.ptr[i + 2]) && is_hex(text.ptr[i + 3]) ? 4 : 0;
    return (c && strchr("dDsSwW", c)) || is_operator(c) || is_symbol(c) ? 2 : 0;
}

static bool is_documented(struct str text)
{
    for (size_t i = 0, n; i < text.len; i += n) {
        char c = text.ptr[i];
        n = c == '\\' ? escape_len(text, i) : is_alnum(c) || is_symbol(c) || is_operator(c);
        /* (?...) can't be, and these would turn a class into one of PCRE's own: [[:alpha:]] */
        if (n == 0 || str_has_prefix(str_sub(text, i, 2), STR("[:")) ||
            str_has_prefix(str_sub(text, i, 2), STR("[=")))
            return false;
    }
    return text.len > 0;
}

int lex_regex(struct lex *s, struct log_pattern_regex **out)
{
    size_t from = ++s->at, end = from, where;
    int number;

    while (end < s->text.len && s->text.ptr[end] != '%')
        end++;
    if (end == s->text.len)
        return lex_fail(s, "a closing % is missing");
    struct str text = str_sub(s->text, from, end - from);
    if (!is_documented(text))
        return lex_fail(s, "an expression that is not of the supported regex syntax");
    pcre2_general_context *memory = pcre2_general_context_create(take_memory, keep_memory, s->a);
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)text.ptr, text.len, PCRE2_NEVER_BACKSLASH_C,
                                     &number, &where, pcre2_compile_context_create(memory));
    if (!code)
        return lex_fail(s, "a regular expression that is not well-formed");
    s->at = end + 1;
    s->regex_count++;
    *out = arena_alloc(s->a, sizeof **out);
    (*out)->code = code;
    return 0;
}

bool log_pattern_regex_match(const struct log_pattern_regex *r, struct arena *a, struct str text)
{
    pcre2_general_context *memory = pcre2_general_context_create(take_memory, keep_memory, a);
    pcre2_match_context *context = pcre2_match_context_create(memory);
    pcre2_match_data *found = pcre2_match_data_create(1, memory);

    (void)pcre2_set_match_limit(context, MATCH_LIMIT); /* it answers 0 always */
    return pcre2_match(r->code, (PCRE2_SPTR)(text.ptr ? text.ptr : ""), text.len, 0, 0, found,
                       context) >= 0;
}
