import { status } from '@grpc/grpc-js';
import { EtcdError, errorKind, etcdError, isElsewhere, isEtcdError } from '../../../functions/common/etcd/errors.ts';
import { keyAfter, prefixEnd } from '../../../functions/common/etcd/messages.ts';

describe('errors of etcd', () => {
  test.each([
    [status.UNAVAILABLE, 'No connection established', 'unavailable'],
    [status.UNAVAILABLE, 'etcdserver: no leader', 'no-leader'],
    [status.UNAVAILABLE, 'etcdserver: request timed out, possibly due to previous leader failure', 'unavailable'],
    [status.DEADLINE_EXCEEDED, 'Deadline exceeded', 'deadline'],
    [status.OUT_OF_RANGE, 'etcdserver: mvcc: required revision has been compacted', 'compacted'],
    [status.OUT_OF_RANGE, 'etcdserver: mvcc: required revision is a future revision', 'future-revision'],
    [status.RESOURCE_EXHAUSTED, 'etcdserver: mvcc: database space exceeded', 'no-space'],
    [status.RESOURCE_EXHAUSTED, 'etcdserver: too many requests', 'too-many-requests'],
    [status.INVALID_ARGUMENT, 'etcdserver: request is too large', 'too-large'],
    [status.INVALID_ARGUMENT, 'etcdserver: too many operations in txn request', 'too-many-operations'],
    [
      status.FAILED_PRECONDITION,
      'etcdserver: can only promote a learner member which is in sync with leader',
      'learner-not-ready',
    ],
    [status.FAILED_PRECONDITION, 'etcdserver: can only promote a learner member', 'not-a-learner'],
    [status.FAILED_PRECONDITION, 'etcdserver: Peer URLs already exists', 'peer-url-exists'],
    [status.NOT_FOUND, 'etcdserver: member not found', 'member-not-found'],
    [status.UNAVAILABLE, 'etcdserver: unhealthy cluster', 'too-few-started'],
    [status.UNKNOWN, 'surprise', 'other'],
  ])('%s "%s" is %s', (code, text, kind) => {
    expect(errorKind(code, text)).toBe(kind);
  });

  test('say what failed and where, and keep the cause', () => {
    const cause = Object.assign(new Error('14'), { code: status.UNAVAILABLE, details: 'refused' });
    const error = etcdError(cause, 'Range at 10.0.0.5:2379');
    expect(error).toMatchObject({ name: 'EtcdError', kind: 'unavailable', cause });
    expect(error.message).toBe('Range at 10.0.0.5:2379: refused (unavailable)');
    expect(etcdError(error, 'again')).toBe(error);
  });

  test('what was thrown by something else is no kind of etcd', () => {
    expect(etcdError(new TypeError('x'), 'Range')).toMatchObject({ kind: 'other' });
    expect(isEtcdError(new Error('x'))).toBe(false);
    expect(isEtcdError(new EtcdError('deadline', 'x'), 'compacted', 'deadline')).toBe(true);
  });

  test('another member is asked only where it could know better', () => {
    expect(isElsewhere(new EtcdError('no-leader', 'x'))).toBe(true);
    expect(isElsewhere(new EtcdError('compacted', 'x'))).toBe(false);
  });
});

describe('ranges', () => {
  test.each([
    ['a', 'b'],
    ['by-dev/meta', 'by-dev/metb'],
    ['a\u00ff'.slice(0, 1), 'b'],
  ])('the keys of prefix %j end before %j', (prefix, end) => {
    expect(prefixEnd(prefix).toString()).toBe(end);
  });

  test('a prefix of the highest bytes ends with its last lower byte, or nowhere', () => {
    expect(prefixEnd(Buffer.of(1, 0xff, 0xff))).toEqual(Buffer.of(2));
    expect(prefixEnd(Buffer.of(0xff))).toEqual(Buffer.of(0));
  });

  test('nothing fits between a key and the one after it', () => {
    expect(keyAfter(Buffer.from('k'))).toEqual(Buffer.from('k\0'));
  });
});
