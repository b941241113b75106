/* generator/scenario - a scenario file and the techniques it uses, as checked structs.
 *
 * docs/scenarios.md is the format. Everything is read and checked before anything is played: an
 * unknown key, a wrong value or a name that nothing bears is E_PARSE, "FILE:LINE: what was
 * expected". What only the API models know (operations, parameters) is generator/play's to check.
 * Memory: all of it lives in the arena given to scenario_load.
 */
#pragma once

#include "generator/scenario/cast.h"

enum on_error { ERROR_ENDS_RUN, ERROR_STOPS, ERROR_CONTINUES, ERROR_BRANCHES };

struct step {
    struct step *next;
    struct place at;
    struct str id;                     /* set for every step: its number when the file gives none */
    struct str call, event, use;       /* one of these, or sequence */
    struct step *sequence, *on_steps;  /* on_steps: ERROR_BRANCHES */
    const struct technique *technique; /* of use */
    const struct value *with, *each, *capture;
    struct str as, account, region, tool, network, source_ip, user_agent, invoked_by, label;
    struct str expect; /* empty: not said */
    enum said mfa, malicious;
    enum on_error on_error;
    struct span wait_ms;
    bool has_wait;
    int64_t repeat, weight;
};

struct finding {
    struct finding *next;
    struct place at;
    struct str rule, severity, actor;
    struct names events;
};

struct technique {
    struct technique *next;
    struct place at;
    struct str id, title, description, severity, context;
    struct str text; /* of the file */
    struct names tactics, attack, fires, benign_fires;
    enum principal_kind actor;
    const struct value *parameters, *benign_parameters;
    struct step *setup, *steps, *benign_steps, *benign_setup;
    bool has_benign_setup;
    struct finding *findings;
};

struct hours {
    bool is_set;
    int64_t from_ms, to_ms; /* of the day */
    int64_t zone_ms;
    bool has_zone;
    double night;
};

enum session_order { ORDER_MIX, ORDER_ALL };

struct workload {
    struct workload *next;
    struct place at;
    struct str name, tool, network, region, assume;
    struct names as;
    double per_hour; /* sessions of one actor */
    int64_t every_ms, jitter_ms;
    struct hours hours;
    double weekdays[7]; /* 0 = Sunday */
    struct moment start, end;
    struct span calls, gap_ms;
    enum session_order order;
    bool all_regions, sign_in, has_gap;
    struct step *steps;
};

struct story {
    struct story *next;
    struct place at;
    uint32_t number;
    struct str name, as, tool, network, region;
    struct moment when;
    bool benign;
    const struct value *with;
    const struct technique *technique; /* of use; else what the story itself says */
    bool is_use;
};

struct scenario {
    const char *file;
    struct arena *a; /* where all of it lives */
    struct str name, description, home_region;
    struct moment start, end;
    int64_t start_ms, end_ms, events; /* events 0: not said */
    int64_t events_more; /* aimed at beyond events, for it was found that so many fail to come */
    struct account *accounts;
    struct organization organization;
    struct names regions;
    struct trail_plan *trails;
    struct network *networks;
    struct tool *tools; /* the built-in ones behind the scenario's own */
    struct group *groups;
    struct cast *principals;
    const struct value *lists, *vars;
    struct step *resources;
    struct workload *workloads;
    struct story *stories;
    struct technique *techniques;     /* those used */
    const struct value *events_table; /* fixtures/scenarios/events.yaml: name -> row */
    struct str hash;                  /* SHA-256 of the scenario and all techniques, hexadecimal */
};

/* A path (with '/' or ".yaml"), else the name of a scenario that is built in. */
int scenario_load(struct arena *a, const char *name, struct scenario *out, struct err *err);
/* The same of bytes; techniques are looked for beside file. */
int scenario_parse(struct arena *a, const char *file, struct str text, struct scenario *out,
                   struct err *err);
/* --start, --end: INT64_MIN leaves the file's. Settles start_ms and end_ms; E_PARSE when end does
 * not lie behind start. */
int scenario_settle(struct scenario *s, int64_t start_ms, int64_t end_ms, struct err *err);
int64_t moment_ms(const struct scenario *s, struct moment m, int64_t fallback_ms);

struct account *scenario_account(const struct scenario *s, struct str alias);
struct cast *scenario_principal(const struct scenario *s, struct str name);
const struct tool *scenario_tool(const struct scenario *s, struct str name);
const struct network *scenario_network(const struct scenario *s, struct str name);
/* E_PARSE at a place: "FILE:LINE: " and the text. */
int place_fail(struct place at, struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
