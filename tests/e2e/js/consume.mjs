// A log consumer of sqs-consumer's making: node consume.mjs ENDPOINT QUEUE-URL COUNT. Reads S3's notices of log files,
// fetches the files, and prints what each message led to as one JSON line when COUNT messages have come and no more do.
import { Consumer } from "sqs-consumer";
import { SQSClient } from "@aws-sdk/client-sqs";
import { S3Client, GetObjectCommand } from "@aws-sdk/client-s3";
import { gunzipSync } from "node:zlib";

const [endpoint, queueUrl, count] = process.argv.slice(2);
const base = { endpoint, region: "us-east-1", credentials: { accessKeyId: "111122223333", secretAccessKey: "test" } };
const s3 = new S3Client({ ...base, forcePathStyle: true });
const saw = { files: [], events: [], tests: 0, errors: [] };
let messages = 0;

const consumer = Consumer.create({
    queueUrl, sqs: new SQSClient(base), batchSize: 10, waitTimeSeconds: 1,
    handleMessage: async (message) => {
        messages++;
        const body = JSON.parse(message.Body);
        saw.tests += body.Event === "s3:TestEvent";
        for (const { s3: { bucket, object } } of body.Records ?? []) {
            const Key = decodeURIComponent(object.key.replaceAll("+", " "));
            const file = await s3.send(new GetObjectCommand({ Bucket: bucket.name, Key }));
            saw.files.push(Key);
            const text = gunzipSync(await file.Body.transformToByteArray());
            saw.events.push(...JSON.parse(text).Records.map((r) => r.eventID));
        }
        return message;
    },
});
for (const name of ["error", "processing_error", "timeout_error"])
    consumer.on(name, (error) => saw.errors.push(error.message));
consumer.on("empty", () => messages >= Number(count) && consumer.stop());
consumer.on("stopped", () => console.log(JSON.stringify(saw)));
consumer.start();
