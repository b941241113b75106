/* Bedrock's foundation models: which there are (fixtures/bedrock/models.tsv), what their providers
 * offer, and that nobody has access to one here. No model runs, and no provider grants anything: an
 * agreement stays pending, and whoever invokes is denied, as AWS denies before access is granted.
 */
#include "core/base/embed.h"
#include "core/codec/uri.h"
#include "emulator/services/job.h"

struct model {
    struct str id, name, provider, input, output;
    bool agreement;
};

static struct model model_of_row(struct str row)
{
    struct model m = { 0 };
    struct str agreement;

    (void)str_cut(row, '\t', &m.id, &row); /* rows are whole: a unit of the program */
    (void)str_cut(row, '\t', &m.name, &row);
    (void)str_cut(row, '\t', &m.provider, &row);
    (void)str_cut(row, '\t', &m.input, &row);
    (void)str_cut(row, '\t', &m.output, &row);
    (void)str_cut(row, '\t', &agreement, &row);
    m.agreement = str_eq_c(agreement, "yes");
    return m;
}

/* The next row; false: there is none. rest begins as the whole table. */
static bool model_next(struct str *rest, struct model *m)
{
    struct str line;

    while (rest->len > 0) {
        (void)str_cut(*rest, '\n', &line, rest); /* the last line may lack its end */
        if (line.len > 0 && line.ptr[0] != '#') {
            *m = model_of_row(line);
            return true;
        }
    }
    return false;
}

/* By id or ARN; false: there is none. */
static bool model_find(struct str id, struct model *m)
{
    struct str rest = embed_find(STR("bedrock/models.tsv"));
    ptrdiff_t slash = str_find(id, STR("foundation-model/"));

    if (str_has_prefix(id, STR("arn:")) && slash >= 0)
        id = str_sub(id, (size_t)slash + strlen("foundation-model/"), id.len);
    while (model_next(&rest, m))
        if (str_eq(m->id, id))
            return true;
    return false;
}

/* The model that the parameter names, or refused. Documents are bedrock's, whichever API asks. */
static bool model_asked(struct job *j, const char *name, struct model *m)
{
    j->service = "bedrock";
    if (model_find(job_text(j, name), m))
        return true;
    (void)job_refuse(j, "ValidationException", "The provided model identifier is invalid.");
    return false;
}

static struct value *words(struct arena *a, struct str list)
{
    struct value *all = value_list(a);
    struct str head;

    while (list.len > 0) {
        (void)str_cut(list, ',', &head, &list); /* no comma: the last word */
        value_push(all, value_str(a, head));
    }
    return all;
}

static struct value *model_details(struct job *j, const struct model *m)
{
    struct value *v = value_map(j->a), *cycle = value_map(j->a);
    struct str region = j->call->region;

    value_put_str(j->a, v, "modelArn",
                  arena_printf(j->a, "arn:aws:bedrock:%.*s::foundation-model/%.*s", STR_ARG(region),
                               STR_ARG(m->id)));
    value_put_str(j->a, v, "modelId", m->id);
    value_put_str(j->a, v, "modelName", m->name);
    value_put_str(j->a, v, "providerName", m->provider);
    value_set(v, STR("inputModalities"), words(j->a, m->input));
    value_set(v, STR("outputModalities"), words(j->a, m->output));
    value_set(v, STR("customizationsSupported"), value_list(j->a));
    value_set(v, STR("inferenceTypesSupported"), words(j->a, STR("ON_DEMAND")));
    value_put_c(j->a, cycle, "status", "ACTIVE");
    value_set(v, STR("modelLifecycle"), cycle);
    return v;
}

/* A filter passes when it is absent, or its word is in the list. */
static bool passes(const struct job *j, const char *name, const struct value *list)
{
    return !job_has(j, name) || list_has(list, job_text(j, name));
}

