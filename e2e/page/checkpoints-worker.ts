import { messageOf } from '../../src/errors.ts';
import { WebCheckpoints } from '../../src/harness/worker/web-checkpoints.ts';
import { hostTensorFrom } from '../../src/tensor/host.ts';
import {
  CheckpointKeeper,
  type KeptCheckpoint,
} from '../../src/train/checkpoint/checkpoint-keeper.ts';
import { safeAt, sampleCheckpoint } from '../../src/train/checkpoint/fixtures/sample.ts';

/** What a test asks of checkpoints in a worker of a real page; each file holds one byte, repeated. */
export type CheckpointsCall =
  | { readonly call: 'write'; readonly name: string; readonly bytes: number; readonly fill: number }
  | { readonly call: 'remove'; readonly name: string }
  /** Writes a file without any care, and says what came of that. */
  | { readonly call: 'raw'; readonly name: string; readonly bytes: number }
  /** From now on the browser writes half of what it is asked to, and says so, as it may. */
  | { readonly call: 'write-less' }
  /** Makes a checkpoint of a run after so many steps, as its keeper does. */
  | { readonly call: 'keep'; readonly step: number; readonly bytes: number }
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

/** What the browser does with a write: the name of what it throws, or the bytes that it says. */
async function raw(name: string, bytes: number): Promise<string | number> {
  try {
    const file = await (await folder).getFileHandle(name, { create: true });
    const open = await file.createSyncAccessHandle();
    try {
      return open.write(new Uint8Array(bytes));
    } finally {
      open.close();
    }
  } catch (error) {
    return error instanceof DOMException ? error.name : messageOf(error);
  }
}

function writeLess(): void {
  const { prototype } = FileSystemSyncAccessHandle;
  const write = prototype.write;
  prototype.write = function (this: FileSystemSyncAccessHandle, data, options) {
    const bytes = data as Uint8Array<ArrayBuffer>;
    return write.call(this, bytes.subarray(0, bytes.length / 2), options);
  };
}

const keepers = new Map<FileSystemDirectoryHandle, CheckpointKeeper>();

/** As a run of several checkpoints does it, with one keeper. */
async function keep(step: number, bytes: number): Promise<KeptCheckpoint> {
  const place = await folder;
  const keeper =
    keepers.get(place) ?? new CheckpointKeeper(new WebCheckpoints(place), { engine: 'a test' });
  keepers.set(place, keeper);
  const padding = hostTensorFrom('u8', [bytes], new Uint8Array(bytes));
  const { state, ...rest } = sampleCheckpoint(step);
  const tensors = { ...state.tensors, padding };
  const made = async () => ({ ...rest, state: { ...state, tensors } });
  return await keeper.write(step, undefined, made, safeAt(step));
}

async function answer(asked: CheckpointsCall): Promise<unknown> {
  const checkpoints = new WebCheckpoints(await folder);
  if (asked.call === 'raw') return await raw(asked.name, asked.bytes);
  if (asked.call === 'write-less') return writeLess();
  if (asked.call === 'keep') return await keep(asked.step, asked.bytes);
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
