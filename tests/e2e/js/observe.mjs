// Queues, topics, metrics, logs, events and traces by the JavaScript SDK: node observe.mjs ENDPOINT NOW. Prints one JSON
// line of what it saw.
import { SQSClient, CreateQueueCommand, SendMessageCommand, SendMessageBatchCommand, ReceiveMessageCommand, DeleteMessageCommand, GetQueueAttributesCommand, GetQueueUrlCommand } from "@aws-sdk/client-sqs";
import { SNSClient, CreateTopicCommand, SubscribeCommand, PublishCommand, PublishBatchCommand } from "@aws-sdk/client-sns";
import { CloudWatchClient, PutMetricDataCommand, GetMetricDataCommand, GetMetricStatisticsCommand, ListMetricsCommand, SetAlarmStateCommand } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient, CreateLogGroupCommand, CreateLogStreamCommand, PutLogEventsCommand, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { XRayClient, PutTraceSegmentsCommand, BatchGetTracesCommand } from "@aws-sdk/client-xray";
import { createHash } from "node:crypto";

const account = "111122223333";
const base = {
    endpoint: process.argv[2],
    region: "us-east-1",
    maxAttempts: 1,
    credentials: { accessKeyId: account, secretAccessKey: "test" },
};
const now = new Date(process.argv[3]).getTime();
const saw = {};
const refused = async (promise) => {
    try {
        await promise;
    } catch (error) {
        return { name: error.name, status: error.$metadata?.httpStatusCode };
    }
    throw new Error("no error was answered");
};

const sqs = new SQSClient(base);
const queue = async (name, Attributes) => {
    const QueueUrl = (await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes }))).QueueUrl;
    const { QueueArn } = (await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }))).Attributes;
    return { QueueUrl, QueueArn };
};
// All that is there; deleted.
const take = async ({ QueueUrl }, wait) => {
    const got = (await sqs.send(new ReceiveMessageCommand({
        QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: wait ? 5 : 0, MessageAttributeNames: ["All"], AttributeNames: ["All"],
    }))).Messages ?? [];
    for (const m of got)
        await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: m.ReceiptHandle }));
    return got;
};

const plain = await queue("js-plain");
await sqs.send(new SendMessageCommand({
    QueueUrl: plain.QueueUrl, MessageBody: "hello", MessageAttributes: { a: { DataType: "String", StringValue: "b" } },
}));
saw.received = (await take(plain)).map((m) => ({
    body: m.Body, attribute: m.MessageAttributes.a.StringValue, md5: m.MD5OfBody === createHash("md5").update("hello").digest("hex"),
}));
saw.left = (await take(plain)).length;
const fifo = await queue("js.fifo", { FifoQueue: "true" });
const entry = (Id) => ({ Id, MessageBody: Id, MessageGroupId: "g", MessageDeduplicationId: Id });
const first = await sqs.send(new SendMessageBatchCommand({ QueueUrl: fifo.QueueUrl, Entries: ["1", "2"].map(entry) }));
const again = await sqs.send(new SendMessageCommand({
    QueueUrl: fifo.QueueUrl, MessageBody: "1", MessageGroupId: "g", MessageDeduplicationId: "1",
}));
saw.fifo = { bodies: (await take(fifo)).map((m) => m.Body), same: again.MessageId === first.Successful[0].MessageId };
saw.missing = await refused(sqs.send(new GetQueueUrlCommand({ QueueName: "nobody" })));

const sns = new SNSClient(base);
const subscribed = async (name, Attributes) => {
    const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: name }));
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint: plain.QueueArn, Attributes }));
    return TopicArn;
};
const topic = await subscribed("js-topic");
await sns.send(new PublishCommand({ TopicArn: topic, Subject: "s", Message: "from a topic" }));
const { Type, Subject, Message } = JSON.parse((await take(plain, true))[0].Body);
saw.notified = { Type, Subject, Message };
const raw = await subscribed("js-raw", { RawMessageDelivery: "true" });
await sns.send(new PublishBatchCommand({ TopicArn: raw, PublishBatchRequestEntries: [{ Id: "1", Message: "of a batch" }] }));
saw.raw = (await take(plain, true))[0].Body;

