import type { BrowserContext, Page } from '@playwright/test';
import { covers } from '../../src/catalog/covers.ts';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import { checkpointName } from '../../src/train/checkpoint/run-checkpoint.ts';
import { begin, type Learnt, learnt, resume, trained } from './learnt-run.ts';
import { expect, test } from './page-test.ts';
import { lyingRuns } from './stored-runs.ts';
import { openTuning, QUICK } from './tune-page.ts';

/** A checkpoint in the page's own storage, and what a fresh page makes of it. */

/** How a fresh page went on, and from after which step. */
interface GoneOn {
  readonly after: number;
  readonly left: Learnt;
}

/** A run without an end, and one that was cut short after a checkpoint. */
interface Halves {
  readonly whole: Learnt;
  readonly checkpoint: Uint8Array;
  /** Goes on with it in a fresh page, once: a checkpoint that lacks something may not let it. */
  readonly resumed: () => Promise<GoneOn>;
}

const COMMON = {
  ...{ ...QUICK, max_length: 16, learning_rate: 0.002, per_device_train_batch_size: 2 },
  ...{ type: 'lora', lora: { r: 4, lora_alpha: 8, lora_dropout: 0.1 } },
};

/** The checkpoint of the one run that there is after so many steps; undefined where none is yet. */
async function checkpointAfter(page: Page, step: number): Promise<Uint8Array | undefined> {
  const text = await page.evaluate(async (name) => {
    try {
      const runs = await (await navigator.storage.getDirectory()).getDirectoryHandle('runs');
      const ids: string[] = [];
      for await (const id of runs.keys()) ids.push(id);
      const run = await runs.getDirectoryHandle(ids[0] as string);
      const folder = await run.getDirectoryHandle('checkpoints');
      const file = await (await folder.getFileHandle(name)).getFile();
      const bytes = new Uint8Array(await file.arrayBuffer());
      return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
    } catch {
      return undefined; // folders and file come one after the other
    }
  }, checkpointName(step));
  return text === undefined ? undefined : Uint8Array.from(text, (c) => c.charCodeAt(0));
}

async function runInHalves(
  context: BrowserContext,
  url: string,
  half: number,
  start: (page: Page) => Promise<void>,
): Promise<Halves> {
  const page = await context.newPage();
  await start(page);
  const whole = await learnt(page);
  await expect.poll(() => lyingRuns(page)).toEqual([]);
  await page.close();
  const cut = await context.newPage();
  await start(cut);
  let checkpoint: Uint8Array | undefined;
  while (!checkpoint) {
    await cut.waitForTimeout(100);
    checkpoint = await checkpointAfter(cut, half);
  }
  await cut.close();
  let gone: Promise<GoneOn> | undefined;
  return { whole, checkpoint, resumed: () => (gone ??= goOn(context, url)) };
}

async function goOn(context: BrowserContext, url: string): Promise<GoneOn> {
  const fresh = await context.newPage();
  await openTuning(fresh, url);
  await resume(fresh).click();
  const left = await learnt(fresh);
  await fresh.getByText(/^What happened/).click();
  const told = await fresh.getByText(/Resumed from the checkpoint after/).allTextContents();
  await fresh.close();
  return { after: Number(/after (\d+) steps/.exec(told.join())?.[1]), left };
}

/** The halves of a run for all tests of a group, which make them once. */
function halvesOfGroup(
  half: number,
  start: (page: Page, url: string) => Promise<void>,
): () => Halves {
  test.describe.configure({ mode: 'serial', timeout: 900_000 });
  let context: BrowserContext;
  let run: Halves;
  test.beforeAll(async ({ browser, server }) => {
    test.setTimeout(900_000);
    context = await browser.newContext();
    run = await runInHalves(context, server.url, half, (page) => start(page, server.url));
  });
  test.afterAll(() => context?.close());
  return () => run;
}

