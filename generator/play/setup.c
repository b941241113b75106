#include "generator/play/setup.h"

#include <stdarg.h>

#include "core/codec/json.h"
#include "generator/play/run.h"

#define STEP_MS 1000 /* set-up makes a thing a second, as long as there is time */

struct value *setup_with(struct setup *u, ...)
{
    struct value *with = value_map(u->sc.a);
    const char *name;
    va_list ap;

    va_start(ap, u);
    while ((name = va_arg(ap, const char *)) != NULL) {
        struct str text = va_arg(ap, struct str);

        if (text.len > 0)
            value_put_str(u->sc.a, with, name, text);
    }
    va_end(ap);
    return with;
}

static int pass_time(struct setup *u)
{
    struct door *d = u->p->door;
    int64_t now = d->now(d);

    return now + STEP_MS < u->p->s->start_ms - STEP_MS ? d->advance(d, now + STEP_MS, u->err) : 0;
}

int setup_call(struct setup *u, const char *service, const char *operation, struct value *with,
               struct answer *out)
{
    struct step none = { .at = u->at };
    struct str region = u->region.len > 0 ? u->region : u->p->s->home_region;
    struct request_of r = { service, operation, with, region, u->at };
    struct answer answer = { 0 };
    struct caller root;
    bool is_known;
    int rc = pass_time(u);

    u->sc.account = u->account;
    u->sc.actor = NULL;
    if (rc == 0)
        rc = people_caller(u->p, &u->sc, &none, &root, &is_known, u->err);
    if (rc == 0)
        rc = people_request(u->p, u->sc.a, &root, &r, NULL, &answer, u->err);
    if (rc == 0 && answer.code.len > 0)
        rc = place_fail(u->at, u->err, "%s.%s was refused: %.*s: %.*s", service, operation,
                        STR_ARG(answer.code), STR_ARG(answer.message));
    if (rc == 0 && out)
        *out = answer;
    return rc;
}

static int password_policy(struct setup *u, const struct account *k)
{
    struct value *with = value_map(u->sc.a);

    u->account = k->id;
    u->at = k->at;
    if (!k->password_policy)
        return 0;
    value_put_int(u->sc.a, with, "MinimumPasswordLength", 14);
    value_put_bool(u->sc.a, with, "RequireSymbols", true);
    value_put_bool(u->sc.a, with, "RequireNumbers", true);
    value_put_bool(u->sc.a, with, "RequireUppercaseCharacters", true);
    value_put_bool(u->sc.a, with, "RequireLowercaseCharacters", true);
    value_put_int(u->sc.a, with, "MaxPasswordAge", 90);
    value_put_int(u->sc.a, with, "PasswordReusePrevention", 24);
    return setup_call(u, "iam", "UpdateAccountPasswordPolicy", with, NULL);
}

/* Members come by invitation, so that their ids are those of the scenario. */
static int invite(struct setup *u, const struct account *management, const struct account *k)
{
    struct value *with = value_map(u->sc.a);
    struct answer answer = { 0 };

    u->account = management->id;
    value_set(with, STR("Target"), setup_with(u, "Id", k->id, "Type", STR("ACCOUNT"), NULL));
    int rc = setup_call(u, "organizations", "InviteAccountToOrganization", with, &answer);
    if (rc < 0)
        return rc;
    struct str id = value_get_str(value_get_c(answer.output, "Handshake"), "Id");
    u->account = k->id;
    return setup_call(u, "organizations", "AcceptHandshake", setup_with(u, "HandshakeId", id, NULL),
                      NULL);
}

static int move_into(struct setup *u, struct str root_id, const struct value *unit)
{
    struct answer answer = { 0 };
    int rc = setup_call(u, "organizations", "CreateOrganizationalUnit",
                        setup_with(u, "ParentId", root_id, "Name", unit->name, NULL), &answer);

    if (rc < 0)
        return rc;
    struct str id = value_get_str(value_get_c(answer.output, "OrganizationalUnit"), "Id");
    for (const struct value *k = value_first(unit); rc == 0 && k; k = k->next) {
        const struct account *member = scenario_account(u->p->s, k->u.text);

        if (k->kind != VALUE_STRING || !member)
            return place_fail(u->at, u->err, "units: expected aliases of accounts");
        rc = setup_call(u, "organizations", "MoveAccount",
                        setup_with(u, "AccountId", member->id, "SourceParentId", root_id,
                                   "DestinationParentId", id, NULL),
                        NULL);
    }
    return rc;
}

