// What each parameter of a deployment may be, and what it is. Its default stands in serverless.yml (`params.default`); a test holds
// the two against each other, and docs/deploy-aws.md has the table. Checked before anything is packaged (deployment.cjs).
const { repositoryOf } = require('./ecr.cjs');

const number = (from, to) => ({
  says: `a whole number from ${from} to ${to}`,
  fits: (value) => /^\d+$/.test(value) && Number(value) >= from && Number(value) <= to,
});
const choice = (...values) => ({ says: `one of ${values.join(', ')}`, fits: (value) => values.includes(value) });
const text = (pattern, says) => ({ says, fits: (value) => pattern.test(value) });
const optional = ({ says, fits }) => ({ says: `${says}, or empty`, fits: (value) => value === '' || fits(value) });
const list = ({ says, fits }, count) => ({
  says: `${count === undefined ? 'several' : count} of these, with commas between them: ${says}`,
  fits: (value) => {
    const parts = value.split(',');
    return (count === undefined || parts.length === count) && parts.every(fits) && new Set(parts).size === parts.length;
  },
});
const arn = (service, rest, says) => text(new RegExp(`^arn:aws[a-z-]*:${service}:[a-z0-9-]+:\\d{12}:${rest}$`), says);
const image = text(
  /^[a-z0-9][a-z0-9._-]*(:\d+)?(\/[a-z0-9._-]+)*([:@][A-Za-z0-9._:-]+)?$/,
  'the name of an image, as repository:tag',
);
const patterns = text(/^[^,]+(,[^,]+)*$/, '`defaults` or patterns with commas between them');
const cidr = {
  says: 'private IPv4 addresses as a.b.c.d/16 or /17 (10.80.0.0/16, say)',
  fits: (value) => {
    const [, address, bits] = /^((?:\d{1,3}\.){3}\d{1,3})\/(16|17)$/.exec(value) ?? [];
    if (address === undefined) return false;
    const [a, b, c, d] = address.split('.').map(Number);
    const isPrivate = a === 10 || (a === 172 && b >= 16 && b <= 31) || (a === 192 && b === 168);
    return isPrivate && b <= 255 && d === 0 && (bits === '16' ? c === 0 : c === 0 || c === 128);
  },
};
const anyCidr = text(
  /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\/(?:[12]?\d|3[0-2])$/,
  'IPv4 addresses as a.b.c.d/bits',
);
const domain = text(
  /^(?=.{3,100}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/,
  'a domain in lower case with a dot in it',
);
/** What CloudWatch Logs takes. */
const DAYS =
  '1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653'.split(', ');

/** name: [group, what it may be, what it is]. In the order of the table. */
const PARAMETERS = {
  milvusImage: [
    'what runs',
    image,
    'image of Milvus 2.3.5; one in ECR of your region starts sooner than one in a public registry',
  ],
  etcdImage: ['what runs', image, 'image of etcd 3.5 or 3.6'],
  architecture: [
    'what runs',
    choice('x86_64', 'arm64'),
    'processors of functions and tasks; `arm64` is about a fifth cheaper, and both images must have it',
  ],
  spotRoles: [
    'what runs',
    optional(list(choice('querynode', 'indexnode'))),
    'roles on Fargate Spot: cheaper by two thirds or so, and taken away with two minutes of notice; searches fail until a query node is back',
  ],
  certificateArn: [
    'entry',
    optional(arn('acm', 'certificate/[0-9a-z-]+', 'the ARN of an ACM certificate')),
    'certificate of `*.<your domain>`, in the region of the deployment; with it HTTPS and gRPC, without it REST over plain HTTP only',
  ],
  entryScheme: [
    'entry',
    choice('internet-facing', 'internal'),
    'who can reach the load balancer: the internet, or the VPC and what is connected to it',
  ],
  entryCidr: ['entry', anyCidr, 'addresses that may open connections to the load balancer'],
  outbound: [
    'network',
    choice('public', 'nat', 'endpoints', 'own'),
    'how tasks reach image registry, logs and secrets: by public addresses, from private subnets by a NAT gateway or by interface endpoints, or as your own VPC has it',
  ],
  vpcCidr: ['network', cidr, 'addresses of the VPC that is made'],
  vpcId: [
    'network',
    optional(text(/^vpc-[0-9a-f]{8,17}$/, 'the id of a VPC')),
    'your own VPC in place of one that is made',
  ],
  subnetIds: [
    'network',
    optional(list(text(/^subnet-[0-9a-f]{8,17}$/, 'the id of a subnet'), 3)),
    'subnets of your VPC in three zones, for tasks, brokers and functions',
  ],
  entrySubnetIds: [
    'network',
    optional(list(text(/^subnet-[0-9a-f]{8,17}$/, 'the id of a subnet'), 3)),
    'public subnets of your VPC for the load balancer, where they are not the same',
  ],
  namespaceName: [
    'network',
    domain,
    'private domain of the names of etcd members; each deployment in a VPC needs its own',
  ],
  brokerType: [
    'messages',
    text(
      /^kafka\.(t3|m5|m7g)\.(small|(\d{1,2})?x?large)$/,
      'a broker type of MSK (kafka.t3.small, kafka.m5.large, kafka.m7g.large, ...)',
    ),
    'size of each of the three brokers',
  ],
  brokerVolumeGiB: ['messages', number(1, 16384), 'volume of each broker; it can grow, never shrink'],
  messagesArn: [
    'messages',
    optional(arn('kafka', 'cluster/[^/]+/[0-9a-f-]+', 'the ARN of a provisioned MSK cluster')),
    'your own MSK in place of one that is made; with the three below',
  ],
  messagesSecretArn: [
    'messages',
    optional(arn('secretsmanager', 'secret:AmazonMSK_.+', 'the ARN of a secret whose name begins with AmazonMSK_')),
    'its SCRAM user, as JSON with `username` and `password`',
  ],
  messagesKeyArn: ['messages', optional(arn('kms', 'key/[0-9a-f-]+', 'the ARN of a KMS key')), 'key of that secret'],
  messagesSecurityGroupId: [
    'messages',
    optional(text(/^sg-[0-9a-f]{8,17}$/, 'the id of a security group')),
    'security group of its brokers; two rules for port 9096 are added to it',
  ],
  objectsBucket: [
    'data',
    optional(text(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'the name of a bucket')),
    'your own bucket in place of one that is made; Redkite writes below clusters/ and metadata/ and changes none of its settings',
  ],
  keyArn: [
    'data',
    optional(arn('kms', 'key/[0-9a-f-]+', 'the ARN of a KMS key')),
    'your own key for bucket and registry in place of those of AWS; its policy has to let both services use it for this account',
  ],
  afterRemoval: [
    'data',
    choice('Retain', 'Delete'),
    'what `serverless remove` does with bucket, registry, brokers, and the network they stand in',
  ],
  heldRequests: [
    'requests',
    number(2, 10000),
    'requests held for sleeping clusters at a time (reserved concurrency; AWS leaves 100 of the account to others)',
  ],
  heldPerCluster: [
    'requests',
    number(1, 10000),
    'of these at most so many for one cluster, and fewer than all; the others are told at once to come again (503, `Retry-After`)',
  ],
  relayedRequests: [
    'requests',
    number(1, 10000),
    'REST requests that Milvus answers through a function right after a wake, at a time (reserved too); the others wait their turn',
  ],
  holdSeconds: ['requests', number(1, 125), 'how long a request that names no time of its own is held at most'],
  ignoredAgents: ['requests', patterns, 'clients that wake no cluster'],
  ignoredPaths: ['requests', patterns, 'paths that wake no cluster'],
  usedPaths: ['requests', patterns, 'the REST paths that do'],
  alarms: ['operation', choice('on', 'off'), 'the alarms; they cost about 6 USD a month'],
  alarmEmail: [
    'operation',
    optional(text(/^[^@\s]+@[^@\s]+\.[^@\s]+$/, 'a mail address')),
    'who is mailed; AWS asks for a confirmation first',
  ],
  wakeGoalSeconds: ['operation', number(1, 3600), 'a wake that takes longer raises an alarm'],
  logDays: ['operation', choice(...DAYS), 'days that logs are kept'],
  registrars: ['operation', number(2, 1000), 'registrars at a time, each with up to ten task events'],
  objectsAddress: ['local mode', text(/^[a-z0-9.:-]+$/, 'a host name'), 'host of S3'],
  objectsPort: ['local mode', number(1, 65535), 'its port'],
  objectsTls: ['local mode', choice('true', 'false'), 'whether it speaks TLS'],
};

/** Of what is right one by one, what does not go together. Each a sentence that names the parameters. */
const RULES = [
  ({ vpcId, subnetIds }) =>
    (vpcId === '') !== (subnetIds === '') &&
    'vpcId and subnetIds go together: name your VPC and three of its subnets in different zones, or neither.',
  ({ vpcId, entrySubnetIds }) =>
    entrySubnetIds !== '' &&
    vpcId === '' &&
    'entrySubnetIds are subnets of your own VPC: name it by vpcId and subnetIds.',
  ({ vpcId, outbound }) =>
    vpcId !== '' &&
    (outbound === 'nat' || outbound === 'endpoints') &&
    `outbound is ${outbound}, which makes private subnets in a VPC that Redkite makes. In your own (vpcId) it is own, or public.`,
  ({ vpcId, outbound }) =>
    vpcId === '' && outbound === 'own' && 'outbound is own, but there is no vpcId: it is public, nat or endpoints.',
  ({ outbound, milvusImage, etcdImage }) =>
    outbound === 'endpoints' &&
    [milvusImage, etcdImage].some((image) => repositoryOf(image) === undefined) &&
    'outbound is endpoints, so tasks reach no registry but ECR: milvusImage and etcdImage have to be copies in your ECR.',
  (given) => {
    const names = ['messagesArn', 'messagesSecretArn', 'messagesKeyArn', 'messagesSecurityGroupId'];
    const missing = names.filter((name) => given[name] === '');
    return (
      missing.length > 0 &&
      missing.length < names.length &&
      `Your own MSK needs all of ${names.join(', ')}; missing: ${missing.join(', ')}.`
    );
  },
  ({ messagesArn, vpcId }) =>
    messagesArn !== '' &&
    vpcId === '' &&
    'messagesArn is an MSK of your own, so its VPC has to be named too: vpcId and subnetIds.',
  ({ heldRequests, heldPerCluster }) =>
    Number(heldPerCluster) >= Number(heldRequests) &&
    `heldPerCluster is ${heldPerCluster}, and has to be below heldRequests (${heldRequests}): what is left tells the others at once to come again.`,
  ({ objectsBucket, keyArn }) =>
    objectsBucket !== '' &&
    keyArn !== '' &&
    'objectsBucket is a bucket of your own, which has its own encryption; leave keyArn out, or let Redkite make the bucket.',
];

const STAGE = /^[a-z](?:[a-z0-9-]{0,13}[a-z0-9])?$/;

/** Everything that is wrong, each in a sentence for somebody who deploys for the first time. */
function problems({ stage, values, defaults, unknown }) {
  const found = [];
  if (!STAGE.test(stage)) {
    found.push(
      `The stage is "${stage}": it is at most 15 lower case letters, digits and inner hyphens, and begins with a letter (it is part of the names of everything).`,
    );
  }
  for (const name of unknown) {
    const near = Object.keys(PARAMETERS).find((known) => known.toLowerCase() === name.toLowerCase());
    found.push(
      `There is no parameter ${name}${near === undefined ? '' : `: did you mean ${near}?`}${near === undefined ? '. docs/deploy-aws.md lists them.' : ''}`,
    );
  }
  for (const [name, [, { says, fits }, what]] of Object.entries(PARAMETERS)) {
    const value = values[name];
    if (value === undefined || fits(value)) continue;
    found.push(
      `The parameter ${name} is "${value}", and has to be ${says}. It is: ${what}. The default is "${defaults[name] ?? ''}".`,
    );
  }
  return found.length > 0 ? found : RULES.map((rule) => rule(values)).filter((wrong) => wrong !== false);
}

module.exports = { PARAMETERS, problems };
