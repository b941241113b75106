/* %regex% in patterns: the documented subset of expressions, run by PCRE2. */
#include "emulator/services/logs/log_pattern_parts.h"
#include "emulator/services/logs/log_regex.h"

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

int lex_regex(struct lex *s, struct log_regex **out)
{
    size_t from = ++s->at, end = from;

    while (end < s->text.len && s->text.ptr[end] != '%')
        end++;
    if (end == s->text.len)
        return lex_fail(s, "a closing % is missing");
    struct str text = str_sub(s->text, from, end - from);
    if (!is_documented(text))
        return lex_fail(s, "an expression that is not of the supported regex syntax");
    if (log_regex_compile(s->a, text, out, NULL) < 0)
        return lex_fail(s, "a regular expression that is not well-formed");
    s->at = end + 1;
    s->regex_count++;
    return 0;
}
