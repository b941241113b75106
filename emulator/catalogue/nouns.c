#include "emulator/catalogue/nouns.h"

struct str noun_normal(struct arena *a, struct str name)
{
    char *out = arena_alloc(a, name.len + 1);
    size_t len = 0;

    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            out[len++] = c;
    }
    return (struct str){ out, len };
}

/* A form of a name: what is left of it, and what takes the place of its end. */
struct form {
    struct str stem, ending;
};

static const struct ending {
    const char *plural, *singular;
} endings[] = {
    { "", "" },  { "ies", "y" }, { "yses", "ysis" }, { "es", "" },
    { "s", "" }, { "v1", "" },   { "v2", "" },       { "ices", "ex" },
};

static bool form_of(struct str name, const struct ending *e, struct form *out)
{
    struct str plural = str_c(e->plural);

    if (!str_has_suffix(name, plural) || name.len == plural.len)
        return false;
    *out = (struct form){ str_sub(name, 0, name.len - plural.len), str_c(e->singular) };
    return true;
}

static char form_at(const struct form *f, size_t i)
{
    return i < f->stem.len ? f->stem.ptr[i] : f->ending.ptr[i - f->stem.len];
}

static bool form_eq(const struct form *a, const struct form *b)
{
    size_t len = a->stem.len + a->ending.len;

    if (len != b->stem.len + b->ending.len)
        return false;
    for (size_t i = 0; i < len; i++)
        if (form_at(a, i) != form_at(b, i))
            return false;
    return true;
}

bool noun_meets(struct str left, struct str right)
{
    struct form a, b;

    if (left.len == 0 || right.len == 0)
        return false;
    for (size_t i = 0; i < COUNT(endings); i++)
        for (size_t j = 0; j < COUNT(endings); j++)
            if (form_of(left, &endings[i], &a) && form_of(right, &endings[j], &b) &&
                form_eq(&a, &b))
                return true;
    return false;
}

static struct str cut_end(struct str s, size_t len)
{
    return str_sub(s, 0, s.len - len);
}

static const char *const kinds[] = {
    "identifier", "arn", "id", "name", "url", "key", "ref", "number", "alias", "version",
};

struct str noun_identity(struct str noun, struct str member)
{
    struct str rest = member;

    if (rest.len > noun.len && str_has_prefix(rest, noun))
        rest = str_sub(rest, noun.len, rest.len);
    if (str_eq_c(rest, "resourcearn") || str_eq_c(rest, "resourceid"))
        rest = str_sub(rest, strlen("resource"), rest.len);
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct str kind = str_c(kinds[i]);

        if (!str_has_suffix(rest, kind))
            continue;
        struct str head = cut_end(rest, kind.len);

        if (head.len == 0 || str_has_suffix(noun, head))
            return i == 0 ? STR("id") : kind;
    }
    return (struct str){ 0 };
}
