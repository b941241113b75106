#include "check.h"

#include "core/base/embed.h"
#include "emulator/catalogue/lifecycle.h"

static struct cat *cat;

/* What a few well-known operations do: service, operation, role, type. */
static const struct role_case {
    const char *name, *service, *operation, *role, *type;
} cases[] = {
    { "a plain create", "ecs", "CreateCluster", "create", "Cluster" },
    { "a plural that makes one", "ecs", "DescribeClusters", "list", "Cluster" },
    { "an irregular plural", "kendra", "ListIndices", "list", "Index" },
    { "a type with a plural name is listed", "ec2", "DescribeFlowLogs", "list", "FlowLogs" },
    { "one with a plural name is got by its ARN", "workspaces-web", "GetUserSettings", "get",
      "UserSettings" },
    { "an update by the name until now", "codedeploy", "UpdateDeploymentGroup", "update",
      "DeploymentGroup" },
    { "a key that is a structure's name", "ses", "UpdateReceiptRule", "update", "ReceiptRule" },
    { "what was not attached is not deleted by detaching it", "partnercentral-selling",
      "GetOpportunity", "get", "Opportunity" },
    { "tags", "ecs", "TagResource", "tag", "" },
    { "a data plane", "sqs", "SendMessage", "none", "" },
    { "a computation", "comprehend", "DetectSentiment", "none", "" },
};

static struct str role_of(const struct life_op *life)
{
    return str_c(life_role_name(life ? (enum life_role)life->role : LIFE_NONE));
}

static void check_case(void **state)
{
    const struct role_case *c = *state;
    const struct cat_op *op = cat_op_find_c(cat, c->service, c->operation);
    const struct life_op *life;

    assert_non_null(op);
    life = life_op_find(cat, op);
    check_str(role_of(life), c->role);
    const struct life_type *type = life ? life_type_of(cat, life) : NULL;
    check_str(type ? life_str(cat, type->name) : STR(""), c->type);
}

static bool next_row(struct str *rest, struct str *cells, size_t count)
{
    struct str line;

    while (rest->len > 0) {
        (void)str_cut(*rest, '\n', &line, rest);
        if (line.len == 0 || line.ptr[0] == '#')
            continue;
        for (size_t i = 0; i < count; i++)
            (void)str_cut(line, '\t', &cells[i], &line);
        return true;
    }
    return false;
}

/* Every row names an operation, once, and is what the catalogue says of it. */
static void rows_of_operations_hold(void **state)
{
    struct str rest = embed_find(STR("lifecycle/operations.tsv")), cells[6], again[6];

    (void)state;
    while (next_row(&rest, cells, COUNT(cells))) {
        const struct cat_service *s = cat_service_find(cat, cells[0]);
        const struct cat_op *op = s ? cat_op_find(cat, s, cells[1]) : NULL;
        struct str ahead = rest;

        if (!op || !str_eq(role_of(life_op_find(cat, op)), cells[2]))
            fail_msg("%.*s %.*s is not %.*s", STR_ARG(cells[0]), STR_ARG(cells[1]),
                     STR_ARG(cells[2]));
        if (cells[5].len == 0)
            fail_msg("%.*s %.*s names no source", STR_ARG(cells[0]), STR_ARG(cells[1]));
        while (next_row(&ahead, again, COUNT(again)))
            if (str_eq(cells[0], again[0]) && str_eq(cells[1], again[1]))
                fail_msg("%.*s %.*s stands twice", STR_ARG(cells[0]), STR_ARG(cells[1]));
    }
}

/* Every verb begins the name of some operation, and stands once. */
static void verbs_are_used(void **state)
{
    struct str rest = embed_find(STR("lifecycle/verbs.tsv")), cells[2], again[2];

    (void)state;
    while (next_row(&rest, cells, COUNT(cells))) {
        struct str ahead = rest;
        bool is_used = false;

        for (uint32_t i = 0; i < cat_op_count(cat) && !is_used; i++)
            is_used = str_has_prefix(cat_str(cat, cat_op_at(cat, i)->key), cells[0]);
        if (!is_used)
            fail_msg("no operation begins with %.*s", STR_ARG(cells[0]));
        while (next_row(&ahead, again, COUNT(again)))
            if (str_eq(cells[0], again[0]))
                fail_msg("%.*s stands twice", STR_ARG(cells[0]));
    }
}

