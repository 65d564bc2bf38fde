/** The quorum of a local cluster as a test sees it from outside: its tasks, what each member says, and ways to harm it. */
import {
  DescribeTasksCommand,
  ListTasksCommand,
  StopTaskCommand,
  type ECSClient,
  type Task,
} from '@aws-sdk/client-ecs';
import { ListInstancesCommand } from '@aws-sdk/client-servicediscovery';
import { execa } from 'execa';
import { memberStartedBy, parseTaskGroup } from '../../functions/common/cluster/names.ts';
import { observeTask } from '../../functions/common/cluster/tasks.ts';
import { prefixEnd } from '../../functions/common/etcd/messages.ts';
import { getCluster } from '../../functions/common/registry/registry.ts';
import { podman } from '../../local/runtime/podman.ts';
import type { LocalSettings } from '../../local/settings.ts';
import { LOOK_AT_ENDS_MS, until, type Stack } from './stack.ts';

const TIMEOUT_MS = 1_000;

export interface Member {
  readonly ordinal: number;
  readonly taskId: string;
  readonly taskArn: string;
  readonly address: string;
}

export interface Seen extends Member {
  readonly memberId: string;
  readonly clusterId: string;
  readonly leads: boolean;
  /** Voters that a linearizable list shows. */
  readonly voters: number;
  readonly learners: number;
  /** Ids of the voters. */
  readonly list: readonly string[];
}

