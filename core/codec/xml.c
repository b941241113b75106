#include "core/codec/xml.h"

#include <expat.h>

#include "core/base/limits.h"

/* An element that is open, and its character data so far. */
struct level {
    struct xml_node *node;
    struct buf text;
};

struct reader {
    struct arena *a;
    XML_Parser parser;
    struct level levels[LIMIT_NESTING];
    int depth;
    struct xml_node *root;
    struct err *err;
    int rc;
};

static void refuse(struct reader *r, int code, const char *why)
{
    if (r->rc == 0)
        r->rc = err_set(r->err, code, "xml line %lu: %s", XML_GetCurrentLineNumber(r->parser), why);
    (void)XML_StopParser(r->parser, XML_FALSE); /* fails only when it has stopped already */
}

static struct xml_attr *copy_attrs(struct arena *a, const XML_Char **attrs)
{
    struct xml_attr *first = NULL, **last = &first;

    for (; *attrs; attrs += 2) {
        *last = arena_alloc(a, sizeof **last);
        (*last)->name = arena_copy(a, str_c(attrs[0]));
        (*last)->value = arena_copy(a, str_c(attrs[1]));
        last = &(*last)->next;
    }
    return first;
}

static void on_start(void *user, const XML_Char *name, const XML_Char **attrs)
{
    struct reader *r = user;
    struct str prefix;

    if (r->rc < 0)
        return;
    if (r->depth == LIMIT_NESTING) {
        refuse(r, E_LIMIT, "nested too deep");
        return;
    }
    struct xml_node *node = arena_alloc(r->a, sizeof *node);

    node->name = arena_copy(r->a, str_c(name));
    if (!str_rcut(node->name, ':', &prefix, &node->local))
        node->local = node->name;
    node->attrs = copy_attrs(r->a, attrs);
    if (r->depth == 0) {
        r->root = node;
    } else {
        struct xml_node *parent = r->levels[r->depth - 1].node;

        *(parent->last ? &parent->last->next : &parent->first) = node;
        parent->last = node;
    }
    r->levels[r->depth].node = node;
    buf_clear(&r->levels[r->depth].text);
    r->depth++;
}

static void on_end(void *user, const XML_Char *name)
{
    struct reader *r = user;

    (void)name; /* expat has compared it */
    if (r->rc < 0)
        return;
    r->depth--;
    struct level *l = &r->levels[r->depth];

    l->node->text = arena_copy(r->a, buf_view(&l->text));
}

static void on_text(void *user, const XML_Char *text, int len)
{
    struct reader *r = user;

    if (r->rc == 0 && r->depth > 0)
        buf_add(&r->levels[r->depth - 1].text, (struct str){ text, (size_t)len });
}

static void on_doctype(void *user, const XML_Char *name, const XML_Char *sysid,
                       const XML_Char *pubid, int has_subset)
{
    (void)name;
    (void)sysid;
    (void)pubid;
    (void)has_subset;
    refuse(user, E_PARSE, "a DOCTYPE is not accepted");
}

static int run(struct reader *r, struct str text)
{
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, on_start, on_end);
    XML_SetCharacterDataHandler(r->parser, on_text);
    XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);

    enum XML_Status status = XML_Parse(r->parser, text.len ? text.ptr : "", (int)text.len, 1);

    if (r->rc == 0 && status != XML_STATUS_OK)
        refuse(r, E_PARSE, XML_ErrorString(XML_GetErrorCode(r->parser)));
    return r->rc;
}

int xml_parse(struct arena *a, struct str text, struct xml_node **out, struct err *err)
{
    struct reader r = { .a = a, .err = err };

    if (text.len > LIMIT_XML_BYTES)
        return err_set(err, E_LIMIT, "xml: %zu bytes, more than %llu", text.len, LIMIT_XML_BYTES);
    r.parser = XML_ParserCreate(NULL);
    if (!r.parser)
        return err_set(err, E_LIMIT, "xml: no memory for a parser");

    int rc = run(&r, text);

    if (rc == 0)
        *out = r.root;
    for (size_t i = 0; i < COUNT(r.levels); i++)
        buf_free(&r.levels[i].text);
    XML_ParserFree(r.parser);
    return rc;
}

struct xml_node *xml_child(const struct xml_node *n, struct str local)
{
    struct xml_node *k = n ? n->first : NULL;

    while (k && !str_eq(k->local, local))
        k = k->next;
    return k;
}

struct str xml_attr_get(const struct xml_node *n, struct str name)
{
    for (const struct xml_attr *at = n ? n->attrs : NULL; at; at = at->next)
        if (str_eq(at->name, name))
            return at->value;
    return STR("");
}

static void add_tag(struct buf *out, const char *before, struct str name, const char *behind)
{
    buf_add_c(out, before);
    buf_add(out, name);
    buf_add_c(out, behind);
}

void xml_open(struct buf *out, struct str name)
{
    add_tag(out, "<", name, ">");
}

void xml_close(struct buf *out, struct str name)
{
    add_tag(out, "</", name, ">");
}

void xml_empty(struct buf *out, struct str name)
{
    add_tag(out, "<", name, "/>");
}

/* What a byte is written as, or NULL when it stands for itself. A bare CR would be read as LF. */
static const char *replacement(unsigned char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\r':
        return "&#13;";
    case '\n':
    case '\t':
        return NULL;
    default:
        return c < ' ' ? "\xef\xbf\xbd" : NULL;
    }
}

/* Source: XML 1.0, 2.2 "Characters": U+FFFE and U+FFFF are none. */
static bool is_no_character(struct str s)
{
    return s.len >= 3 &&
           (memcmp(s.ptr, "\xef\xbf\xbe", 3) == 0 || memcmp(s.ptr, "\xef\xbf\xbf", 3) == 0);
}

void xml_text(struct buf *out, struct str text)
{
    size_t from = 0; /* what stands for itself is added in runs */

    for (size_t i = 0, step; i < text.len; i += step) {
        struct str rest = str_sub(text, i, text.len);
        const char *instead = replacement((unsigned char)text.ptr[i]);

        step = 1;
        if (!instead && text.ptr[i] >= ' ' && text.ptr[i] < 0x7f)
            continue;
        step = (unsigned char)text.ptr[i] < 0x80 ? 1 : str_utf8_len(rest);
        if (step == 0 || is_no_character(rest))
            instead = "\xef\xbf\xbd";
        if (step == 0)
            step = 1;
        if (instead) {
            buf_add(out, str_sub(text, from, i - from));
            buf_add_c(out, instead);
            from = i + step;
        }
    }
    buf_add(out, str_sub(text, from, text.len));
}

void xml_element(struct buf *out, struct str name, struct str text)
{
    xml_open(out, name);
    xml_text(out, text);
    xml_close(out, name);
}
