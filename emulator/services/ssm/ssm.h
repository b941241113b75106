/* emulator/services/ssm - parameters, documents, commands.
 *
 * Documents of the store, service "ssm":
 *   Parameter  id its name: Name, Tags, Versions: list of { Version, Type, Value, KeyId, ... } with
 *              the members of ParameterHistory; the Value of a SecureString is the base64 of what
 *              KMS made of it, never the text
 *   Document   id its name: Name, Owner, DocumentType, DefaultVersion, Tags, Shared, Versions: list
 *              of { DocumentVersion, Content, ... } with the members of DocumentDescription
 *   Command    id its CommandId: the model's Command, and Cancelled: list of instance ids
 */
#pragma once

#include "emulator/services/services.h"

struct doc_key ssm_at(const struct call *call, const char *type, struct str id);
int ssm_all(struct ctx *cx, const struct call *call, const char *type, struct str prefix,
            struct doc **docs, size_t *count, struct err *err);

/* Page through a list: MaxResults, NextToken -> member, NextToken. */
struct ssm_list {
    const char *member;
    const struct value *items;
    int64_t most; /* when the call says none */
};
void ssm_page(struct ctx *cx, const struct call *call, struct outcome *out,
              const struct ssm_list *l);
void ssm_invalid(struct ctx *cx, struct outcome *out, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Copy members from one map to another where they are there. */
void ssm_copy(struct ctx *cx, const struct value *from, struct value *to,
              const char *const *members, size_t count);

/* ---- parameters ---- */

struct ssm_parameter {
    struct doc_key at;
    struct value *doc;     /* NULL: there is none */
    struct value *version; /* the one that the selector names, else the latest; NULL: none such */
    struct str selector;   /* ":3", ":label" as asked, or empty */
};
/* By name or ARN, with a selector behind a colon. Refuses nothing. */
int ssm_parameter_find(struct ctx *cx, const struct call *call, struct str asked,
                       struct ssm_parameter *p, struct err *err);
int ssm_parameter_save(struct ctx *cx, const struct ssm_parameter *p, struct err *err);
struct value *ssm_latest(const struct value *doc);
struct value *ssm_numbered(const struct value *doc, int64_t number);
struct str ssm_parameter_arn(struct ctx *cx, struct doc_key at);
bool ssm_has_label(const struct value *version, struct str label);
/* The version as GetParameter shows it. */
int ssm_parameter_show(struct ctx *cx, const struct call *call, struct outcome *out,
                       const struct ssm_parameter *p, struct value **shown, struct err *err);
/* Value of a version into a map: decrypted through KMS when the call asks for it. */
int ssm_put_value(struct ctx *cx, const struct call *call, struct outcome *out,
                  const struct ssm_parameter *p, struct value *into, struct err *err);
/* The ciphertext of a SecureString, base64; refused where KMS refuses. */
int ssm_seal(struct ctx *cx, const struct call *call, struct outcome *out, struct doc_key at,
             struct str key_id, struct str *sealed, struct err *err);

/* Do Filters or ParameterFilters let a parameter through? */
bool ssm_filters_ok(struct ctx *cx, const struct call *call, struct outcome *out);
bool ssm_filters_pass(const struct call *call, const struct value *doc);

/* ---- documents ---- */

/* The document that a name or ARN means: the account's, one shared with it, or one of AWS's names
 * (then doc is made on the spot and has no Content). Absent: refused. */
int ssm_document_find(struct ctx *cx, const struct call *call, struct outcome *out,
                      struct doc_key *at, struct value **doc, struct err *err);
/* A version by number, $LATEST, $DEFAULT or empty for the default; else refused. */
struct value *ssm_document_version(struct ctx *cx, const struct call *call, struct outcome *out,
                                   const struct value *doc, const char *member);
/* The same, but one of the account's own: others can't be changed. */
int ssm_document_own(struct ctx *cx, const struct call *call, struct outcome *out,
                     struct doc_key *at, struct value **doc, struct err *err);
struct value *ssm_document_latest(const struct value *doc);
/* A DocumentDescription; version NULL: of one of AWS's. */
struct value *ssm_document_describe(struct ctx *cx, const struct value *doc,
                                    const struct value *version);
/* AWS's own documents, by place: false past the end. */
bool ssm_managed_at(struct ctx *cx, size_t i, struct value **doc);