/** etcd's JSON gateway: nothing of ours stands between the test and etcd. */
export async function etcd(
  address: string,
  path: string,
  body: object,
  timeoutMs = TIMEOUT_MS,
): Promise<Record<string, unknown>> {
  const response = await fetch(`http://${address}:2379/v3/${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (!response.ok) throw new Error(`${path} at ${address} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as Record<string, unknown>;
}

/** Keys that begin so, as this member knows them, or as the quorum does. */
export async function countKeys(
  address: string,
  prefix: string,
  mode: 'serializable' | 'linearizable',
): Promise<number> {
  const { count } = await etcd(address, 'kv/range', {
    key: Buffer.from(prefix).toString('base64'),
    range_end: prefixEnd(prefix).toString('base64'),
    count_only: true,
    serializable: mode === 'serializable',
  });
  return Number(count ?? 0);
}

export class Quorum {
  private readonly stack: Stack;
  private readonly settings: LocalSettings;
  private readonly cluster: string;
  private readonly ecs: ECSClient;
  private readonly ecsCluster: string;

  constructor(stack: Stack, cluster: string) {
    const { settings, ecs } = stack;
    this.stack = stack;
    this.settings = settings;
    this.cluster = cluster;
    this.ecs = ecs;
    this.ecsCluster = `redkite-${settings.stage}`;
  }

  /** The tasks that run, by ordinal. */
  async members(): Promise<Member[]> {
    const { taskArns = [] } = await this.ecs.send(
      new ListTasksCommand({ cluster: this.ecsCluster, startedBy: memberStartedBy(this.cluster) }),
    );
    if (taskArns.length === 0) return [];
    const { tasks = [] } = await this.ecs.send(new DescribeTasksCommand({ cluster: this.ecsCluster, tasks: taskArns }));
    return tasks
      .map(observeTask)
      .flatMap(({ group, taskId, taskArn, address, lastStatus, desiredStatus }) => {
        const part = parseTaskGroup(group);
        const runs = lastStatus === 'RUNNING' && desiredStatus === 'RUNNING';
        return runs && part?.kind === 'member' && address !== undefined
          ? [{ ordinal: part.ordinal, taskId, taskArn, address }]
          : [];
      })
      .sort((a, b) => a.ordinal - b.ordinal);
  }

  /** What stands under the name by which Milvus finds the metadata, in the order of the text; none until it is open. */
  async registered(): Promise<string[]> {
    const record = await getCluster(await this.stack.registry(), this.cluster);
    if (record?.discovery === undefined) return [];
    const { Instances = [] } = await this.stack.discovery.send(
      new ListInstancesCommand({ ServiceId: record.discovery.metadata }),
    );
    return Instances.flatMap(({ Attributes }) => Attributes?.['AWS_INSTANCE_IPV4'] ?? []).toSorted();
  }

  /** Those that answer, each with what it says. */
  async seen(): Promise<Seen[]> {
    const answers = await Promise.allSettled((await this.members()).map((member) => this.see(member)));
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  }

  private async see(member: Member): Promise<Seen> {
    const [status, list] = await Promise.all([
      etcd(member.address, 'maintenance/status', {}),
      etcd(member.address, 'cluster/member/list', { linearizable: true }),
    ]);
    const header = status['header'] as Record<string, unknown>;
    const memberId = String(header['member_id']);
    const listed = list['members'] as { ID: string; isLearner?: boolean }[];
    return {
      ...member,
      memberId,
      clusterId: String(header['cluster_id']),
      leads: status['leader'] === memberId,
      voters: listed.filter(({ isLearner }) => isLearner !== true).length,
      learners: listed.filter(({ isLearner }) => isLearner === true).length,
      list: listed.filter(({ isLearner }) => isLearner !== true).map(({ ID }) => ID),
    };
  }

  /** Resolves when so many voters are there, healthy, in one cluster, and none of them is one of the old tasks. */
  async whole(size: number, old: readonly Pick<Member, 'taskId'>[], timeoutMs: number): Promise<Seen[]> {
    let last: Seen[] = [];
    const look = async () => {
      last = await this.seen();
      const good =
        last.length === size &&
        last.every(({ voters, learners }) => voters === size && learners === 0) &&
        new Set(last.map(({ memberId }) => memberId)).size === size &&
        new Set(last.map(({ clusterId }) => clusterId)).size === 1 &&
        last.some(({ leads }) => leads) &&
        !last.some(({ taskId }) => old.some((gone) => gone.taskId === taskId));
      return good ? last : undefined;
    };
    const what = `${size} healthy members of ${this.cluster}`;
    return until(what, timeoutMs, look, LOOK_AT_ENDS_MS).catch((error: unknown) => {
      throw new Error(`The quorum of ${this.cluster} is ${JSON.stringify(last)}.`, { cause: error });
    });
  }

  /** Resolves when so many voters are listed, of which none is one of the old members. They may not answer yet. */
  async voters(size: number, old: readonly { memberId: string }[], timeoutMs: number): Promise<void> {
    await until(`${size} voters of ${this.cluster}`, timeoutMs, async () => {
      const lists = (await this.seen()).map(({ list }) => list);
      const done = lists.some(
        (list) => list.length === size && !list.some((id) => old.some(({ memberId }) => memberId === id)),
      );
      return done ? true : undefined;
    });
  }

  /** Resolves when a learner is in this member's list: added, and perhaps not started yet. It is one for a moment only. */
  async learner({ address }: Pick<Member, 'address'>, timeoutMs: number): Promise<void> {
    const look = async () => {
      const list = await etcd(address, 'cluster/member/list', { linearizable: true });
      return (list['members'] as { isLearner?: boolean }[]).some(({ isLearner }) => isLearner === true) || undefined;
    };
    await until(`a learner of ${this.cluster}`, timeoutMs, look, 10);
  }

  /** The task that runs in the place of this one, as soon as there is one. */
  async successor({ ordinal, taskId }: Pick<Member, 'ordinal' | 'taskId'>, timeoutMs: number): Promise<Member> {
    return until(`a successor of etcd-${ordinal} of ${this.cluster}`, timeoutMs, async () =>
      (await this.members()).find((member) => member.ordinal === ordinal && member.taskId !== taskId),
    );
  }

  /** A task as ECS describes it now, which is what an event about it carries. */
  async describe({ taskArn }: Pick<Member, 'taskArn'>): Promise<Task> {
    const { tasks = [] } = await this.ecs.send(
      new DescribeTasksCommand({ cluster: this.ecsCluster, tasks: [taskArn] }),
    );
    const [task] = tasks;
    if (task === undefined) throw new Error(`ECS does not know ${taskArn}.`);
    return task;
  }

  async stop({ taskArn }: Member): Promise<void> {
    await this.ecs.send(new StopTaskCommand({ cluster: this.ecsCluster, task: taskArn, reason: 'chaos test' }));
  }

  /**
   * What ends these members at once, as when the machines under Fargate tasks die: no signal that etcd could act on. To be
   * had beforehand, where finding a process takes longer than the moment lasts.
   */
  async aimAt(members: readonly Member[]): Promise<() => void> {
    const pids = await Promise.all(members.map(({ taskArn }) => processOf(this.settings, taskArn)));
    return () => {
      for (const pid of pids) process.kill(pid, 'SIGKILL');
    };
  }

  async kill(member: Member): Promise<void> {
    (await this.aimAt([member]))();
  }

  /** The process stands still; ECS sees nothing of it. */
  async pause(member: Member): Promise<() => void> {
    const pid = await processOf(this.settings, member.taskArn);
    process.kill(pid, 'SIGSTOP');
    return () => process.kill(pid, 'SIGCONT');
  }

  /**
   * Its network goes, its process runs on: nobody reaches it and it reaches nobody, without a word. The link is cut at the
   * machine's end, so that the container keeps its address and its routes. Resolves to what joins it again.
   */
  async cutOff(member: Member): Promise<() => Promise<void>> {
    const pid = await processOf(this.settings, member.taskArn);
    const { stdout } = await execa('nsenter', ['--target', String(pid), '--net', 'ip', '-o', 'link', 'show', 'eth0']);
    const index = /eth0@if(\d+):/.exec(stdout)?.[1];
    const links = (await execa('ip', ['-o', 'link'])).stdout.split('\n');
    const link = /^\d+: (\w+)@/.exec(links.find((line) => line.startsWith(`${index ?? ''}: `)) ?? '')?.[1];
    if (link === undefined) throw new Error(`No link of this machine leads to ${member.address}.`);
    await execa('ip', ['link', 'set', link, 'down']);
    return async () => {
      await execa('ip', ['link', 'set', link, 'up']);
    };
  }
}

/** The process of the container that runs for a task. */
export async function processOf(settings: LocalSettings, taskArn: string): Promise<number> {
  const label = `label=com.amazonaws.ecs.task-arn=${taskArn}`;
  const pid = Number(await podman(settings, ['ps', '--filter', label, '--format', '{{.Pid}}']));
  // 0 would be this process and all that belong to it.
  if (!(pid > 0)) throw new Error(`No container runs for ${taskArn}.`);
  return pid;
}
