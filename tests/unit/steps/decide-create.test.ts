import { decideCreate } from '../../../functions/accept-cluster/decide.ts';
import { PHASES } from '../../../functions/common/cluster/phases.ts';
import { aRecord, NOW } from '../../fixtures/clusters.ts';

const { spec } = aRecord();
const context = { now: NOW, idempotencyKey: undefined };

describe('decideCreate', () => {
  test('creates what does not exist, as generation 1 of its own execution', () => {
    expect(decideCreate(undefined, spec, context)).toMatchObject({
      action: 'create',
      record: { name: 'demo', phase: 'creating', generation: 1, owner: 'demo-create-1' },
    });
  });

  test('takes the place of a failed attempt, one generation on', () => {
    const failed = aRecord({ phase: 'failed', generation: 4 });
    expect(decideCreate(failed, spec, context)).toMatchObject({
      action: 'create',
      replaces: failed,
      record: { generation: 5, owner: 'demo-create-5' },
    });
  });

  test('never creates over metadata that may hold data', () => {
    expect(decideCreate(aRecord({ phase: 'failed', hasServed: true }), spec, context).action).toBe('refuse');
  });

  test.each(PHASES.filter((phase) => phase !== 'failed'))('refuses a cluster that is %s', (phase) => {
    expect(decideCreate(aRecord({ phase }), spec, context).action).toBe('refuse');
  });

  test('answers a repeated request as the first one, by its idempotency key', () => {
    const existing = aRecord({ idempotencyKey: 'abc' });
    expect(decideCreate(existing, spec, { now: NOW, idempotencyKey: 'abc' })).toEqual({
      action: 'repeat',
      record: existing,
    });
    expect(decideCreate(existing, spec, { now: NOW, idempotencyKey: 'abd' }).action).toBe('refuse');
  });
});
