/** From what a user asked for to the tasks that must run: the release profile with the sizes of the spec. Pure. */
import type { ClusterSpec } from '../cluster/spec.ts';
import { releaseProfile, type ReleaseProfile, type RoleProfile } from './profiles.ts';

export interface RolePlan extends RoleProfile {
  /** Number of tasks. */
  readonly replicas: number;
}

export function profileOf(spec: Pick<ClusterSpec, 'release'>): ReleaseProfile {
  const profile = releaseProfile(spec.release);
  if (profile === undefined) throw new Error(`Release ${spec.release} has no profile.`);
  return profile;
}

export function planRoles(spec: ClusterSpec): RolePlan[] {
  return profileOf(spec).roles.map((role) => {
    const size = spec.roles[role.role];
    const coordinators = spec.activeStandby ? 2 : 1;
    return {
      ...role,
      cpu: size?.cpu ?? role.cpu,
      memory: size?.memory ?? role.memory,
      replicas: role.layer === 'coordinator' ? coordinators : (size?.replicas ?? 1),
    };
  });
}
