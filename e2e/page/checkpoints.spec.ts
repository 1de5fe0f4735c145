import type { Page } from '@playwright/test';
import { covers } from '../../src/catalog/covers.ts';
import type { KeptCheckpoint } from '../../src/train/checkpoint/checkpoint-keeper.ts';
import type { CheckpointsCall, Listed } from './checkpoints-worker.ts';
import { crash, KillableBrowser } from './killable-browser.ts';
import { besidePage } from './module-page.ts';
import { expect } from './page-test.ts';
import { test as base } from './scratch-folder.ts';

const MEGABYTE = 2 ** 20;

const test = base.extend<Record<never, never>, { beside: string }>({
  /** The address of a page with a worker beside it that keeps checkpoints. */
  beside: [besidePage('checkpoints-worker.ts', 'worker.js'), { scope: 'worker' }],
});

/** Opens the page and starts its worker. */
async function open(page: Page, address: string): Promise<void> {
  await page.goto(address);
  await page.evaluate(() => {
    const started = new Worker('/worker.js', { type: 'module' });
    const broken = new Promise((_, reject) => {
      started.onerror = () => reject(new Error('the worker did not start'));
    });
    broken.catch(() => undefined);
    Object.assign(globalThis, {
      checkpoints: (asked: unknown) =>
        Promise.race([
          broken,
          new Promise((resolve, reject) => {
            started.onmessage = ({ data }) =>
              data.error === undefined ? resolve(data.value) : reject(new Error(data.error));
            started.postMessage(asked);
          }),
        ]),
    });
  });
}

const ask = <T>(page: Page, asked: CheckpointsCall) =>
  page.evaluate(
    (given) =>
      (globalThis as unknown as { checkpoints: (asked: unknown) => Promise<unknown> }).checkpoints(
        given,
      ),
    asked,
  ) as Promise<T>;

const write = (page: Page, name: string, bytes: number, fill: number) =>
  ask(page, { call: 'write', name, bytes, fill });

const list = (page: Page) => ask<Listed>(page, { call: 'list' });

/** Every file of the folder with its length, those that are not whole among them. */
const lengths = (page: Page) =>
  page.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle('run');
    const found: Record<string, number> = {};
    for await (const name of folder.keys())
      found[name] = (await (await folder.getFileHandle(name)).getFile()).size;
    return found;
  });

test('a checkpoint in the page’s own storage is written, written over, listed and removed', async ({
  page,
  beside,
}) => {
  await open(page, beside);
  await write(page, 'step-1', 5, 1);
  await write(page, 'step-2', 3, 2);
  await write(page, 'step-1', 2, 7);
  expect(await list(page)).toEqual([
    { name: 'step-1', bytes: 2, fill: 7 },
    { name: 'step-2', bytes: 3, fill: 2 },
  ]);
  await ask(page, { call: 'remove', name: 'step-1' });
  expect(await lengths(page), 'nothing else is left').toEqual({ 'step-2': 3 });
});

/** A page with a checkpoint of a megabyte and so many bytes that it may keep in all. */
async function nearlyFull(folder: string, beside: string, quotaSize: number) {
  // A private window writes past its quota.
  const own = await KillableBrowser.start(folder);
  const page = await own.newPage();
  await open(page, beside);
  await write(page, 'step-1', MEGABYTE, 1);
  const browser = await page.context().newCDPSession(page);
  const { origin } = new URL(page.url());
  await browser.send('Storage.overrideQuotaForOrigin', { origin, quotaSize });
  const lift = () => browser.send('Storage.overrideQuotaForOrigin', { origin });
  return { page, lift, [Symbol.asyncDispose]: () => own[Symbol.asyncDispose]() };
}

const raw = (page: Page, bytes: number) =>
  ask<string | number>(page, { call: 'raw', name: 'raw', bytes });
const keep = (page: Page, step: number, bytes: number) =>
  ask<KeptCheckpoint>(page, { call: 'keep', step, bytes });
const HALF = MEGABYTE / 2;

test(
  'a quota that is exceeded already is told in a line',
  covers('tb.recovery.disk-space-exhaustion/quota-error').control('what is thrown is not known', {
    file: 'src/harness/worker/web-checkpoints.ts',
    from: "error.name === 'QuotaExceededError'",
    to: "error.name === 'Quota'",
  }),
  async ({ folder, beside }) => {
    await using full = await nearlyFull(folder, beside, HALF);
    const { page } = full;
    expect(await raw(page, 3 * MEGABYTE)).toBe('QuotaExceededError');
    await expect(write(page, 'step-2', 3 * MEGABYTE, 2)).rejects.toThrow(
      'step-2 (3145728 bytes) does not fit',
    );
  },
);

test('what does not fit says how much is free', async ({ folder, beside }) => {
  await using full = await nearlyFull(folder, beside, 4 * MEGABYTE);
  const { page } = full;
  const said = await write(page, 'step-2', 6 * MEGABYTE, 2).catch((error: Error) => error.message);
  const free = Number(/about (\d+) bytes are free/.exec(said as string)?.[1]);
  // The browser counts some for itself, and clears away later what was removed.
  expect(free).toBeGreaterThan(MEGABYTE);
  expect(free).toBeLessThanOrEqual(3 * MEGABYTE);
});