HANDLER(bedrock, ListFoundationModels)
{
    struct str rest = embed_find(STR("bedrock/models.tsv"));
    struct value *list = value_list(j->a);
    struct model m;

    while (model_next(&rest, &m)) {
        struct value *v = model_details(j, &m);
        if (passes(j, "byProvider", words(j->a, m.provider)) &&
            passes(j, "byOutputModality", value_get_c(v, "outputModalities")) &&
            passes(j, "byCustomizationType", value_get_c(v, "customizationsSupported")) &&
            passes(j, "byInferenceType", value_get_c(v, "inferenceTypesSupported")))
            value_push(list, v);
    }
    job_answer(j, "modelSummaries", list);
    return 0;
}

HANDLER(bedrock, GetFoundationModel)
{
    struct model m;

    if (model_asked(j, "modelIdentifier", &m))
        job_answer(j, "modelDetails", model_details(j, &m));
    return j->rc;
}

/* ---- offers and agreements ---- */

/* What binds an offer to account and model, so that an invented token is told from ours. */
static struct str offer_token(struct job *j, const struct model *m)
{
    struct str what = arena_printf(j->a, "%.*s:%.*s", STR_ARG(j->account), STR_ARG(m->id));
    struct str plain = arena_printf(j->a, "offer:%016llx", (unsigned long long)str_hash(what));
    struct buf b = { 0 };

    base64_encode(&b, plain);
    struct str token = arena_copy(j->a, buf_view(&b));
    buf_free(&b);
    return token;
}

HANDLER(bedrock, ListFoundationModelAgreementOffers)
{
    struct value *offers = value_list(j->a);
    struct model m;

    if (!model_asked(j, "modelId", &m))
        return j->rc;
    if (m.agreement) {
        struct value *offer = value_map(j->a);
        value_put_str(j->a, offer, "offerToken", offer_token(j, &m));
        value_set(offer, STR("termDetails"), job_template(j, "bedrock/terms.json"));
        value_push(offers, offer);
    }
    value_put_str(j->a, outcome_output(j->cx, j->out), "modelId", m.id);
    job_answer(j, "offers", offers);
    return j->rc;
}

HANDLER(bedrock, CreateFoundationModelAgreement)
{
    struct model m;

    if (!model_asked(j, "modelId", &m))
        return j->rc;
    if (!m.agreement || !str_eq(job_text(j, "offerToken"), offer_token(j, &m)))
        return job_refuse(j, "ValidationException", "The provided offer token is invalid.");
    if (job_get(j, "Agreement", m.id))
        return job_refuse(j, "ConflictException",
                          "An agreement for the model already exists in this account.");
    value_put_str(j->a, outcome_output(j->cx, j->out), "modelId", m.id);
    return job_put(j, "Agreement", m.id, value_map(j->a));
}

HANDLER(bedrock, DeleteFoundationModelAgreement)
{
    struct model m;

    if (!model_asked(j, "modelId", &m))
        return j->rc;
    if (!job_get(j, "Agreement", m.id))
        return j->rc < 0 ? j->rc
                         : job_refuse(j, "ResourceNotFoundException",
                                      "There is no agreement for the model in this account.");
    (void)outcome_output(j->cx, j->out);
    return job_drop(j, "Agreement", m.id);
}

HANDLER(bedrock, GetFoundationModelAvailability)
{
    struct value *agreement = value_map(j->a), *out;
    struct model m;

    if (!model_asked(j, "modelId", &m))
        return j->rc;
    value_put_c(j->a, agreement, "status",
                job_get(j, "Agreement", m.id) ? "PENDING" : "NOT_AVAILABLE");
    out = outcome_output(j->cx, j->out);
    value_put_str(j->a, out, "modelId", m.id);
    value_set(out, STR("agreementAvailability"), agreement);
    value_put_c(j->a, out, "authorizationStatus", "AUTHORIZED");
    value_put_c(j->a, out, "entitlementAvailability", "NOT_AVAILABLE");
    value_put_c(j->a, out, "regionAvailability", "AVAILABLE");
    return j->rc;
}

/* ---- use ---- */

static int deny(struct job *j)
{
    struct model m;

    if (!model_asked(j, "modelId", &m))
        return j->rc;
    return job_refuse(j, "AccessDeniedException",
                      "You don't have access to the model with the specified model ID.");
}

HANDLER(bedrock_runtime, InvokeModel)
{
    return deny(j);
}

HANDLER(bedrock_runtime, Converse)
{
    return deny(j);
}
