import { beforeEach, describe, expect, test, vi } from 'vitest';
import { CheckpointKeeper, type WaysBack } from './checkpoint-keeper.ts';
import { KeptInMemory } from './fixtures/kept-in-memory.ts';
import { ofBuild, ofVersion, safeAt, sampleCheckpoint } from './fixtures/sample.ts';
import { checkpointName } from './run-checkpoint.ts';
import { writeRunCheckpoint } from './write-run-checkpoint.ts';

let folder: KeptInMemory;
let keeper: CheckpointKeeper;
beforeEach(() => {
  folder = new KeptInMemory();
  keeper = keeperOf({});
});

const keeperOf = (options: { readonly keep?: number; readonly every?: number }) =>
  new CheckpointKeeper(folder, { engine: 'this one', now: () => 0, ...options });

/** Writes one after so many steps, where nothing can be found wrong any more by default. */
const write = (step: number, heldout?: number, by = keeper, ways = safeAt(step)) =>
  by.write(step, heldout, async (best) => ({ ...sampleCheckpoint(step), best }), ways);

/** As {@link write}, where what the run may have to go back to is `ways`. */
const writeWith = (step: number, ways: Partial<WaysBack>, by = keeper) =>
  write(step, undefined, by, { ...safeAt(step - 1), ...ways });

/** Steps of the files that are there. */
const steps = async () =>
  (await folder.names()).map((name) => Number(/\d+/.exec(name))).sort((a, b) => a - b);

/** Changes a byte of a file, near its end. */
function damage(step: number): void {
  const data = folder.files.get(checkpointName(step)) as Uint8Array;
  data[data.length - 1] = (data[data.length - 1] as number) ^ 8;
}

