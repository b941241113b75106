// The JavaScript SDK against a mocktrail: node calls.mjs ENDPOINT. Prints one JSON line of what it saw.
import { STSClient, GetCallerIdentityCommand, AssumeRoleCommand } from "@aws-sdk/client-sts";
import { IAMClient, CreateAccessKeyCommand, CreateUserCommand, CreateRoleCommand, ListUsersCommand, GetUserCommand } from "@aws-sdk/client-iam";
import { S3Client, CreateBucketCommand, PutObjectCommand, GetObjectCommand, ListObjectsV2Command, DeleteObjectCommand } from "@aws-sdk/client-s3";
import { CloudTrailClient, DescribeTrailsCommand, LookupEventsCommand } from "@aws-sdk/client-cloudtrail";

const account = "111122223333";
const base = {
    endpoint: process.argv[2],
    region: "us-east-1",
    maxAttempts: 1,
    credentials: { accessKeyId: account, secretAccessKey: "test" },
};
const saw = {};
const refused = async (promise) => {
    try {
        await promise;
    } catch (error) {
        return { name: error.name, status: error.$metadata?.httpStatusCode };
    }
    throw new Error("no error was answered");
};

const sts = new STSClient(base);
saw.caller = (await sts.send(new GetCallerIdentityCommand({}))).Arn;

const iam = new IAMClient(base);
saw.user = (await iam.send(new CreateUserCommand({ UserName: "js" }))).User.Arn;
saw.users = (await iam.send(new ListUsersCommand({}))).Users.map((u) => u.UserName);
saw.nobody = await refused(iam.send(new GetUserCommand({ UserName: "nobody" })));
const trust = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Principal: { AWS: account }, Action: "sts:AssumeRole" }] };
await iam.send(new CreateRoleCommand({ RoleName: "js", AssumeRolePolicyDocument: JSON.stringify(trust) }));
const key = (await iam.send(new CreateAccessKeyCommand({ UserName: "js" }))).AccessKey; // root assumes no role
const user = new STSClient({ ...base, credentials: { accessKeyId: key.AccessKeyId, secretAccessKey: key.SecretAccessKey } });
const session = (await user.send(new AssumeRoleCommand({ RoleArn: `arn:aws:iam::${account}:role/js`, RoleSessionName: "node" }))).Credentials;
const as = { accessKeyId: session.AccessKeyId, secretAccessKey: session.SecretAccessKey, sessionToken: session.SessionToken };
saw.session = (await new STSClient({ ...base, credentials: as }).send(new GetCallerIdentityCommand({}))).Arn;

const s3 = new S3Client({ ...base, forcePathStyle: true });
await s3.send(new CreateBucketCommand({ Bucket: "js-bucket" }));
const body = "hello from node ".repeat(1000);
await s3.send(new PutObjectCommand({ Bucket: "js-bucket", Key: "dir/ä +%.txt", Body: body, Metadata: { a: "b" } }));
const got = await s3.send(new GetObjectCommand({ Bucket: "js-bucket", Key: "dir/ä +%.txt" }));
saw.body = (await got.Body.transformToString()) === body;
saw.metadata = got.Metadata;
saw.keys = (await s3.send(new ListObjectsV2Command({ Bucket: "js-bucket", Delimiter: "/" }))).CommonPrefixes;
await s3.send(new DeleteObjectCommand({ Bucket: "js-bucket", Key: "dir/ä +%.txt" }));
saw.gone = await refused(s3.send(new GetObjectCommand({ Bucket: "js-bucket", Key: "dir/ä +%.txt" })));

const trail = new CloudTrailClient(base);
saw.trails = (await trail.send(new DescribeTrailsCommand({}))).trailList.map((t) => t.Name);
saw.events = (await trail.send(new LookupEventsCommand({ LookupAttributes: [{ AttributeKey: "EventName", AttributeValue: "CreateUser" }] }))).Events.length;
console.log(JSON.stringify(saw));
