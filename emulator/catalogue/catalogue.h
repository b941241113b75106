/* emulator/catalogue - the AWS API models, compiled into one file that is mapped at start.
 *
 * Everything is a pointer into the mapping; nothing is allocated or freed but the catalogue itself.
 * Names are offsets: cat_str(cat, off) gives the text; offset 0 is the empty string.
 * Members, list elements and map keys/values are all struct cat_member, so that one walker serves.
 * The file's layout is described in emulator/catalogue/README.md; it is private to this folder.
 * Threads: read-only after cat_open.
 */
#pragma once

#include "core/base/err.h"
#include "core/base/str.h"

struct cat;
enum cat_protocol { CAT_JSON, CAT_REST_JSON, CAT_REST_XML, CAT_QUERY, CAT_EC2, CAT_CBOR };
enum cat_type {
    CAT_STRUCTURE,
    CAT_LIST,
    CAT_MAP,
    CAT_STRING,
    CAT_BLOB,
    CAT_BOOLEAN,
    CAT_INTEGER,
    CAT_LONG,
    CAT_FLOAT,
    CAT_DOUBLE,
    CAT_TIMESTAMP,
};
enum cat_location { CAT_BODY, CAT_URI, CAT_QUERYSTRING, CAT_HEADER, CAT_HEADERS, CAT_STATUS };
enum cat_ts { CAT_TS_DEFAULT, CAT_TS_ISO8601, CAT_TS_RFC822, CAT_TS_UNIX };
enum cat_shape_flag {
    CAT_S_SENSITIVE = 1,
    CAT_S_UNION = 2,
    CAT_S_DOCUMENT = 4,
    CAT_S_EVENTSTREAM = 8,
    CAT_S_STREAMING = 16,
    CAT_S_FLATTENED = 32,
    CAT_S_WRAPPER = 64,
    CAT_S_EXCEPTION = 128,
    CAT_S_FAULT = 256,
    CAT_S_SPARSE = 512,
    CAT_S_SENDER_FAULT = 1024,
};
enum cat_member_flag {
    CAT_M_REQUIRED = 1,
    CAT_M_FLATTENED = 2,
    CAT_M_XML_ATTRIBUTE = 4,
    CAT_M_JSONVALUE = 8,
    CAT_M_IDEMPOTENCY = 16,
    CAT_M_STREAMING = 32,
    CAT_M_EVENT_PAYLOAD = 64,
    CAT_M_EVENT_HEADER = 128,
    CAT_M_HOST_LABEL = 256,
    CAT_M_DEPRECATED = 512,
};
enum cat_op_flag {
    CAT_O_READONLY = 1,
    CAT_O_IDEMPOTENT = 2,
    CAT_O_NOAUTH = 4,
    CAT_O_UNSIGNED_BODY = 8,
    CAT_O_EC2_2014 = 16, /* exists in ec2/2014-10-01: record style A */
    CAT_O_CHECKSUM_REQUIRED = 32,
    CAT_O_EVENTSTREAM_IN = 64,
    CAT_O_EVENTSTREAM_OUT = 128,
    CAT_O_RETIRED = 256, /* only in an older data set */
};
enum cat_service_flag { CAT_SV_QUERY_COMPATIBLE = 1, CAT_SV_RETIRED = 2, CAT_SV_BEARER = 4 };

/* Bit-fields: the file holds a hundred thousand shapes and two hundred thousand members. */
struct cat_shape {
    uint64_t name : 24;         /* structures only; other shapes of equal content are one */
    uint64_t flags : 12;        /* enum cat_shape_flag */
    uint64_t type : 4;          /* enum cat_type */
    uint64_t ts : 2;            /* enum cat_ts */
    uint64_t rare : 22;         /* for cat_shape_rare */
    uint64_t first_member : 20; /* index; list: 1 element member; map: key, value */
    uint64_t member_count : 12;
    uint64_t payload : 12;    /* structure: 1 + index among its members, or 0 */
    uint64_t constraint : 20; /* for cat_constraint; 0 none */
};
/* What few shapes have. */
struct cat_rare {
    uint32_t location_name; /* the shape's own locationName, or 0 */
    uint32_t xml_namespace; /* uri, or 0 */
    uint32_t error_code;    /* exceptions: wire code, or 0 for the shape's name */
    uint32_t http_status;   /* exceptions: 0 = by protocol */
};
struct cat_member {
    uint32_t name : 24;        /* the model's member name; list element and map parts: 0 */
    uint32_t location : 3;     /* enum cat_location */
    uint32_t ts : 2;           /* enum cat_ts */
    uint32_t has_own_wire : 1; /* the member has a locationName of its own: it is wire */
    uint32_t reserved : 2;
    /* member.locationName, else the target shape's, else name (list element: else "member") */
    uint32_t wire : 24;
    uint32_t extra : 8;  /* for cat_member_extra */
    uint32_t shape : 20; /* index */
    uint32_t flags : 12; /* enum cat_member_flag */
};
/* member.locationName, or 0. */
static inline uint32_t cat_own_wire(const struct cat_member *m)
{
    return m->has_own_wire ? m->wire : 0;
}
/* What few members have. */
struct cat_extra {
    uint32_t query_name;    /* ec2 queryName, or 0 */
    uint32_t xml_namespace; /* uri; with prefix "xsi" for S3's Grantee; or 0 */
    uint32_t query_wire;    /* see cat_query_own_wire */
    uint16_t has_query, query_flattened;
};
struct cat_op {
    uint64_t name : 24;    /* operations.<key>.name (cloudfront: dated) */
    uint64_t key : 24;     /* operations.<key> (cloudfront: bare) */
    uint64_t flags : 16;   /* enum cat_op_flag */
    uint64_t method : 24;  /* string */
    uint64_t uri : 24;     /* requestUri as in the model, with query */
    uint64_t service : 10; /* index */
    uint64_t reserved : 6;
    uint64_t host_prefix : 24, result_wrapper : 24;
    uint64_t status : 10; /* of success */
    uint64_t reserved_too : 6;
    uint64_t input : 20, output : 20; /* 1 + shape index, or 0 */
    uint64_t first_error : 17;        /* into a list of shape indexes */
    uint64_t error_count : 7;
};
struct cat_service {
    uint32_t name; /* botocore's directory: "iam", "elbv2" */
    uint32_t service_id, signing_name, endpoint_prefix, target_prefix, api_version;
    uint32_t xml_namespace, json_version, global_endpoint, uid;
    uint32_t first_op;
    uint16_t op_count, flags;
    uint32_t first_exception; /* of the service's exception shapes, see cat_op_error */
    uint16_t exception_count;
    uint8_t protocol;  /* metadata.protocol */
    uint8_t protocols; /* bit set 1 << enum cat_protocol of all that may be spoken */
};

