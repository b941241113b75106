/* core/base/limits - every size that outside bytes are held against, before anything is allocated.
 */
#pragma once

#define LIMIT_FILE_BYTES         (1ull << 30)  /* a file read whole */
#define LIMIT_NESTING            128           /* JSON, XML, YAML, CBOR, shapes */
#define LIMIT_JSON_BYTES         (64ull << 20) /* one JSON document */
#define LIMIT_XML_BYTES          (16ull << 20)
#define LIMIT_YAML_BYTES         (16ull << 20)
#define LIMIT_YAML_DOCUMENTS     10000
#define LIMIT_CBOR_BYTES         (16ull << 20)
#define LIMIT_INFLATE_BYTES      (1ull << 30) /* what one gzip may become */
#define LIMIT_HTTP_HEADER_BYTES  (16u << 10)  /* all headers and the request line */
#define LIMIT_HTTP_HEADERS       256
#define LIMIT_HTTP_BODY_BYTES    (64ull << 20) /* a body that is not an S3 object */
#define LIMIT_HTTP_DROPPED_BYTES (1ull << 30)  /* of a refused body, before the server hangs up */
#define LIMIT_S3_OBJECT_BYTES    (5ull << 40)
#define LIMIT_S3_PART_BYTES      (5ull << 30)
#define LIMIT_S3_KEY_BYTES       1024
#define LIMIT_S3_FORM_BYTES      (20u << 10) /* of a form, before its file */
#define LIMIT_S3_CHUNKS          700000u /* of one aws-chunked upload: 5 GiB at the least 8 KiB */
#define LIMIT_S3_TRAILERS        16u
#define LIMIT_BODY_MEMORY_BYTES  (1u << 20) /* an upload above this goes to a staging file */
#define LIMIT_FAULT_RULES        1000
#define LIMIT_QUERY_PARAMS       20000
#define LIMIT_RECORD_BYTES       (256u << 10)  /* Source: CloudTrail User Guide, "Limits" */
#define LIMIT_RECORD_FIELD_BYTES (100u << 10)  /* requestParameters, responseElements */
#define LIMIT_LOG_FILE_BYTES     (50ull << 20) /* compressed; Source: the same */
