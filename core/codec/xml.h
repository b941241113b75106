/* core/codec/xml - XML text -> a tree of elements (expat), and a small writer.
 *
 * No DTD, no entities but the five of XML (a DOCTYPE is E_PARSE), nesting held to LIMIT_NESTING,
 * size to LIMIT_XML_BYTES. Namespace prefixes are kept in names as written.
 */
#pragma once

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/arena.h"

struct xml_attr {
    struct str name, value;
    struct xml_attr *next;
};
struct xml_node {
    struct str name;  /* as written, with prefix */
    struct str local; /* behind the last ':' */
    struct str text;  /* all character data of this element, joined */
    struct xml_attr *attrs;
    struct xml_node *first, *last, *next;
};

int xml_parse(struct arena *a, struct str text, struct xml_node **out, struct err *err);
struct xml_node *xml_child(const struct xml_node *n,
                           struct str local); /* first of that name, or NULL */
struct str xml_attr_get(const struct xml_node *n, struct str name); /* empty if absent */

void xml_open(struct buf *out, struct str name);  /* <name> */
void xml_close(struct buf *out, struct str name); /* </name> */
void xml_empty(struct buf *out, struct str name); /* <name/> */
/* Character data escaped; characters XML 1.0 can't hold become U+FFFD. Safe inside "..." too. */
void xml_text(struct buf *out, struct str text);
void xml_element(struct buf *out, struct str name, struct str text); /* <name>text</name> */
