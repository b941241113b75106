/* emulator/wire/xml_body - XML bodies of query, ec2 (answers) and rest-xml (both ways). */
#pragma once

#include "core/codec/xml.h"
#include "emulator/wire/scalar.h"

/* How one service's XML looks. */
struct xml_style {
    struct scalar_style scalar;
    bool body_only; /* at the root: members bound to headers, the status or labels are left out */
};

/* An element's content by the shape, into *out. E_PARSE when a scalar is not of its type. */
int xml_body_parse(struct arena *a, struct slot s, const struct xml_node *node, struct value **out,
                   struct err *err);
/* The same of a structure, into a map that is there. */
int xml_body_fill(struct arena *a, struct slot s, const struct xml_node *node, struct value *map,
                  struct err *err);
/* The members of a structure as child elements. v may be NULL. */
void xml_body_members(struct arena *a, struct buf *out, struct slot s, struct xml_style style,
                      const struct value *v);
/* One element of that name. */
void xml_body_element(struct arena *a, struct buf *out, struct slot s, struct xml_style style,
                      struct str name, const struct value *v);
/* xmlns (of a prefix that an attribute needs, such as S3's xsi) and attributes of a structure. */
void xml_body_open(struct arena *a, struct buf *out, struct slot s, struct str name,
                   const struct value *v);