/* path NULL: MOCKTRAIL_CATALOGUE, else beside the executable, else ../share/mocktrail/.
 * E_MISSING, E_PARSE (damaged, other version) with the path and what to do ("run make"). */
int cat_open(struct cat **out, const char *path, struct err *err);
void cat_close(struct cat *cat);

struct str cat_str(const struct cat *cat, uint32_t off);
uint32_t cat_service_count(const struct cat *cat);
uint32_t cat_op_count(const struct cat *cat);
const struct cat_service *cat_service_at(const struct cat *cat, uint32_t i);
const struct cat_op *cat_op_at(const struct cat *cat, uint32_t i); /* 0 .. cat_op_count-1 */
uint32_t cat_op_index(const struct cat *cat, const struct cat_op *op);
const struct cat_shape *cat_shape_at(const struct cat *cat, uint32_t i);
const struct cat_member *cat_member_at(const struct cat *cat, uint32_t i);

const struct cat_service *cat_op_service(const struct cat *cat, const struct cat_op *op);
const struct cat_shape *cat_op_input(const struct cat *cat, const struct cat_op *op);  /* or NULL */
const struct cat_shape *cat_op_output(const struct cat *cat, const struct cat_op *op); /* or NULL */
const struct cat_shape *cat_member_shape(const struct cat *cat, const struct cat_member *m);
/* All of a shape's members, side by side; NULL when a damaged file has not as many. */
const struct cat_member *cat_shape_members(const struct cat *cat, const struct cat_shape *s);
/* i-th member of a structure (list: element; map: 0 key, 1 value). */
const struct cat_member *cat_shape_member(const struct cat *cat, const struct cat_shape *s,
                                          uint32_t i);
const struct cat_member *cat_member_find(const struct cat *cat, const struct cat_shape *s,
                                         struct str name);
/* Never NULL. */
const struct cat_rare *cat_shape_rare(const struct cat *cat, const struct cat_shape *s);
const struct cat_extra *cat_member_extra(const struct cat *cat, const struct cat_member *m);
/* In the query protocol. Services that moved from query to json or CBOR (sqs, cloudwatch) have
 * other names there: the explicit locationName, or 0; and whether a list or map is flattened. */
uint32_t cat_query_own_wire(const struct cat *cat, const struct cat_member *m);
bool cat_query_flattened(const struct cat *cat, const struct cat_member *m);

const struct cat_service *cat_service_find(const struct cat *cat, struct str name);
/* By operations.<name>, dated or bare. */
const struct cat_op *cat_op_find(const struct cat *cat, const struct cat_service *s,
                                 struct str name);
const struct cat_op *cat_op_find_c(const struct cat *cat, const char *service, const char *op);
/* json: the prefix and operation of X-Amz-Target. */
const struct cat_op *cat_op_by_target(const struct cat *cat, struct str prefix, struct str op);
/* The service of a target prefix; NULL when unknown. */
const struct cat_service *cat_service_by_target(const struct cat *cat, struct str prefix);
/* query, ec2: signing may be empty (unsigned). Of a known service any version will do. */
const struct cat_op *cat_op_by_action(const struct cat *cat, struct str signing, struct str version,
                                      struct str action);

/* The exception shape of an operation by shape name or by wire code; NULL when not listed (then
 * also tried: any exception shape of the service). */
const struct cat_shape *cat_op_error(const struct cat *cat, const struct cat_op *op,
                                     struct str code);
/* The same among those that the operation itself lists. */
const struct cat_shape *cat_op_own_error(const struct cat *cat, const struct cat_op *op,
                                         struct str code);

struct cat_constraint {
    bool has_min, has_max;
    int64_t min, max;
    struct str pattern; /* empty: none */
    uint32_t enum_count;
};
struct cat_constraint cat_constraint_at(const struct cat *cat, const struct cat_shape *s);
struct str cat_enum_at(const struct cat *cat, const struct cat_shape *s, uint32_t i);