describe('a keeper', () => {
  test('keeps the last two and the best, and nothing else of its own', async () => {
    folder.files.set('notes.txt', new Uint8Array(3));
    await write(10, 3);
    await write(20, 2);
    await write(30, 2.5);
    await write(40);
    await write(50, Number.NaN);
    expect(await steps().then((all) => all.filter((n) => n > 0))).toEqual([20, 40, 50]);
    await write(60, 1.5);
    await write(70);
    expect(folder.files.has('notes.txt')).toBe(true);
    folder.files.delete('notes.txt');
    expect(await steps()).toEqual([60, 70]);
    expect((await keeper.newest())?.checkpoint.best).toEqual({ step: 60, loss: 1.5 });
  });

  test('keeps as many as it is told', async () => {
    const one = keeperOf({ keep: 1 });
    for (const step of [1, 2, 3]) await write(step, undefined, one);
    expect(await steps()).toEqual([3]);
  });

  test('keeps the last before the newest until that is safe too, however few it is told', async () => {
    const one = keeperOf({ keep: 1 });
    for (const step of [1, 2, 3]) await writeWith(step, {}, one);
    expect(await steps()).toEqual([2, 3]);
    await one.settle(4, safeAt(3));
    expect(await steps()).toEqual([3]);
  });

  test('keeps what may be gone back to beside the last ones', async () => {
    const one = keeperOf({ keep: 1 });
    for (const step of [1, 2, 3, 4]) await writeWith(step, { latest: [0, 1] }, one);
    expect(await steps()).toEqual([1, 3, 4]);
  });

  test('lets one that was made where something seemed wrong take no place', async () => {
    const isSound = (step: number) => step !== 5 && step !== 6;
    for (const step of [1, 2, 3, 4]) await writeWith(step, {});
    for (const step of [5, 6]) await writeWith(step, { safe: 3, isSound });
    expect(await steps()).toEqual([2, 3, 4, 6]);
    await writeWith(7, { isSound });
    expect(await steps()).toEqual([3, 4, 7]);
  });

  test('a file that cannot be removed is no error where nothing is written', async () => {
    for (const step of [1, 2, 3]) await writeWith(step, {});
    folder.remove = () => Promise.reject(new Error('EBUSY'));
    await keeper.settle(4, safeAt(3));
    expect(await steps()).toEqual([1, 2, 3]);
  });

  test('remembers the best of a run that goes on', async () => {
    await write(10, 2);
    await write(20);
    const next = keeperOf({});
    const found = await next.newest();
    next.begin(20, found?.checkpoint.best);
    expect([next.isDue(21, 2.5), next.isDue(21, 1.5)]).toEqual([false, true]);
    await write(30, 2.5, next);
    await write(40, undefined, next);
    expect(await steps()).toEqual([10, 30, 40]);
  });

  test('finds none in an empty folder', async () => {
    folder.files.set('notes.txt', new Uint8Array(3));
    expect(await keeper.newest()).toBeUndefined();
  });

  test('takes the newest that is whole, and says what is wrong with those after it', async () => {
    for (const step of [10, 20]) await write(step);
    folder.files.set(checkpointName(9), await writeRunCheckpoint(sampleCheckpoint(9)));
    damage(20);
    const found = await keeper.newest();
    expect(found?.checkpoint.state.step).toBe(10);
    expect(found?.broken).toEqual([
      expect.stringMatching(/^step-00000020\.safetensors: .*SHA-256/),
    ]);
    // What is broken does not count among the last ones, and goes.
    keeper.begin(10, undefined);
    await write(15);
    expect(await steps()).toEqual([10, 15]);
  });

  test('keeps the newest that is whole, not one after it that is broken', async () => {
    for (const step of [10, 20]) await write(step);
    damage(20);
    await keeper.newest();
    const { length } = await folder.read(checkpointName(10));
    folder.room = length + 100;
    expect(await write(60)).toMatchObject({ failure: expect.any(String) });
    expect(await steps()).toEqual([10]);
    folder.room = Number.POSITIVE_INFINITY;
    await write(70);
    expect(await steps()).toEqual([10, 70]);
  });

  test('passes over one that cannot be read, and lets it be', async () => {
    for (const step of [10, 20]) await write(step);
    const failing = (of: string) => async (name: string) => {
      if (name === checkpointName(20)) throw new Error(`EISDIR: illegal operation, ${of}`);
    };
    const { read } = folder;
    folder.read = async (name) => {
      await failing('read')(name);
      return read.call(folder, name);
    };
    folder.remove = failing('unlink');
    const found = await keeper.newest();
    expect(found?.checkpoint.state.step).toBe(10);
    expect(found?.broken).toEqual([
      'step-00000020.safetensors: the file cannot be read: EISDIR: illegal operation, read',
    ]);
    expect(await write(30)).toMatchObject({ bytes: expect.any(Number) });
    folder.files.delete(checkpointName(10));
    await expect(keeperOf({}).goBack([20])).rejects.toMatchObject({
      code: 'checkpoint-unreadable',
    });
  });

  test('takes none under a name that is not its own, and says what it holds', async () => {
    for (const step of [10, 20]) await write(step);
    const [first, second] = [10, 20].map((step) => folder.files.get(checkpointName(step)));
    folder.files.set(checkpointName(20), first as Uint8Array);
    const found = await keeper.newest();
    expect(found?.checkpoint.state.step).toBe(10);
    expect(found?.broken).toEqual([
      'step-00000020.safetensors: the file was renamed: it is the checkpoint after step 10',
    ]);
    folder.files.set(checkpointName(10), second as Uint8Array);
    await expect(keeper.newest()).rejects.toMatchObject({ code: 'checkpoint-renamed' });
  });

  test('goes back to the newest up to a step, and forgets those after it', async () => {
    for (const step of [10, 20]) await write(step);
    expect((await keeper.goBack([19]))?.checkpoint.state.step).toBe(10);
    expect((await keeper.newest())?.checkpoint.state.step).toBe(10);
    expect(await keeper.goBack([9])).toBeUndefined();
    expect(await keeper.newest()).toBeUndefined();
  });

  test('removes what it went back from when the next one is written, and not before', async () => {
    for (const step of [10, 20]) await write(step);
    await keeper.goBack([9]);
    const { length } = await folder.read(checkpointName(10));
    folder.room = length + 100;
    expect(await write(5)).toMatchObject({ failure: expect.any(String) });
    // The newest alone stays of them where there is no room.
    expect(await steps()).toEqual([20]);
    folder.room = Number.POSITIVE_INFINITY;
    await write(6);
    expect(await steps()).toEqual([6]);
  });

  test('goes back to the newest up to the next step where there is none up to the first', async () => {
    for (const step of [10, 20]) await write(step);
    expect((await keeper.goBack([9, 10]))?.checkpoint.state.step).toBe(10);
  });

  test('does not go back to what was kept where something seemed wrong', async () => {
    const isSound = (step: number) => step !== 20;
    await write(10);
    await writeWith(20, { isSound });
    expect((await keeper.goBack([30]))?.checkpoint.state.step).toBe(20);
    expect((await keeper.goBack([30], isSound))?.checkpoint.state.step).toBe(10);
  });

  test('removes nothing where none of those that it could go back to is whole', async () => {
    for (const step of [10, 20]) await write(step);
    damage(10);
    await expect(keeper.goBack([19])).rejects.toMatchObject({ code: 'checkpoint-hash' });
    expect(await steps()).toEqual([10, 20]);
  });

  test('refuses where none is whole, or the newest is of a newer version', async () => {
    for (const step of [10, 20]) await write(step);
    const newer = folder.files.get(checkpointName(20)) as Uint8Array;
    folder.files.set(checkpointName(20), await ofVersion(newer, '7'));
    await expect(keeper.newest()).rejects.toMatchObject({ code: 'checkpoint-version' });
    folder.files.set(checkpointName(20), new Uint8Array());
    damage(10);
    await expect(keeper.newest()).rejects.toMatchObject({
      code: 'checkpoint-empty',
      message: 'step-00000020.safetensors: the file is empty',
    });
  });
});

