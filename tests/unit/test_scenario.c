/* A scenario that is right, and everything that can be wrong with one: told with file, line and
 * what was expected. */
#include "check.h"

#include "core/base/embed.h"
#include "generator/scenario/scenario.h"

#define HEAD                                                                                       \
    "scenario: t\nstart: 2026-01-05T00:00:00Z\nend: +2d\n"                                         \
    "accounts: [{alias: main, id: \"111122223333\"}]\nregions: [us-east-1]\n"
#define PEOPLE HEAD "principals:\n  - {name: alice, kind: user}\n"

static const struct wrong_case {
    const char *name, *text, *error; /* error: a pattern */
} wrongs[] = {
    { "not a map", "[]", "t.yaml:1: expected a scenario, as 'key: value'" },
    { "no name", "start: 2026-01-05T00:00:00Z\n", "t.yaml:1: expected 'scenario' in a scenario" },
    { "an unknown key with a near one", HEAD "regins: [x]\n",
      "t.yaml:6: 'regins': expected a key of a scenario; did you mean 'regions'?" },
    { "an unknown key with none near", HEAD "xyz: 1\n",
      "t.yaml:6: 'xyz': expected a key of a scenario: scenario, description*" },
    { "a start that is an offset",
      "scenario: t\nstart: +1d\nend: +2d\naccounts: []\nregions: [us-east-1]\nprincipals: []\n",
      "t.yaml:2: start: expected a time such as 2026-01-05T00:00:00Z" },
    { "a region that is none",
      "scenario: t\nstart: 2026-01-05T00:00:00Z\nend: +1d\nregions: [moon-1]\n",
      "t.yaml:4: regions: expected AWS regions; 'moon-1' is none" },
    { "no region", "scenario: t\nstart: 2026-01-05T00:00:00Z\nend: +1d\nregions: []\n",
      "t.yaml:4: regions: expected at least one AWS region" },
    { "an account id that is a number",
      "scenario: t\nstart: 2026-01-05T00:00:00Z\nend: +1d\naccounts:\n- {alias: a, id: 12}\n",
      "t.yaml:5: id: expected an account id of 12 digits in quotes" },
    { "a principal without a kind", HEAD "principals:\n  - {name: alice}\n",
      "t.yaml:7: expected 'kind' in a principal" },
    { "a kind that is none", HEAD "principals:\n  - {name: a, kind: usr}\n",
      "t.yaml:7: kind: expected user, role, instance, root, federated or service" },
    { "a key that the kind lacks", HEAD "principals:\n  - {name: a, kind: root, groups: [x]}\n",
      "t.yaml:7: 'groups': a principal of kind 'root' has no such key" },
    { "a role that nobody may assume", HEAD "principals:\n  - {name: a, kind: role}\n",
      "t.yaml:7: expected 'trust' in a principal of kind 'role'" },
    { "roles that assume each other",
      HEAD "principals:\n  - {name: a, kind: role, trust: [b]}\n"
           "  - {name: b, kind: role, trust: [a]}\n",
      "t.yaml:7: role 'a' is assumed by itself" },
    { "two of one name", PEOPLE "  - {name: alice, kind: root}\n",
      "t.yaml:7: principal 'alice': expected another name: it is taken" },
    { "a network that is not there",
      HEAD "networks: {office: [203.0.113.0/24]}\nprincipals:\n"
           "  - {name: a, kind: user, network: ofice}\n",
      "t.yaml:8: 'ofice': expected a network; did you mean 'office'?" },
    { "a tool that is not there", HEAD "principals:\n  - {name: a, kind: user, tool: terrafrom}\n",
      "t.yaml:7: 'terrafrom': expected a tool; did you mean 'terraform'?" },
    { "a workload with no rate",
      PEOPLE "workloads:\n  - {name: w, as: alice, calls: [{call: sts.GetCallerIdentity}]}\n",
      "t.yaml:9: expected either 'rate' or 'every' in a workload" },
    { "a rate that is none",
      PEOPLE "workloads:\n  - name: w\n    as: alice\n    rate: 5/fortnight\n    calls: []\n",
      "t.yaml:11: rate: expected a rate such as 40/day, 2/hour or 3/week" },
    { "a workload of nobody",
      PEOPLE "workloads:\n  - {name: w, as: alicia, rate: 1/day, calls: [{call: a.B}]}\n",
      "t.yaml:9: 'alicia': expected a principal; did you mean 'alice'?" },
    { "jitter as long as the distance",
      PEOPLE "workloads:\n  - {name: w, as: alice, every: 1m, jitter: 60s, calls: [{call: a.B}]}\n",
      "t.yaml:9: jitter: expected less than 'every'" },
    { "a step that is two things",
      PEOPLE "resources:\n  - {call: a.B, event: signin.ConsoleLogin}\n",
      "t.yaml:9: expected one of 'call', 'event', 'use' and 'sequence' in a step" },
    { "a call without a service", PEOPLE "resources:\n  - {call: CreateUser}\n",
      "t.yaml:9: call: expected service.Operation, such as iam.CreateUser" },
    { "an event that is none", PEOPLE "resources:\n  - {event: signin.ConsoleLogn}\n",
      "t.yaml:9: 'signin.ConsoleLogn': expected an event; did you mean signin.ConsoleLogin" },
    { "a caller that is none", PEOPLE "resources:\n  - {call: a.B, as: bob}\n",
      "t.yaml:9: 'bob': expected a principal of this scenario" },
    { "a branch that is none", PEOPLE "resources:\n  - {call: a.B, on_error: halt}\n",
      "t.yaml:9: on_error: expected stop, continue, or a list of steps" },
    { "a wait that is none", PEOPLE "resources:\n  - {call: a.B, wait: 5s..1s}\n",
      "t.yaml:9: wait: expected a duration such as 90s, or a span such as 1s..90s" },
    { "a story without a time", PEOPLE "stories:\n  - {name: s, steps: [{call: a.B}]}\n",
      "t.yaml:9: expected 'at' in a story" },
    { "a story without steps", PEOPLE "stories:\n  - {name: s, at: +1h}\n",
      "t.yaml:9: expected either 'use' or 'steps' in a story" },
    { "a finding of a step that is not there",
      PEOPLE "stories:\n  - name: s\n    at: +1h\n    steps: [{call: a.B}]\n"
             "    finding: {rule: r, events: [x]}\n",
      "t.yaml:12: events: 'x': expected the id of a step" },
    { "a story behind the end", PEOPLE "stories:\n  - {name: s, at: +3d, steps: [{call: a.B}]}\n",
      "t.yaml:9: at: expected a time from the start to the end" },
    { "a technique that is not there", PEOPLE "stories:\n  - {name: s, at: +1h, use: no.such}\n",
      "t.yaml:9: use: expected a technique*" },
    { "an id that is a path", PEOPLE "stories:\n  - {name: s, at: +1h, use: ../x}\n",
      "t.yaml:9: use: expected the id of a technique, such as persistence.iam-backdoor-user" },
    { "an organization trail without one",
      PEOPLE "trails:\n  - {name: a, bucket: b, organization: true}\n",
      "t.yaml:9: expected 'organization' in the scenario of an organization trail" },
    { "an end before the start",
      "scenario: t\nstart: 2026-01-05T00:00:00Z\nend: 2026-01-04T00:00:00Z\n"
      "accounts: [{alias: main, id: \"111122223333\"}]\nregions: [us-east-1]\n"
      "principals:\n  - {name: alice, kind: user}\n",
      "t.yaml: the end, 2026-01-04T00:00:00Z, does not lie behind the start, *" },
};

