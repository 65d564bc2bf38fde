/** Ports of Milvus for functions that are told addresses but not whose: the same for every release, or not at all. */
import { RELEASES, type ReleaseProfile } from './profiles.ts';

export function sharedPort(purpose: keyof ReleaseProfile['ports']): number {
  const [port, ...others] = new Set(Object.values(RELEASES).map(({ ports }) => ports[purpose]));
  if (port === undefined || others.length > 0) {
    throw new Error(`Release profiles differ in their ${purpose} port: the caller has to say which release it means.`);
  }
  return port;
}
