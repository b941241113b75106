/* emulator/identity - who is calling: from SigV4 (header, query), SigV2 presigned, STS sessions, or
 * nobody. Believes (AUTH_IDENTIFY) or checks signature, skew and session token (AUTH_VERIFY).
 *
 * Keys live in the store (documents of iam AccessKey and sts Session) behind a cache that answers
 * without the store; iam and sts call identity_put_key / identity_drop_key when they change one.
 * Threads: safe.
 */
#pragma once

#include "emulator/engine/call.h"
#include "emulator/wire/wire.h"

struct engine;
struct identity;

enum principal_type {
    PRINCIPAL_ROOT,
    PRINCIPAL_IAM_USER,
    PRINCIPAL_ASSUMED_ROLE,
    PRINCIPAL_FEDERATED_USER,
    PRINCIPAL_WEB_IDENTITY,
    PRINCIPAL_SAML,
    PRINCIPAL_AWS_SERVICE,
    PRINCIPAL_AWS_ACCOUNT,
    PRINCIPAL_ANONYMOUS,
    PRINCIPAL_IDENTITY_CENTER,
    PRINCIPAL_UNKNOWN,
};

/* Everything that a record's userIdentity shows and that services ask. Empty = absent. */
struct principal {
    enum principal_type type;
    struct str account;           /* 12 digits; ANONYMOUS: empty */
    struct str principal_id, arn; /* AIDA...; AROA...:session */
    struct str access_key_id, user_name,
        secret; /* secret: never leaves identity/ and wire checks */
    /* a session (ASIA keys) */
    bool is_session, mfa;
    int64_t session_created_ms, session_expires_ms;
    struct str session_token, session_name, source_identity;
    enum principal_type issuer_type; /* ROOT, IAM_USER, ASSUMED_ROLE (= "Role") */
    struct str issuer_id, issuer_arn, issuer_account, issuer_user_name;
    struct str federated_provider;      /* webIdFederationData.federatedProvider */
    struct value *federated_attributes; /* or NULL */
    struct str identity_provider;       /* SAML, web identity callers */
    struct str service;                 /* AWS_SERVICE: host, such as cloudtrail.amazonaws.com */
    struct value *session_tags, *transitive_tags; /* or NULL */
    struct str session_policy;                    /* JSON or empty */
    bool is_inactive; /* an access key that UpdateAccessKey switched off */
    bool ec2_role_delivery, assumed_root;
};

int identity_open(struct identity **out, struct engine *e, struct err *err);
void identity_close(struct identity *id);

/* Who sent q? Sets call->who, account, auth, signature_version. 0 with *refusal empty; 0 with a
 * refusal (AWS's code for the protocol, message, status 403) in *refusal, and call->who then says
 * who it claimed to be, as far as known, so that the refusal can be recorded. < 0: failure. */
int identity_authenticate(struct identity *id, struct arena *a, const struct request *q,
                          const struct route *route, struct call *call, struct outcome *refusal,
                          struct err *err);

/* A key is valid from now on (copied), or no longer. Called inside the state transaction of
 * iam_CreateAccessKey, sts_AssumeRole ...: the key is kept and undone with the call. */
int identity_put_key(struct identity *id, const struct principal *p, struct err *err);
int identity_drop_key(struct identity *id, struct str access_key_id, struct err *err);
void identity_forget(struct identity *id); /* the whole cache: after reset or restore */

/* Whose key that is, for calls that carry no request; *out NULL: nobody's. In arena a. */
int identity_find_key(struct identity *id, struct arena *a, struct str access_key_id,
                      struct principal **out, struct err *err);

/* For service-made calls and the generator. Arena-owned. */
struct principal *principal_service(struct arena *a, struct str host);
struct principal *principal_root(struct arena *a, struct str account);
/* AIDA... of a user that no CreateUser has made: the same for the same name, never the same for
 * two. */
struct str principal_believed_id(struct arena *a, struct str account, struct str name);