const metrics = new CloudWatchClient(base);
const span = { StartTime: new Date(now - 300e3), EndTime: new Date(now + 300e3) };
const metric = { Namespace: "Js", MetricName: "Orders", Dimensions: [{ Name: "shop", Value: "a" }] };
await metrics.send(new PutMetricDataCommand({
    Namespace: "Js", MetricData: [{
        MetricName: "Orders", Dimensions: metric.Dimensions, Timestamp: new Date(now), Unit: "Count", Values: [3, 6], Counts: [2, 1],
    }],
}));
saw.metrics = (await metrics.send(new ListMetricsCommand({ Namespace: "Js" }))).Metrics.map((m) => m.MetricName);
saw.values = (await metrics.send(new GetMetricDataCommand({
    ...span, MetricDataQueries: [
        { Id: "sum", MetricStat: { Metric: metric, Period: 60, Stat: "Sum" } },
        { Id: "doubled", Expression: "sum * 2" },
    ],
}))).MetricDataResults.map((r) => ({ id: r.Id, values: r.Values })).sort((a, b) => a.id.localeCompare(b.id));
const [point] = (await metrics.send(new GetMetricStatisticsCommand({
    ...metric, ...span, Period: 60, Statistics: ["Average", "SampleCount"],
}))).Datapoints;
saw.average = { Average: point.Average, SampleCount: point.SampleCount };
saw.alarm = await refused(metrics.send(new SetAlarmStateCommand({ AlarmName: "nobody", StateValue: "OK", StateReason: "-" })));

const logs = new CloudWatchLogsClient(base);
const place = { logGroupName: "/js", logStreamName: "one" };
saw.rejected = await refused(logs.send(new FilterLogEventsCommand({ logGroupName: "/nobody" })));
await logs.send(new CreateLogGroupCommand({ logGroupName: "/js" }));
await logs.send(new CreateLogStreamCommand(place));
await logs.send(new PutLogEventsCommand({
    ...place, logEvents: ["INFO one", "ERROR two"].map((message, i) => ({ timestamp: now + i, message })),
}));
saw.filtered = (await logs.send(new FilterLogEventsCommand({ logGroupName: "/js", filterPattern: "ERROR" }))).events.map((e) => e.message);

const bus = new EventBridgeClient(base);
const target = await queue("js-events");
await bus.send(new PutRuleCommand({ Name: "js", EventPattern: JSON.stringify({ source: ["shop"], detail: { n: [{ numeric: [">", 5] }] } }) }));
await bus.send(new PutTargetsCommand({ Rule: "js", Targets: [{ Id: "1", Arn: target.QueueArn }] }));
saw.put = (await bus.send(new PutEventsCommand({
    Entries: [3, 7].map((n) => ({ Source: "shop", DetailType: "order", Detail: JSON.stringify({ n }) })),
}))).FailedEntryCount;
const { source, "detail-type": type, detail } = JSON.parse((await take(target, true))[0].Body);
saw.event = { source, "detail-type": type, detail };
saw.unmatched = (await take(target)).length;

const xray = new XRayClient(base);
const trace = `1-${Math.floor(now / 1000).toString(16)}-0123456789abcdef01234567`;
const segment = {
    trace_id: trace, id: "0123456789abcdef", name: "node", start_time: now / 1000, end_time: now / 1000 + 0.5, annotations: { kind: "test" },
};
saw.unprocessed = (await xray.send(new PutTraceSegmentsCommand({ TraceSegmentDocuments: [JSON.stringify(segment)] }))).UnprocessedTraceSegments;
const { name, annotations } = JSON.parse((await xray.send(new BatchGetTracesCommand({ TraceIds: [trace] }))).Traces[0].Segments[0].Document);
saw.trace = { name, annotations };
console.log(JSON.stringify(saw));
