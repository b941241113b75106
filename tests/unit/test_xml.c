#include "core/codec/xml.h"

#include "core/base/limits.h"
#include "tests/unit/check.h"

/* The tree as (name @attr=value "text" children...), or the error's text. */
static const struct read_case {
    const char *name, *text, *want;
    int rc;
} reads[] = {
    { "an empty element", "<a/>", "(a)", 0 },
    { "text", "<a>x</a>", "(a \"x\")", 0 },
    { "children in order", "<a><b/><c/><b/></a>", "(a (b) (c) (b))", 0 },
    { "text is joined around children", "<a>x<b/>y</a>", "(a \"xy\" (b))", 0 },
    { "text of a child is its own", "<a>x<b>z</b>y</a>", "(a \"xy\" (b \"z\"))", 0 },
    { "CDATA is text", "<a><![CDATA[<&]]>x</a>", "(a \"<&x\")", 0 },
    { "the five entities", "<a>&lt;&gt;&amp;&quot;&apos;</a>", "(a \"<>&\"'\")", 0 },
    { "character references", "<a>&#233;&#x20AC;</a>", "(a \"\xc3\xa9\xe2\x82\xac\")", 0 },
    { "CR LF is one LF", "<a>x\r\ny</a>", "(a \"x\ny\")", 0 },
    { "a declaration and comments", "<?xml version=\"1.0\" encoding=\"UTF-8\"?><!-- x --><a/>",
      "(a)", 0 },
    { "attributes in order", "<a y='1' x='&amp;'/>", "(a @y=1 @x=&)", 0 },
    { "a prefix stays in the name", "<s:a xmlns:s='u'><s:b/></s:a>", "(s:a @xmlns:s=u (s:b))", 0 },
    { "Latin-1 when it says so", "<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe9</a>",
      "(a \"\xc3\xa9\")", 0 },
    { "nothing", "", "xml line 1: no element found", E_PARSE },
    { "a wrong end", "<a>\n<b></a>", "xml line 2: mismatched tag", E_PARSE },
    { "an open element", "<a>", "xml line 1: no element found", E_PARSE },
    { "two roots", "<a/><b/>", "xml line 1: junk after document element", E_PARSE },
    { "text outside", "x", "xml line 1: syntax error", E_PARSE },
    { "an unknown entity", "<a>&nbsp;</a>", "xml line 1: undefined entity", E_PARSE },
    { "a NUL by reference", "<a>&#0;</a>", "xml line 1: reference to invalid character number",
      E_PARSE },
    { "invalid UTF-8", "<a>\xff</a>", "xml line 1: not well-formed (invalid token)", E_PARSE },
    { "one attribute twice", "<a x='1' x='2'/>", "xml line 1: duplicate attribute", E_PARSE },
    { "a DOCTYPE", "<!DOCTYPE a><a/>", "xml line 1: a DOCTYPE is not accepted", E_PARSE },
    { "entities of one's own", "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
      "xml line 1: a DOCTYPE is not accepted", E_PARSE },
    { "a file from outside", "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
      "xml line 1: a DOCTYPE is not accepted", E_PARSE },
};

static void show(struct buf *out, const struct xml_node *n)
{
    buf_printf(out, "(%.*s", STR_ARG(n->name));
    for (const struct xml_attr *at = n->attrs; at; at = at->next)
        buf_printf(out, " @%.*s=%.*s", STR_ARG(at->name), STR_ARG(at->value));
    if (n->text.len)
        buf_printf(out, " \"%.*s\"", STR_ARG(n->text));
    for (const struct xml_node *k = n->first; k; k = k->next) {
        buf_add_char(out, ' ');
        show(out, k);
    }
    buf_add_char(out, ')');
}

static void check_read(void **state)
{
    const struct read_case *c = *state;
    struct arena a = { 0 };
    struct buf got = { 0 };
    struct err err = { 0 };
    struct xml_node *root = NULL;

    assert_int_equal(xml_parse(&a, str_c(c->text), &root, &err), c->rc);
    assert_int_equal(err.code, c->rc);
    if (c->rc == 0)
        show(&got, root);
    check_str(c->rc == 0 ? buf_view(&got) : str_c(err.text), c->want);
    buf_free(&got);
    arena_free(&a);
}

static const struct text_case {
    const char *name;
    struct str text;
    const char *want;
} texts[] = {
    { "plain text", { "a b", 3 }, "a b" },
    { "no text", { NULL, 0 }, "" },
    { "the characters of markup", { "<&>\"", 4 }, "&lt;&amp;&gt;&quot;" },
    { "an apostrophe stays", { "it's", 4 }, "it's" },
    { "CR would be lost", { "\r\n\t", 3 }, "&#13;\n\t" },
    { "a control",
      { "a\1b", 3 },
      "a\xef\xbf\xbd"
      "b" },
    { "U+FFFE is one character", { "\xef\xbf\xbe", 3 }, "\xef\xbf\xbd" },
    { "a broken byte", { "\xff<", 2 }, "\xef\xbf\xbd&lt;" },
    { "UTF-8 stays", { "\xc3\xa9", 2 }, "\xc3\xa9" },
};

static void check_text(void **state)
{
    const struct text_case *c = *state;
    struct buf got = { 0 };

    xml_text(&got, c->text);
    check_str(buf_view(&got), c->want);
    buf_free(&got);
}

static void check_tags(void **state)
{
    (void)state;
    struct buf got = { 0 };

    xml_open(&got, STR("a"));
    xml_empty(&got, STR("b"));
    xml_element(&got, STR("c"), STR("<"));
    xml_close(&got, STR("a"));
    check_str(buf_view(&got), "<a><b/><c>&lt;</c></a>");
    buf_free(&got);
}

static void check_nesting(void **state)
{
    (void)state;
    struct arena a = { 0 };
    struct buf text = { 0 };
    struct err err = { 0 };
    struct xml_node *root;

    for (int i = 0; i < LIMIT_NESTING; i++)
        buf_add_c(&text, "<a>");
    for (int i = 0; i < LIMIT_NESTING; i++)
        buf_add_c(&text, "</a>");
    assert_int_equal(xml_parse(&a, buf_view(&text), &root, &err), 0);
    memcpy(text.ptr + 3 * (LIMIT_NESTING - 1), "<a><a></a></a>", 14); /* one more, well-formed */
    assert_int_equal(xml_parse(&a, buf_view(&text), &root, &err), E_LIMIT);
    buf_free(&text);
    arena_free(&a);
}

static void check_finding(void **state)
{
    (void)state;
    struct arena a = { 0 };
    struct xml_node *root;

    assert_int_equal(xml_parse(&a, STR("<r><x:k i='1'/><k i='2'/></r>"), &root, NULL), 0);
    check_str(xml_attr_get(xml_child(root, STR("k")), STR("i")), "1"); /* whatever its prefix */
    check_str(xml_attr_get(xml_child(root, STR("k")), STR("j")), "");
    assert_null(xml_child(root, STR("x:k")));
    assert_null(xml_child(NULL, STR("k")));
    arena_free(&a);
}

int main(void)
{
    struct check_suite s = { 0 };

    CHECK_ROWS(&s, reads, check_read);
    CHECK_ROWS(&s, texts, check_text);
    check_add(&s, "tags are written", check_tags);
    check_add(&s, "nesting up to the limit", check_nesting);
    check_add(&s, "children and attributes are found", check_finding);
    return check_run(&s, "xml");
}