static int organization(struct setup *u)
{
    const struct scenario *s = u->p->s;
    const struct account *management;
    struct answer answer = { 0 };

    if (s->organization.management.len == 0)
        return 0;
    management = scenario_account(s, s->organization.management);
    u->account = management->id;
    u->at = management->at;
    int rc = setup_call(u, "organizations", "CreateOrganization",
                        setup_with(u, "FeatureSet", STR("ALL"), NULL), NULL);
    for (const struct account *k = s->accounts; rc == 0 && k; k = k->next)
        if (k != management)
            rc = invite(u, management, k);
    u->account = management->id;
    if (rc == 0)
        rc = setup_call(u, "organizations", "EnableAWSServiceAccess",
                        setup_with(u, "ServicePrincipal", STR("cloudtrail.amazonaws.com"), NULL),
                        NULL);
    if (rc == 0)
        rc = setup_call(u, "organizations", "ListRoots", NULL, &answer);
    if (rc < 0)
        return rc;
    struct str root_id = value_get_str(value_at(value_get_c(answer.output, "Roots"), 0), "Id");
    for (const struct value *k = value_first(s->organization.units); rc == 0 && k; k = k->next)
        rc = move_into(u, root_id, k);
    return rc;
}

/* Root's keys and services' hosts cost no call. */
static int settle_person(struct play *p, struct person *who, const struct cast *cast)
{
    const struct account *k = scenario_account(p->s, cast->account);

    who->cast = cast;
    who->account = k->id;
    who->name = cast->name;
    if (cast->kind == KIND_ROOT)
        (void)p->door->root(p->door, p->a, k->id, &who->key); /* every door can */
    if (cast->kind == KIND_ROOT)
        who->arn = arena_printf(p->a, "arn:aws:iam::%.*s:root", STR_ARG(k->id));
    if (cast->kind == KIND_SERVICE)
        who->name = cast->service;
    return 0;
}

int play_open(struct play *p, const struct scenario *s, struct door *door, struct arena *a,
              uint64_t seed, struct err *err)
{
    *p = (struct play){ .s = s, .door = door, .a = a, .seed = seed };
    struct scene sc = { .a = a, .rng = play_chance(p, STR("vars"), 0) };

    p->last_told = &p->told;
    p->common = value_map(a);
    for (const struct cast *k = s->principals; k; k = k->next)
        p->people_count++;
    p->people = arena_array(a, p->people_count, sizeof *p->people);
    for (const struct cast *k = s->principals; k; k = k->next)
        (void)settle_person(p, &p->people[k->number], k); /* nothing in it can fail */
    sc.captures = value_map(a);
    return play_draw(p, &sc, s->vars, NULL, (struct place){ s->file, 1 }, &p->vars, err);
}

void play_close(struct play *p)
{
    stories_free(p);
}

/* Steps one after the other, with the clock of set-up. */
static int resources(struct setup *u)
{
    struct scene sc = { .a = u->p->a,
                        .rng = play_chance(u->p, STR("resources"), 0),
                        .captures = u->p->common };

    return run_at_once(u->p, &sc, u->p->s->resources, u->err);
}

int play_setup(struct play *p, struct err *err)
{
    struct setup u = { .p = p, .err = err };
    struct credential service;

    u.sc = (struct scene){ .a = &u.arena, .rng = play_chance(p, STR("setup"), 0) };
    u.stands_in = !p->door->service(p->door, &u.arena, STR("ec2.amazonaws.com"), &service);
    int rc = organization(&u);
    for (const struct account *k = p->s->accounts; rc == 0 && k; k = k->next)
        rc = password_policy(&u, k);
    if (rc == 0)
        rc = setup_people(&u);
    if (rc == 0)
        rc = setup_instances(&u);
    if (rc == 0)
        rc = resources(&u);
    if (rc == 0)
        rc = stories_ready(p, err);
    if (rc == 0)
        rc = setup_trails(&u);
    if (rc == 0)
        rc = p->door->advance(p->door, p->s->start_ms, err);
    if (rc == 0)
        rc = setup_start_trails(&u);
    arena_free(&u.arena);
    return rc;
}