test.describe('halfway through 60 steps', () => {
  const STEPS = 60;
  const HALF = 30;
  /** The held-out loss, measured halfway, was never smaller: a checkpoint is made there. */
  const SETTINGS = { ...COMMON, max_steps: STEPS, eval_steps: HALF, fp16: true };
  const run = halvesOfGroup(HALF, (page, url) => begin(page, SETTINGS, url));

  test(
    'it has weights, moments, step, scale, random numbers and the place in the data',
    covers('fsdp.recovery.future-checkpoint/checkpoint-contents').control('the scale is left out', {
      file: 'src/train/optimizer.ts',
      from: '...this.#ofParameters, ...this.#scaler?.state };',
      to: '...this.#ofParameters };',
    }),
    () => {
      const { metadata, tensors } = readSafetensors(run().checkpoint);
      const told = JSON.parse(metadata.get('run') ?? '{}');
      // The place in the data follows from the step, the schedule from the settings.
      expect(told).toMatchObject({ step: HALF, steps: STEPS, random: expect.any(Number) });
      expect(told.random).toBeGreaterThan(0);
      expect(told.subject.config).toMatchObject({ schedule: { name: 'linear' }, seed: 42 });
      for (const name of ['param', 'exp_avg', 'exp_avg_sq', 'scale', 'growth_tracker', 'steps'])
        expect(tensors.has(`state.${name}`), name).toBe(true);
    },
  );

  test(
    'a fresh page goes on with it at the step after',
    covers('fsdp.recovery.future-checkpoint/fresh-page-resume').control('it begins anew', {
      file: 'src/ui/tune/tuning-session.ts',
      from: 'const checkpoints = held && { place: held.checkpoints, resume: true };',
      to: 'const checkpoints = held && { place: held.checkpoints, resume: false };',
    }),
    async () => {
      const { after, left } = await run().resumed();
      expect(after).toBe(HALF);
      expect(trained(left).map(({ step }) => step)).toEqual(
        Array.from({ length: STEPS }, (_, i) => i + 1),
      );
    },
  );

  test(
    'its losses are those of the run without an end, bit by bit',
    covers('fsdp.recovery.future-checkpoint/losses-bit-equal').control('its data begin anew', {
      file: 'src/train/loop/training-loop.ts',
      from: 'seek(source, this.#steps);',
      to: 'seek(source, 0);',
    }),
    async () => {
      const { left } = await run().resumed();
      expect(trained(left).slice(HALF)).toHaveLength(STEPS - HALF);
      expect(trained(left).slice(HALF)).toEqual(trained(run().whole).slice(HALF));
    },
  );
});

test.describe('after two of three epochs', () => {
  const EPOCH = 8;
  /** Of 17 texts one is held out. */
  const TEXTS = Array.from({ length: 17 }, (_, i) => `The fox ${i} saw ${(i * 7) % 17} owls.`);
  const SETTINGS = {
    ...{ ...COMMON, max_steps: undefined, num_train_epochs: 3, eval_steps: 2 * EPOCH },
    heldout_fraction: 0.06,
  };
  const run = halvesOfGroup(2 * EPOCH, (page, url) =>
    begin(page, SETTINGS, url, {
      name: 'owls.jsonl',
      mimeType: 'application/jsonl',
      buffer: Buffer.from(TEXTS.map((text) => JSON.stringify({ text })).join('\n')),
    }),
  );

  test(
    'another page loads the checkpoint and finishes the third',
    covers('tb.pipeline.training-with-checkpointing/fresh-page-resume').control('it begins anew', {
      file: 'src/ui/tune/tuning-session.ts',
      from: 'const checkpoints = held && { place: held.checkpoints, resume: true };',
      to: 'const checkpoints = held && { place: held.checkpoints, resume: false };',
    }),
    async () => {
      const { after, left } = await run().resumed();
      expect(after).toBe(2 * EPOCH);
      const epochs = trained(left).map(({ epoch }) => epoch);
      expect(epochs).toHaveLength(3 * EPOCH);
      expect([epochs[2 * EPOCH - 1], epochs.at(-1)]).toEqual([2, 3]);
    },
  );

  test(
    'each step has the loss of the run that was not cut short',
    covers('tb.pipeline.training-with-checkpointing/losses-bit-equal').control(
      'its data begin anew',
      {
        file: 'src/train/loop/training-loop.ts',
        from: 'seek(source, this.#steps);',
        to: 'seek(source, 0);',
      },
    ),
    async () => {
      const { left } = await run().resumed();
      const losses = (ran: Learnt) => trained(ran).map(({ loss }) => loss);
      expect(losses(run().whole)).toHaveLength(3 * EPOCH);
      expect(losses(left)).toEqual(losses(run().whole));
    },
  );

  test(
    'what it learnt has the SHA-256 of the run that was not cut short',
    covers('tb.pipeline.training-with-checkpointing/weights-hash-equal').control(
      'the first masks come again',
      {
        file: 'src/train/loop/training-loop.ts',
        from: 'this.#random.base = random;',
        to: 'this.#random.base = 0 * random;',
      },
    ),
    async () => {
      const { left } = await run().resumed();
      expect(run().whole.adapter).toMatch(/^[0-9a-f]{64}$/);
      expect(left.adapter).toBe(run().whole.adapter);
    },
  );
});