static void check_wrong(void **state)
{
    const struct wrong_case *c = *state;
    struct scenario s;
    struct arena a = { 0 };
    struct err err = { 0 };
    int rc = scenario_parse(&a, "t.yaml", str_c(c->text), &s, &err);

    assert_true(rc < 0);
    if (!str_match(str_c(c->error), str_c(err.text)))
        fail_msg("got  %s\nwant %s", err.text, c->error);
    arena_free(&a);
}

static void what_is_left_out_has_its_default(void **state)
{
    struct scenario s;
    struct arena a = { 0 };
    struct err err = { 0 };

    (void)state;
    check_ok(scenario_parse(&a, "t.yaml", str_c(PEOPLE), &s, &err), &err);
    check_str(s.home_region, "us-east-1");
    check_str(s.trails->name, "audit");
    check_str(s.trails->bucket, "t-trail-logs");
    assert_true(s.trails->data_events);
    assert_int_equal(s.end_ms - s.start_ms, 2 * 86400000);
    assert_int_equal(s.hash.len, 64);
    check_ok(scenario_settle(&s, s.start_ms + 1000, INT64_MIN, &err), &err);
    assert_int_equal(s.end_ms - s.start_ms, 2 * 86400000); /* an offset goes with its start */
    arena_free(&a);
}

static void whatever_is_built_in_is_right(void **state)
{
    size_t read = 0;

    (void)state;
    for (size_t i = 0; embed_name(i).ptr; i++) {
        struct str file = embed_name(i), name;
        struct scenario s;
        struct arena a = { 0 };
        struct err err = { 0 };

        if (!str_has_prefix(file, STR("scenarios/")) || !str_has_suffix(file, STR(".yaml")) ||
            str_eq_c(file, "scenarios/tools.yaml") || str_eq_c(file, "scenarios/events.yaml"))
            continue;
        name = str_sub(file, strlen("scenarios/"), file.len - strlen("scenarios/.yaml"));
        check_ok(scenario_load(&a, arena_copy(&a, name).ptr, &s, &err), &err);
        check_str(s.name, arena_copy(&a, name).ptr);
        arena_free(&a);
        read++;
    }
    assert_true(read > 0);
}

static void an_unknown_name_is_told(void **state)
{
    struct scenario s;
    struct arena a = { 0 };
    struct err err = { 0 };

    (void)state;
    assert_int_equal(scenario_load(&a, "tools", &s, &err), E_MISSING);
    check_str(str_c(err.text), "'tools' is no scenario, but a table that scenarios are made with: "
                               "expected a file, or one that is built in, such as startup");
    err = (struct err){ 0 };
    assert_int_equal(scenario_load(&a, "tool", &s, &err), E_MISSING); /* near to no scenario */
    check_str(str_c(err.text), "there is no scenario 'tool': expected a file, or one that is built "
                               "in, such as startup");
    err = (struct err){ 0 };
    assert_int_equal(scenario_load(&a, "enterprize", &s, &err), E_MISSING);
    check_str(str_c(err.text), "there is no scenario 'enterprize'; did you mean 'enterprise'?");
    err = (struct err){ 0 };
    assert_int_equal(scenario_load(&a, "/no/such.yaml", &s, &err), E_MISSING);
    arena_free(&a);
}

int main(void)
{
    struct check_suite suite = { 0 };

    CHECK_ROWS(&suite, wrongs, check_wrong);
    check_add(&suite, "what is left out has its default", what_is_left_out_has_its_default);
    check_add(&suite, "whatever is built in is right", whatever_is_built_in_is_right);
    check_add(&suite, "an unknown name is told", an_unknown_name_is_told);
    return check_run(&suite, "scenario");
}
