/* emulator/services/iam - users, groups, roles, policies and credentials of an account.
 *
 * An entity is one document: service "iam", type = the kind's name, id = the entity's name
 * (providers, managed policies and MFA devices: its ARN). Its members are the IAM model's own; what
 * only we need begins with '_' and never reaches an answer, because answers follow the model:
 *   _inline    name -> policy text        (User, Group, Role)
 *   _attached  list of policy ARNs        (User, Group, Role)
 *   _groups    list of group names        (User)
 *   _roles     list of role names         (InstanceProfile)
 *   _versions  list of policy versions    (Policy)
 * Policy texts are stored as sent and percent-encoded on the way out, as IAM does.
 */
#pragma once

#include "emulator/services/services.h"

struct iam_kind {
    const char *type;       /* document type, and the member of answers: "User" */
    const char *name_param; /* "UserName" */
    const char *id_member;  /* "UserId", or NULL */
    const char *id_prefix;  /* "AIDA", or NULL */
    const char *arn_word;   /* "user": arn:aws:iam::ACCOUNT:user/path/name */
    const char *missing;    /* message with one %.*s */
    const char *exists;     /* message with one %.*s, or NULL */
    bool by_arn;            /* name_param is an ARN, and so is the document's id */
};
extern const struct iam_kind iam_user, iam_group, iam_role, iam_policy, iam_profile, iam_mfa,
    iam_oidc, iam_saml;

struct doc_key iam_key(const struct call *call, const char *type, struct str id);
int iam_save(struct ctx *cx, const struct call *call, const char *type, struct str id,
             const struct value *doc, struct err *err);
/* Load an entity. Absent: the outcome is refused with the kind's message and *doc stays NULL. */
int iam_load(struct ctx *cx, const struct call *call, struct outcome *out,
             const struct iam_kind *kind, struct str id, struct value **doc, struct err *err);
/* The same by the call's own name parameter. */
int iam_load_named(struct ctx *cx, const struct call *call, struct outcome *out,
                   const struct iam_kind *kind, struct value **doc, struct err *err);
/* The user that UserName names, or the caller where it is absent: empty for a caller that is none.
 */
struct str iam_user_name(const struct call *call);
/* A new document with Path, name, id, Arn, CreateDate and Tags; refused when the name is taken or
 * the path malformed (*doc stays NULL). */
int iam_new(struct ctx *cx, const struct call *call, struct outcome *out,
            const struct iam_kind *kind, struct value **doc, struct err *err);
struct str iam_arn(struct ctx *cx, const struct call *call, const char *word, struct str path,
                   struct str name);

void iam_missing(struct ctx *cx, struct outcome *out, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void iam_conflict(struct ctx *cx, struct outcome *out, const char *what);
/* Whole seconds of the call's time: IAM's dates have no fraction. */
int64_t iam_now(const struct ctx *cx);
/* Valid JSON with a Statement? Else refused as MalformedPolicyDocument. */
bool iam_policy_ok(struct ctx *cx, struct outcome *out, struct str text);
struct str iam_encode(struct ctx *cx, struct str policy); /* percent-encoded */

/* Copy of the members of doc that the outside sees, '_' ones left out; when brief also without Tags
 * and PermissionsBoundary, as the List operations answer. Policy texts are encoded. */
enum iam_view { IAM_FULL, IAM_BRIEF };
struct value *iam_view(struct ctx *cx, const struct value *doc, enum iam_view view);

/* Lists of strings inside documents. */
bool iam_list_has(const struct value *doc, const char *member, struct str text);
void iam_list_add(struct ctx *cx, struct value *doc, const char *member, struct str text);
bool iam_list_drop(struct ctx *cx, struct value *doc, const char *member, struct str text);
size_t iam_list_count(const struct value *doc, const char *member);

/* Page through items that the caller collected in order: output.member gets those of this page,
 * then IsTruncated and Marker. key tells an item's place; refused when Marker or MaxItems is bad.
 */
struct iam_item {
    struct str key;
    struct value *value;
};
int iam_page(struct ctx *cx, const struct call *call, struct outcome *out, const char *member,
             const struct iam_item *items, size_t count);
/* Page through documents of a type with PathPrefix and an optional filter. */
typedef bool iam_keep(struct ctx *cx, const struct call *call, const struct value *doc);
int iam_list(struct ctx *cx, const struct call *call, struct outcome *out, const char *type,
             const char *member, iam_keep *keep, struct err *err);
/* All documents of a type. */
int iam_all(struct ctx *cx, const struct call *call, const char *type, struct doc **docs,
            size_t *count, struct err *err);
/* The policy behind an ARN, AWS-managed ones included (a document made on the spot). */
int iam_policy_find(struct ctx *cx, const struct call *call, struct str arn, struct value **doc,
                    bool *found, struct err *err);

/* A policy as a permissions boundary of doc; refused when there is no such policy. */
int iam_boundary_set(struct ctx *cx, const struct call *call, struct outcome *out,
                     struct value *doc, struct str policy_arn, struct err *err);
/* Has the user access keys, certificates or other credentials that bar its deletion? */
int iam_credentials_held(struct ctx *cx, const struct call *call, struct str user, bool *out,
                         struct err *err);
/* A user got another name or path: its access keys go with it. */
int iam_credentials_follow(struct ctx *cx, const struct call *call, struct str old_name,
                           const struct value *user, struct err *err);
