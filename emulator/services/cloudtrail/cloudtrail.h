/* emulator/services/cloudtrail - what the operations on trails share: finding a trail by name or
 * ARN as AWS does, saving it, the checks of its name and bucket.
 *
 * A trail is a document: service "cloudtrail", type "Trail", region its home, id its name. Members
 * are the model's, and: IsLogging, EventSelectors or AdvancedEventSelectors, TagsList.
 * Its status is a second one, "TrailStatus", written by emulator/trail as well.
 */
#pragma once

#include "emulator/services/services.h"

struct ct_trail {
    struct doc_key key;
    struct value *doc; /* NULL: refused, the outcome says why */
};

/* Which trail may be named: a READ takes those of other regions and of the organization by ARN; a
 * CHANGE only the caller's own, in its home region. */
enum ct_use { CT_READ, CT_CHANGE };
int ct_find(struct ctx *cx, const struct call *call, struct outcome *out, struct str name,
            enum ct_use use, struct ct_trail *found, struct err *err);
/* Every trail that the caller's account sees in a region (empty: in any), shadows included. */
int ct_visible(struct ctx *cx, const struct call *call, struct str region, struct doc **out,
               size_t *count, struct err *err);
bool ct_is_default(const struct doc *trail);

/* Write the changed document; from here on its new configuration holds. */
int ct_save(struct ctx *cx, const struct call *call, const struct ct_trail *trail, struct err *err);
int ct_changed(struct ctx *cx, const struct call *call, const struct ct_trail *trail,
               struct err *err);
struct doc_key ct_status_key(const struct ct_trail *trail);

/* True: fine. False: refused. */
bool ct_name_ok(struct ctx *cx, struct outcome *out, struct str name);
/* The bucket is there and lets CloudTrail in. org_id empty: no organization trail. 1, 0 refused, or
 * a failure. */
int ct_bucket_ok(struct ctx *cx, const struct call *call, struct outcome *out,
                 const struct value *trail, struct str org_id, struct err *err);
/* The trail's log group is there, and its role trusts CloudTrail; or it has neither. The role's own
 * policies are not asked. 1, 0 refused, or a failure. */
int ct_log_group_ok(struct ctx *cx, const struct call *call, struct outcome *out,
                    const struct value *trail, struct err *err);
/* The topic that SnsTopicName names; it gets the validation message. SnsTopicARN is set. The same.
 */
int ct_topic_ok(struct ctx *cx, const struct call *call, struct outcome *out, struct value *trail,
                struct err *err);
struct str ct_arn(struct ctx *cx, struct str region, struct str account, struct str name);
