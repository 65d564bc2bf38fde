/** What hold-request has answered, as its log says it: how many requests it held, and how often a client had to try again. */
import { z } from 'zod';
import { LOG_EVENTS } from '../../functions/common/lambda/events.ts';
import type { LocalSettings } from '../../local/settings.ts';

const pageSchema = z.object({
  events: z.array(z.object({ message: z.string() })),
  nextToken: z.string().optional(),
});
const lineSchema = z.object({
  event: z.literal(LOG_EVENTS.requestHeld),
  kind: z.string(),
  heldMs: z.number(),
  status: z.int(),
});

export interface Held {
  readonly requests: number;
  /** gRPC requests that were told to try again: their library did. */
  readonly retries: number;
  readonly longestMs: number;
}

/** Since then, in milliseconds of the epoch. The emulator's CloudWatch Logs are asked as the console asks them: unsigned. */
export async function heldSince(settings: LocalSettings, startTime: number): Promise<Held> {
  const logGroupName = `/aws/lambda/redkite-${settings.stage}-holdRequest`;
  const lines: z.output<typeof lineSchema>[] = [];
  let nextToken: string | undefined;
  do {
    const answer = await fetch(`http://127.0.0.1:${settings.ports.emulator}/`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'Logs_20140328.FilterLogEvents' },
      body: JSON.stringify({
        logGroupName,
        startTime,
        limit: 10_000,
        ...(nextToken === undefined ? {} : { nextToken }),
      }),
    });
    if (!answer.ok) throw new Error(`FilterLogEvents answered ${answer.status}: ${await answer.text()}`);
    const page = pageSchema.parse(await answer.json());
    nextToken = page.nextToken;
    lines.push(...page.events.flatMap(({ message }) => message.split('\n').flatMap(parse)));
  } while (nextToken !== undefined);
  return {
    requests: lines.length,
    retries: lines.filter(({ kind, status }) => kind === 'grpc' && status === 503).length,
    longestMs: Math.max(0, ...lines.map(({ heldMs }) => heldMs)),
  };
}

function parse(line: string): z.output<typeof lineSchema>[] {
  if (!line.startsWith('{')) return [];
  const { data } = lineSchema.safeParse(JSON.parse(line));
  return data === undefined ? [] : [data];
}
