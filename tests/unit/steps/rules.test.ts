/** Changes of the load balancer's rules that come late: what the record wishes is what they are in the end. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  ElasticLoadBalancingV2Client,
  ModifyRuleCommand,
  type ModifyRuleCommandInput,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { applyRules } from '../../../functions/common/aws/rules.ts';
import type { ClusterRecord, RulesWish } from '../../../functions/common/cluster/record.ts';
import { divertRequests } from '../../../functions/divert-requests/divert.ts';
import { openEntry } from '../../../functions/open-entry/open.ts';
import { aRecord } from '../../fixtures/clusters.ts';

const region = { region: 'eu-central-1' };
const dynamo = mockClient(DynamoDBDocumentClient);
const elb = mockClient(ElasticLoadBalancingV2Client);
const deps = {
  registry: { client: DynamoDBDocumentClient.from(new DynamoDBClient(region)), table: 'registry' },
  elb: new ElasticLoadBalancingV2Client(region),
};
const operation = { cluster: 'demo', generation: 5 };
const notHeld = Object.assign(new Error('no'), { name: 'ConditionalCheckFailedException' });
const isOpen = ({ Conditions }: ModifyRuleCommandInput) => Conditions?.[0]?.Field === 'host-header';

let record: ClusterRecord;
/** As the load balancer has it. */
let open: boolean;
/** What others do while the nth change is under way. */
let meanwhile: (nth: number) => void;

beforeEach(() => {
  dynamo.reset();
  elb.reset();
  open = true;
  meanwhile = () => undefined;
  record = aRecord({
    ...{ phase: 'falling-asleep', generation: 5, owner: 'ours' },
    entry: { targetGroups: {}, rules: [{ protocol: 'rest', listenerArn: 'l', ruleArn: 'rule' }] },
    nap: { point: 'begun', way: 'sleep', reason: 'idle', unarchived: true, takeovers: 0, failedWakes: 0 },
  });
  dynamo.on(GetCommand).callsFake(() => ({ Item: { value: record } }));
  // What the condition of the product's own write says, as far as the wish goes.
  dynamo.on(UpdateCommand).callsFake(({ ExpressionAttributeValues, ConditionExpression }) => {
    const values = ExpressionAttributeValues as Record<string, unknown>;
    const wish = (values[':closed'] ?? values[':rulesWish']) as RulesWish | undefined;
    const opened = record.rulesWish?.state === 'open' && record.rulesWish.generation === values[':generation'];
    if (String(ConditionExpression).includes(':open') && opened) throw notHeld;
    if (wish !== undefined) record = { ...record, rulesWish: wish };
    return {};
  });
  let nth = 0;
  elb.on(ModifyRuleCommand).callsFake((input: ModifyRuleCommandInput) => {
    nth += 1;
    meanwhile(nth);
    open = isOpen(input);
    return {};
  });
});

test('rules are closed, and opened again by a sleep that turns round', async () => {
  expect(await divertRequests(deps, operation)).toEqual({ outcome: 'reached' });
  expect(open).toBe(false);
  expect(await openEntry(deps, operation, '')).toEqual({ hosts: ['demo.*'] });
  expect(open).toBe(true);
});

test.each([
  ['another operation', 6],
  ['the same operation, which has turned round,', 5],
])('closing that comes after %s has opened them', async (_, generation) => {
  meanwhile = (nth) => {
    // The other one has finished before ours arrives.
    if (nth === 1) record = { ...record, phase: 'awake', generation, rulesWish: { state: 'open', generation } };
  };
  await divertRequests(deps, operation);
  expect(open).toBe(true);
});

test('opening that comes after a later sleep has closed them', async () => {
  open = false;
  meanwhile = (nth) => {
    if (nth === 1)
      record = { ...record, phase: 'asleep', generation: 6, rulesWish: { state: 'closed', generation: 6 } };
  };
  record = { ...record, rulesWish: { state: 'open', generation: 5 } };
  await applyRules(deps, 'demo');
  expect(open).toBe(false);
});

test('a step that is called twice does not close what its operation has opened since', async () => {
  record = { ...record, rulesWish: { state: 'open', generation: 5 } };
  await expect(divertRequests(deps, operation)).rejects.toMatchObject({ name: 'OwnershipLost' });
  expect(elb.calls()).toHaveLength(0);
});

test('rules that are changed against each other for ever are a mistake that is said', async () => {
  meanwhile = (nth) => {
    record = { ...record, rulesWish: { state: nth % 2 === 0 ? 'closed' : 'open', generation: 6 + nth } };
  };
  await expect(divertRequests(deps, operation)).rejects.toThrow(
    'Others opened or closed the rules of cluster demo each of the 5 times that this operation changed them. ' +
      'See which executions of the cluster run, stop those that do not own it, and start the operation again.',
  );
  expect(elb.calls()).toHaveLength(5);
});

test('what is opened is looked at once before and once after, and not a third time for the answer', async () => {
  expect(await openEntry(deps, operation, '')).toEqual({ hosts: ['demo.*'] });
  expect(dynamo.commandCalls(GetCommand)).toHaveLength(2);
});

test('an operation that was overtaken while it opened the rules does not say that they are open', async () => {
  meanwhile = (nth) => {
    if (nth === 1)
      record = { ...record, phase: 'asleep', generation: 6, rulesWish: { state: 'closed', generation: 6 } };
  };
  await expect(openEntry(deps, operation, '')).rejects.toMatchObject({ name: 'OwnershipLost' });
  expect(open).toBe(false);
});

test('a cluster that is gone has no rules that could be open', async () => {
  dynamo.on(GetCommand).resolves({});
  await expect(openEntry(deps, operation, '')).rejects.toMatchObject({ name: 'OwnershipLost' });
  expect(elb.calls()).toHaveLength(0);
});
