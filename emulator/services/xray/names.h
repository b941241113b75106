/* emulator/services/xray/names - private to this folder: how a service that was called is called in
 * a trace: "DynamoDB" of type "AWS::DynamoDB" for dynamodb.amazonaws.com.
 *
 * The name is the service id of its API model, the type is made of it: X-Ray has such types for the
 * services that it knows (AWS::DynamoDB, AWS::SQS ...), and no list of them is published.
 */
#pragma once

#include "emulator/catalogue/catalogue.h"
#include "core/base/arena.h"

#define XRAY_SOURCE "xray.amazonaws.com"

struct names;
struct names_entry {
    struct str source, name, origin;
    const struct cat_service *service; /* NULL: the catalogue does not know it */
    struct names_entry *next;
};
/* Remembers what it was asked; lives in a. cat NULL: no service is known, all keep their names. */
struct names *names_new(struct arena *a, const struct cat *cat);
const struct names_entry *names_of(struct names *n, struct str event_source);
/* Of an SDK's subsegment, whose name is the endpoint prefix ("dynamodb") or the service id
 * ("DynamoDB"). */
const struct names_entry *names_of_prefix(struct names *n, struct str prefix);
/* The HTTP method of an operation; empty when it is not known. */
struct str names_method(const struct names *n, const struct names_entry *of, struct str event_name);
