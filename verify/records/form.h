/* verify/records/form - do texts have the forms that CloudTrail gives them. All are pure.
 */
#pragma once

#include <stdbool.h>

#include "core/base/str.h"

bool form_digits(struct str s);  /* one or more */
bool form_account(struct str s); /* 12 digits */
/* A UUID in lower case; its 16 bytes. */
bool form_uuid(struct str s, uint64_t out_id[2]);
bool form_time(struct str s, int64_t *out_ms); /* YYYY-MM-DDTHH:MM:SSZ, a time that exists */
bool form_time_basic(struct str s);            /* YYYYMMDDTHHMMSSZ */
bool form_address(struct str s);               /* IPv4 or IPv6 */
bool form_host(struct str s);                  /* a DNS name with a dot in it */
bool form_source(struct str s);                /* NAME.amazonaws.com */
bool form_region(struct str s);
bool form_event_name(struct str s);
bool form_arn(struct str s);                     /* arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE */
bool form_version(struct str s, int *out_minor); /* 1.MINOR; false: no MAJOR.MINOR at all */
/* 4 letters and 12 to 28 of A-Z and 0-9: AKIA, AIDA, AROA and the like. */
bool form_unique_id(struct str s, const char *prefix);
bool form_resource_type(struct str s); /* AWS::SERVICE::TYPE */
