import { messageOf } from '../../src/errors.ts';
import { WebCheckpoints } from '../../src/harness/worker/web-checkpoints.ts';

/** What a test asks of checkpoints in a worker of a real page; each file holds one byte, repeated. */
export type CheckpointsCall =
  | { readonly call: 'write'; readonly name: string; readonly bytes: number; readonly fill: number }
  | { readonly call: 'remove'; readonly name: string }
  | { readonly call: 'list' };

/** What is there: names, lengths, and the byte that all of a file is, -1 where it has others. */
export type Listed = readonly {
  readonly name: string;
  readonly bytes: number;
  readonly fill: number;
}[];

const folder = navigator.storage
  .getDirectory()
  .then((root) => root.getDirectoryHandle('run', { create: true }));

async function answer(asked: CheckpointsCall): Promise<Listed | undefined> {
  const checkpoints = new WebCheckpoints(await folder);
  if (asked.call === 'remove') await checkpoints.remove(asked.name);
  if (asked.call === 'write')
    await checkpoints.replace(asked.name, new Uint8Array(asked.bytes).fill(asked.fill));
  if (asked.call !== 'list') return undefined;
  return await Promise.all(
    (await checkpoints.names()).toSorted().map(async (name) => {
      const data = await checkpoints.read(name);
      const fill = data[0] ?? -1;
      return { name, bytes: data.length, fill: data.every((byte) => byte === fill) ? fill : -1 };
    }),
  );
}

self.onmessage = async ({ data }: MessageEvent<CheckpointsCall>) => {
  try {
    self.postMessage({ value: await answer(data) });
  } catch (error) {
    self.postMessage({ error: messageOf(error) });
  }
};
