/* emulator/services/organizations - an organization, its tree, and what governs it.
 *
 * Documents of the management account, service "organizations", region "". Members are the model's
 * own; what only we need begins with '_' and reaches no answer:
 *   Organization          o-...        one
 *   Root                  r-...        one
 *   OrganizationalUnit    ou-...       _parent
 *   Account               12 digits    _parent; emulator/trail/config reads these
 *   CreateAccountStatus   car-...
 *   Policy                p-...        {PolicySummary, Content}
 *   Attachment            POLICY:TARGET
 *   Handshake             h-...        _account: who is invited
 *   DelegatedAdministrator  account    _services [{ServicePrincipal, DelegationEnabledDate}]
 *   ServiceAccess         principal
 *   ResourcePolicy        "policy"
 * Root, units, accounts, policies and the resource policy keep their _tags.
 */
#pragma once

#include "emulator/services/job.h"

extern const struct paging org_paging;

/* From here on j's documents are the organization's. False: refused, or j->rc. */
bool org_member(struct job *j, struct str *org); /* any account of the organization */
/* The management account; for what only reads, delegated administrators too. */
bool org_manager(struct job *j, struct str *org);

/* Refuse with a row of errors.def. Returns j->rc. */
int org_refuse(struct job *j, const char *code);
struct str org_arn(struct job *j, const char *kind, struct str org, struct str id);
struct str org_id(struct job *j, const char *prefix, size_t len); /* prefix + [a-z0-9] */

/* The type of document that an id is of ("r-", "ou-", "p-", digits, "rp-"), or NULL. */
const char *org_type(struct str id);
/* A document by id that may be of several types; *type says which. NULL without a refusal. */
struct value *org_find(struct job *j, struct str id, const char **type);
struct str org_root(struct job *j); /* the root's id */
/* A parent: the root or a unit. NULL: refused with code. */
struct value *org_parent(struct job *j, struct str id, const char *code);
/* The account that the call's AccountId names; refused when it is none of the organization. */
struct value *org_account(struct job *j);

/* A new member under the root; method as JoinedMethod says it. */
int org_join(struct job *j, struct str org, struct value *account, const char *method);
/* An account leaves: with its attachments and its delegation. */
int org_leave(struct job *j, struct str account);
/* A new unit or account gets the policies that everything has. */
int org_attach_defaults(struct job *j, struct str target);
int org_detach_all(struct job *j, struct str target);
/* The policies that AWS brings, for a type that has one. */
int org_put_managed(struct job *j, struct str type);
/* Keep the call's Tags in a document. */
void org_take_tags(struct job *j, struct value *doc);
