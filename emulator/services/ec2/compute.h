/* emulator/services/ec2/compute - what instances are made of: interfaces, addresses, volumes,
 * images. The networks they live in are ec2.h's.
 */
#pragma once

#include "emulator/services/ec2/ec2.h"

/* interfaces.c */
struct ec2_interface {
    const struct value *asked; /* parameters, or a row of RunInstances, or NULL: its addresses */
    struct value *subnet;      /* document */
    struct value *groups;      /* [{GroupId, GroupName}] */
    struct str description;
};
/* A new interface in its subnet with an address, not saved. */
int ec2_interface_new(struct ec2 *j, const struct ec2_interface *i, struct value **eni);
struct str ec2_dns_name(struct ec2 *j, struct str private_ip);
struct str ec2_public_dns(struct ec2 *j, struct str public_ip);

/* addresses.c */
int ec2_public_ip(struct ec2 *j, struct str *out); /* one that nothing has */
void ec2_address_loosen(struct value *address);    /* bound to nothing any more; not saved */

int ec2_interface_attach(struct ec2 *j, struct value *eni, const struct value *instance,
                         int64_t device, bool delete_on_termination);

/* instances.c */
int ec2_instance_code(struct str state);
struct value *ec2_instance_state(struct ec2 *j, struct str state); /* {Code, Name} */
int ec2_profile_find(struct ec2 *j, const struct value *spec, struct value **profile);
int ec2_profile_associate(struct ec2 *j, struct str instance_id, const struct value *profile,
                          struct value **association);

/* instance_events.c: its state is new: EventBridge hears of it, and of what the clock brings. */
int ec2_instance_entered(struct ec2 *j, struct value *instance);

/* volumes.c */
/* A new volume of what asked says (Size or VolumeSize, VolumeType, SnapshotId ...); not saved. */
int ec2_volume_new(struct ec2 *j, const struct value *asked, struct str zone,
                   struct value **volume);
void ec2_volume_attach(struct ec2 *j, struct value *volume, struct str instance_id,
                       struct str device, bool delete_on_termination);
int ec2_snapshot_of(struct ec2 *j, const struct value *volume, struct str description,
                    struct value **snapshot); /* not saved */

/* launch.c */
bool ec2_type_exists(struct ec2 *j, struct str type); /* in the model's list */

/* launch_templates.c */
/* RunInstances with a LaunchTemplate: j->call becomes one whose parameters are the template's and
 * the caller's. *tags: what EC2 itself tags the instance with; NULL: there is no template. */
int ec2_template_apply(struct ec2 *j, struct value **tags);

/* images.c, sharing.c */
int ec2_image_find(struct ec2 *j, struct str id, struct value **image); /* own or shared */
bool ec2_is_shared(const struct value *doc, struct str account);
/* Documents of a kind that other accounts share with this one, pushed to list. */
int ec2_foreign(struct ec2 *j, enum ec2_kind_id kind, struct value *list);
/* Own or shared, by id, also from another region; *doc NULL: there is none. */
int ec2_find_shared(struct ec2 *j, enum ec2_kind_id kind, struct str id, struct str region,
                    struct value **doc);
int ec2_select_shared(struct ec2 *j, enum ec2_kind_id kind, const char *owners, const char *users,
                      struct value **list);