static bool is_type(struct str service, struct str type)
{
    for (uint32_t i = 0; i < life_type_count(cat); i++) {
        const struct life_type *t = life_type_at(cat, i);

        if (str_eq(life_str(cat, t->name), type) &&
            str_eq(cat_str(cat, cat_service_at(cat, t->service)->name), service))
            return true;
    }
    return false;
}

/* Every row of ids.tsv names a type and a kind of its identities, once, and its source. */
static void rows_of_ids_hold(void **state)
{
    struct str rest = embed_find(STR("lifecycle/ids.tsv")), cells[5], again[5];

    (void)state;
    while (next_row(&rest, cells, COUNT(cells))) {
        struct str ahead = rest;

        if (!is_type(cells[0], cells[1]) || cells[3].len == 0 || cells[4].len == 0 ||
            !(str_eq_c(cells[2], "id") || str_eq_c(cells[2], "arn")))
            fail_msg("%.*s %.*s says nothing", STR_ARG(cells[0]), STR_ARG(cells[1]));
        while (next_row(&ahead, again, COUNT(again)))
            if (str_eq(cells[0], again[0]) && str_eq(cells[1], again[1]) &&
                str_eq(cells[2], again[2]))
                fail_msg("%.*s %.*s stands twice", STR_ARG(cells[0]), STR_ARG(cells[1]));
    }
}

/* Every row of enabled.tsv names a type, says what is refused, and its source. */
static void rows_of_enabled_hold(void **state)
{
    struct str rest = embed_find(STR("lifecycle/enabled.tsv")), cells[7];

    (void)state;
    while (next_row(&rest, cells, COUNT(cells)))
        if (!is_type(cells[0], cells[1]) || cells[3].len == 0 || cells[4].len == 0 ||
            cells[6].len == 0)
            fail_msg("%.*s %.*s says nothing", STR_ARG(cells[0]), STR_ARG(cells[1]));
}

/* Every row of keys.tsv names a type; but for those that drop one, a key of it. */
static void rows_of_keys_hold(void **state)
{
    struct str rest = embed_find(STR("lifecycle/keys.tsv")), cells[4];

    (void)state;
    while (next_row(&rest, cells, COUNT(cells))) {
        bool is_dropped = str_eq_c(cells[3], "drop"), is_found = false;

        for (uint32_t i = 0; i < life_type_count(cat); i++) {
            const struct life_type *t = life_type_at(cat, i);

            if (!str_eq(life_str(cat, t->name), cells[1]) ||
                !str_eq(cat_str(cat, cat_service_at(cat, t->service)->name), cells[0]))
                continue;
            is_found |= is_dropped;
            for (uint32_t k = 0; k < t->key_count; k++)
                is_found |= str_eq(life_str(cat, life_key_at(cat, t, k)->name), cells[2]);
        }
        if (!is_found)
            fail_msg("%.*s %.*s has no key %.*s", STR_ARG(cells[0]), STR_ARG(cells[1]),
                     STR_ARG(cells[2]));
    }
}

int main(void)
{
    struct check_suite suite = { 0 };
    struct err err = { 0 };

    if (cat_open(&cat, NULL, &err) < 0) {
        print_error("%s\n", err.text);
        return 1;
    }
    CHECK_ROWS(&suite, cases, check_case);
    check_add(&suite, "rows of operations hold", rows_of_operations_hold);
    check_add(&suite, "verbs are used", verbs_are_used);
    check_add(&suite, "rows of ids hold", rows_of_ids_hold);
    check_add(&suite, "rows of enabled hold", rows_of_enabled_hold);
    check_add(&suite, "rows of keys hold", rows_of_keys_hold);
    int rc = check_run(&suite, "lifecycle");

    cat_close(cat);
    return rc;
}
