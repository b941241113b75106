/* generator/scenario/cast - where a scenario takes place and who is in it: accounts, trails,
 * networks, tools, principals; and the small types that all parts are made of.
 *
 * Read from YAML by cast.c; what each member means stands in docs/scenarios.md.
 */
#pragma once

#include "core/base/err.h"
#include "core/codec/value.h"

struct place {
    const char *file;
    uint32_t line;
};

struct span { /* both ends included; of milliseconds or counts */
    int64_t least, most;
};

struct moment { /* a time, or an offset from the scenario's start */
    bool is_set, is_offset;
    int64_t ms;
};

enum said { NOT_SAID, SAID_NO, SAID_YES };

struct names {
    struct str *items;
    size_t count;
};

struct account {
    struct account *next;
    struct place at;
    struct str alias, id, name, email;
    bool password_policy;
};

struct organization {
    struct str management;
    const struct value *units; /* name -> aliases, or NULL */
};

struct trail_plan {
    struct trail_plan *next;
    struct place at;
    struct str name, account, bucket, prefix, region;
    bool organization, data_events, insights;
    enum said validation, multi_region;
};

struct tool {
    struct tool *next;
    struct place at;
    struct str name, user_agent, like;
    enum said console;
    int64_t retries, pages;
    struct span burst_ms;
    bool has_burst;
};

struct network {
    struct network *next;
    struct place at;
    struct str name;
    struct names blocks;
};

struct group {
    struct group *next;
    struct place at;
    struct str name, account;
    const struct value *policies;
};

enum principal_kind {
    KIND_ANY,
    KIND_USER,
    KIND_ROLE,
    KIND_INSTANCE,
    KIND_ROOT,
    KIND_FEDERATED,
    KIND_SERVICE,
};
enum provider_kind { PROVIDER_NONE, PROVIDER_SAML, PROVIDER_WEB_IDENTITY, PROVIDER_SSO };

struct cast { /* a principal as the scenario describes it */
    struct cast *next;
    struct place at;
    uint32_t number; /* 0, 1 ... in the order of the file */
    struct str name, account, network, tool, region, path, session, role, user, service, by;
    enum principal_kind kind;
    enum provider_kind provider;
    int64_t zone_ms;
    bool has_zone, mfa;
    enum said access_key, console;
    const struct value *policies, *tags;
    struct names groups, trust;
    int64_t duration_ms, count;
};