test('one of another build is named and stays, and no older one is taken in its place', async () => {
  for (const step of [10, 20]) await write(step);
  const newest = folder.files.get(checkpointName(20)) as Uint8Array;
  folder.files.set(checkpointName(20), await ofBuild(newest, (run) => ({ ...run, note: 1 })));
  const one = keeperOf({ keep: 1 });
  await expect(one.newest()).rejects.toMatchObject({
    code: 'checkpoint-version',
    message: expect.stringMatching(/^step-00000020\.safetensors: .*"note"/),
  });
  await expect(one.goBack([20])).rejects.toMatchObject({ code: 'checkpoint-version' });
  expect(await steps()).toEqual([10, 20]);
});

describe('where there is no room', () => {
  test('those before stay, the run is told, and one is made when there is room again', async () => {
    await write(10);
    await write(20);
    const before = await folder.read(checkpointName(20));
    folder.room = before.length + 100;
    expect(await write(30)).toEqual({
      ms: 0,
      failure: 'ENOSPC: no space left on device, write',
    });
    // The oldest went to make room, which was too little.
    expect(await steps()).toEqual([20]);
    expect((await keeper.newest())?.checkpoint.state.step).toBe(20);
    folder.room = Number.POSITIVE_INFINITY;
    expect(await write(40)).toMatchObject({ bytes: expect.any(Number) });
    expect(await steps()).toEqual([20, 40]);
  });

  test('it is tried again once without all but the last', async () => {
    for (const step of [10, 20]) await write(step);
    const { length } = await folder.read(checkpointName(20));
    folder.room = 2 * length + 100;
    expect(await write(30)).toMatchObject({ bytes: expect.any(Number) });
    expect(await steps()).toEqual([20, 30]);
  });

  test('the best stays too, and one that could not be written is none', async () => {
    await write(10, 1);
    await write(20);
    folder.room = 100;
    await write(30, 0.5);
    expect(await steps()).toEqual([10, 20]);
    folder.room = Number.POSITIVE_INFINITY;
    await write(40);
    await write(50);
    expect(await steps()).toEqual([10, 40, 50]);
    expect(keeper.isDue(51, 0.75)).toBe(true);
  });

  test('one that cannot be built is none, and those before stay', async () => {
    await write(10);
    const digest = vi.spyOn(globalThis.crypto.subtle, 'digest');
    digest.mockRejectedValue(new DOMException('data is too big', 'OperationError'));
    expect(await write(20)).toEqual({ ms: 0, failure: 'data is too big' });
    digest.mockRestore();
    expect((await keeper.newest())?.checkpoint.state.step).toBe(10);
    expect(await write(30)).toMatchObject({ bytes: expect.any(Number) });
  });

  test('what cannot be read of the run is an error all the same', async () => {
    const lost = new Error('the device is lost');
    const writing = keeper.write(1, undefined, () => Promise.reject(lost), safeAt(1));
    await expect(writing).rejects.toBe(lost);
  });
});
