/** Many clusters, some of them at a time. */
import { messageOf } from '../common/lambda/errors.ts';

export interface Failed {
  readonly cluster: string;
  readonly reason: string;
}

/** Works through the clusters; what fails for one is noted and keeps none of the others. */
export async function inLanes<Item>(
  clusters: readonly Item[],
  lanes: number,
  nameOf: (cluster: Item) => string,
  work: (cluster: Item) => Promise<void>,
): Promise<Failed[]> {
  const left = [...clusters];
  const failed: Failed[] = [];
  const lane = async (): Promise<void> => {
    for (let cluster = left.shift(); cluster !== undefined; cluster = left.shift()) {
      try {
        await work(cluster);
      } catch (error) {
        failed.push({ cluster: nameOf(cluster), reason: messageOf(error) });
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return failed;
}