test(
  'a write that the browser cuts short is told as a full disk, and is not kept',
  covers('tb.recovery.disk-space-exhaustion/short-sync-write').control('any length is taken', {
    file: 'src/harness/worker/web-checkpoints.ts',
    from: 'if (open.write(data) !== data.length)',
    to: 'if (open.write(data) < 0)',
  }),
  async ({ page, beside }) => {
    await open(page, beside);
    await write(page, 'step-1', MEGABYTE, 1);
    await ask(page, { call: 'write-less' });
    const said = await write(page, 'step-2', MEGABYTE, 2).then(
      () => 'it was written',
      (error: Error) => error.message,
    );
    expect(said).toContain('step-2 (1048576 bytes) does not fit: the disk, or');
    expect(await list(page)).toEqual([{ name: 'step-1', bytes: MEGABYTE, fill: 1 }]);
    expect(Object.keys(await lengths(page))).toEqual(['step-1']);
  },
);

test(
  'what did not fit leaves no part of itself',
  covers('tb.recovery.disk-space-exhaustion/partial-file-removed').control('it is left', {
    file: 'src/harness/worker/web-checkpoints.ts',
    from: 'await this.#folder.removeEntry(UNFINISHED).catch(() => undefined);',
    to: '',
  }),
  async ({ folder, beside }) => {
    await using full = await nearlyFull(folder, beside, 2 * MEGABYTE);
    const { page } = full;
    for (const name of ['step-2', 'step-1'])
      await write(page, name, 3 * MEGABYTE, 2).catch(() => undefined);
    expect(await lengths(page)).toEqual({ 'step-1': MEGABYTE });
  },
);

test(
  'what was there before stays as it was, and there is room again',
  covers('tb.recovery.disk-space-exhaustion/previous-loadable').control('it is written over', {
    file: 'src/harness/worker/web-checkpoints.ts',
    from: 'this.#folder.getFileHandle(UNFINISHED, { create: true })',
    to: 'this.#folder.getFileHandle(name, { create: true })',
  }),
  async ({ folder, beside }) => {
    await using full = await nearlyFull(folder, beside, 2 * MEGABYTE);
    const { page } = full;
    await write(page, 'step-1', 3 * MEGABYTE, 2).catch(() => undefined);
    expect(await list(page)).toEqual([{ name: 'step-1', bytes: MEGABYTE, fill: 1 }]);
    await full.lift();
    await write(page, 'step-2', 3 * MEGABYTE, 2);
    expect(await list(page)).toHaveLength(2);
  },
);

test(
  'all but the last checkpoint make room, and the write is tried once more',
  covers('tb.recovery.disk-space-exhaustion/prune-and-retry').control('nothing makes room', {
    file: 'src/train/checkpoint/checkpoint-keeper.ts',
    from: 'await this.#prune(step, 1, this.#best, ways);',
    to: '',
  }),
  async ({ folder, beside }) => {
    await using full = await nearlyFull(folder, beside, 4 * MEGABYTE + HALF);
    const { page } = full;
    for (const step of [10, 20]) expect(await keep(page, step, MEGABYTE)).toHaveProperty('bytes');
    // A write needs twice its bytes: the third one fits where the first one was.
    expect(await keep(page, 30, MEGABYTE)).toHaveProperty('bytes');
    const names = Object.keys(await lengths(page)).filter((name) => name.endsWith('safetensors'));
    expect(names.map((name) => Number(/\d+/.exec(name))).sort()).toEqual([20, 30]);
  },
);

for (const [killed, kill] of [
  ['a tab', (_: KillableBrowser, page: Page) => crash(page)],
  ['a whole browser', (browser: KillableBrowser) => browser.kill()],
] as const)
  test(`${killed} that is killed in mid-write leaves each checkpoint whole, the old or the new`, async ({
    folder,
    beside,
  }) => {
    const bytes = 48 * MEGABYTE;
    let cutOff = 0;
    let last = 1;
    let delayMs = 100;
    for (let round = 1; round <= 16 && cutOff < 1; round++) {
      await using browser = await KillableBrowser.start(folder);
      const page = await browser.newPage();
      await open(page, beside);
      if (round === 1) await write(page, 'step', bytes, 1);
      else {
        const [found, ...others] = await list(page);
        expect(others).toEqual([]);
        expect(found).toMatchObject({ name: 'step', bytes });
        expect([last, round - 1], 'the old or the new').toContain(found?.fill);
        // Sooner where the last one came through, and later where it had not begun.
        delayMs *= found?.fill === round - 1 ? 0.7 : 1.4;
        last = found?.fill ?? 0;
        const left = await lengths(page);
        if ('unfinished' in left) cutOff += 1;
      }
      const writing = write(page, 'step', bytes, round).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      await kill(browser, page);
      await writing;
    }
    expect(cutOff, 'some were killed in mid-write').toBeGreaterThan(0);
  });
