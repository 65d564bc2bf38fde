import fc from 'fast-check';
import {
  CLUSTER_NAME_MAX,
  CLUSTER_NAME_PATTERN,
  executionName,
  memberGroup,
  memberStartedBy,
  parseExecutionName,
  parseReplacementName,
  parseTaskGroup,
  replacementName,
  serviceGroup,
  targetGroupName,
} from '../../../functions/common/cluster/names.ts';
import { ROLE_NAMES } from '../../../functions/common/releases/profiles.ts';

const clusterName = fc.stringMatching(CLUSTER_NAME_PATTERN).filter((name) => name.length <= CLUSTER_NAME_MAX);

describe('names', () => {
  test('an execution name can be taken apart again', () => {
    fc.assert(
      fc.property(clusterName, fc.integer({ min: 1, max: 1_000_000 }), (cluster, generation) => {
        const name = executionName(cluster, 'create', generation);
        expect(parseExecutionName(name)).toEqual({ cluster, verb: 'create', generation });
        // Limit of Step Functions.
        expect(name.length).toBeLessThanOrEqual(80);
      }),
    );
  });

  test('the name of a replacement can be taken apart again, and no other is taken for one', () => {
    const subject = fc.oneof(
      fc.stringMatching(/^[0-9a-f]{32}$/),
      fc.uuid(),
      fc.nat().map((minute) => `watch-${minute}`),
    );
    fc.assert(
      fc.property(clusterName, subject, fc.nat(), (cluster, about, generation) => {
        const name = replacementName(cluster, about);
        expect(parseReplacementName(name)).toEqual({ cluster, subject: about });
        expect(name.length).toBeLessThanOrEqual(80);
        expect(parseReplacementName(executionName(cluster, 'create', generation))).toBeUndefined();
      }),
    );
    expect(parseReplacementName('a-replace-b-create-1')).toBeUndefined();
  });

  test('the name of a clean-up is not taken for the execution that owned the cluster', () => {
    expect(parseExecutionName('demo-create-1-clean-up')).toBeUndefined();
    expect(parseExecutionName('demo-create-1-settled')).toBeUndefined();
  });

  test('a task group says which part of which cluster the task is', () => {
    fc.assert(
      fc.property(
        clusterName,
        fc.integer({ min: 0, max: 4 }),
        fc.constantFrom(...ROLE_NAMES),
        (cluster, ordinal, role) => {
          expect(parseTaskGroup(memberGroup(cluster, ordinal))).toEqual({ kind: 'member', cluster, ordinal });
          expect(parseTaskGroup(serviceGroup(cluster, role))).toEqual({ kind: 'role', cluster, role });
          // Limit of RunTask's startedBy.
          expect(memberStartedBy(cluster).length).toBeLessThanOrEqual(36);
        },
      ),
    );
  });

  test.each(['family:redkite', 'service:other', 'service:a_b_c', 'service:_proxy', 'member:demo', ''])(
    'a task of the group %p is none of ours',
    (group) => {
      expect(parseTaskGroup(group)).toBeUndefined();
    },
  );

  test('target group names keep the rules of the load balancer and differ between stages', () => {
    fc.assert(
      fc.property(clusterName, (cluster) => {
        for (const protocol of ['grpc', 'rest'] as const) {
          const name = targetGroupName('dev', cluster, protocol);
          expect(name).toMatch(/^[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?$/);
          expect(name).not.toBe(targetGroupName('prod', cluster, protocol));
        }
      }),
    );
  });
});
