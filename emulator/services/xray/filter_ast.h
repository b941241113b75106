/* emulator/services/xray/filter_ast - private to filter_parse.c and filter_match.c: an expression
 * as a tree.
 */
#pragma once

#include "emulator/services/xray/filter.h"

enum filter_kind {
    FILTER_AND,
    FILTER_OR,
    FILTER_NOT,
    FILTER_KEYWORD,
    FILTER_ANNOTATION,
    FILTER_SERVICE,
    FILTER_EDGE,
    FILTER_CAUSE,
};

enum filter_keyword {
#define KEYWORD(id, text, kind, scopes) KEY_##id,
#include "emulator/services/xray/filter.def"
#undef KEYWORD
    KEY_COUNT
};

enum filter_op {
    OP_SET, /* none: is it true, is it there */
    OP_EQ,
    OP_NE,
    OP_LT,
    OP_LE,
    OP_GT,
    OP_GE,
    OP_CONTAINS,
    OP_BEGINSWITH,
    OP_ENDSWITH,
};

enum filter_type { TYPE_BOOL, TYPE_NUMBER, TYPE_STRING };
struct filter_value {
    enum filter_type type;
    double number; /* of a bool: 0 or 1 */
    struct str text;
};

/* The name of a service, or its id(); empty parts are any. */
struct filter_service {
    struct str name, type, account;
};

enum filter_list { LIST_SERVICE, LIST_ENTITY, LIST_EXCEPTION };

struct filter {
    enum filter_kind kind;
    struct filter *left, *right; /* AND, OR; NOT: left; in braces: left, or NULL */
    enum filter_keyword keyword;
    struct str annotation; /* its key */
    enum filter_op op;
    struct filter_value value;
    struct filter_service ends[2]; /* SERVICE: the first; EDGE: from, to */
    enum cause_kind cause;
    enum filter_list list;
};
