import type { Browser, Page } from '@playwright/test';
import { covers } from '../../src/catalog/covers.ts';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import { begin, kept, type Learnt, learnt, resume, trained } from './learnt-run.ts';
import { expect, test } from './page-test.ts';
import { openTuning, QUICK } from './tune-page.ts';

/** A checkpoint in the page's own storage, and what a fresh page makes of it. */

/** A run without an end, one that was cut short after a checkpoint, and how a fresh page went on. */
interface Halves {
  readonly whole: Learnt;
  readonly checkpoint: Uint8Array;
  readonly goneOnAfter: number;
  readonly resumed: Learnt;
}

const COMMON = {
  ...{ ...QUICK, max_length: 16, learning_rate: 0.002 },
  ...{ type: 'lora', lora: { r: 4, lora_alpha: 8, lora_dropout: 0.1 } },
};

/** The newest checkpoint of the one run that there is. */
async function checkpointIn(page: Page): Promise<Uint8Array> {
  const text = await page.evaluate(async () => {
    const namesIn = async (folder: FileSystemDirectoryHandle) => {
      const names: string[] = [];
      for await (const name of folder.keys()) names.push(name);
      return names.sort();
    };
    const runs = await (await navigator.storage.getDirectory()).getDirectoryHandle('runs');
    const [id] = await namesIn(runs);
    const run = await runs.getDirectoryHandle(id as string);
    const folder = await run.getDirectoryHandle('checkpoints');
    const newest = (await namesIn(folder)).at(-1) as string;
    const file = await (await folder.getFileHandle(newest)).getFile();
    return new TextDecoder('latin1').decode(await file.arrayBuffer());
  });
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

async function runInHalves(
  browser: Browser,
  url: string,
  start: (page: Page) => Promise<void>,
): Promise<Halves> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await start(page);
  const whole = await learnt(page);
  await page.close();
  const cut = await context.newPage();
  await start(cut);
  await kept(cut);
  const checkpoint = await checkpointIn(cut);
  await cut.close();
  const fresh = await context.newPage();
  await openTuning(fresh, url);
  await resume(fresh).click();
  const resumed = await learnt(fresh);
  await fresh.getByText(/^What happened/).click();
  const told = await fresh.getByText(/Resumed from the checkpoint after/).allTextContents();
  await context.close();
  const goneOnAfter = Number(/after (\d+) steps/.exec(told.join())?.[1]);
  return { whole, checkpoint, goneOnAfter, resumed };
}

test.describe('halfway through 60 steps', () => {
  const STEPS = 60;
  const HALF = 30;
  /** The held-out loss, measured halfway, was never smaller: a checkpoint is made there. */
  const SETTINGS = { ...COMMON, max_steps: STEPS, eval_steps: HALF, fp16: true };
  let run: Halves;

  test.describe.configure({ mode: 'serial', timeout: 900_000 });
  test.beforeAll(async ({ browser, server }) => {
    test.setTimeout(900_000);
    run = await runInHalves(browser, server.url, (page) => begin(page, SETTINGS, server.url));
  });

  test(
    'it has weights, moments, step, scale, random numbers and the place in the data',
    covers('fsdp.recovery.future-checkpoint/checkpoint-contents').control('the scale is left out', {
      file: 'src/train/optimizer.ts',
      from: '...this.#ofParameters, ...this.#scaler?.state };',
      to: '...this.#ofParameters };',
    }),
    () => {
      const { metadata, tensors } = readSafetensors(run.checkpoint);
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
    () => {
      expect(run.goneOnAfter).toBe(HALF);
      expect(trained(run.resumed).map(({ step }) => step)).toEqual(
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
    () => {
      expect(trained(run.resumed).slice(HALF)).toHaveLength(STEPS - HALF);
      expect(trained(run.resumed).slice(HALF)).toEqual(trained(run.whole).slice(HALF));
    },
  );
});

test.describe('after two of three epochs', () => {
  const EPOCH = 20;
  /** Of 41 texts one is held out. */
  const TEXTS = Array.from({ length: 41 }, (_, i) => `The fox ${i} saw ${(i * 7) % 41} owls.`);
  const SETTINGS = {
    ...{ ...COMMON, max_steps: undefined, num_train_epochs: 3, eval_steps: 2 * EPOCH },
    per_device_train_batch_size: 2,
  };
  let run: Halves;

  test.describe.configure({ mode: 'serial', timeout: 900_000 });
  test.beforeAll(async ({ browser, server }) => {
    test.setTimeout(900_000);
    run = await runInHalves(browser, server.url, (page) =>
      begin(page, SETTINGS, server.url, {
        name: 'owls.jsonl',
        mimeType: 'application/jsonl',
        buffer: Buffer.from(TEXTS.map((text) => JSON.stringify({ text })).join('\n')),
      }),
    );
  });

  test(
    'another page loads the checkpoint and finishes the third',
    covers('tb.pipeline.training-with-checkpointing/fresh-page-resume').control('it begins anew', {
      file: 'src/ui/tune/tuning-session.ts',
      from: 'const checkpoints = held && { place: held.checkpoints, resume: true };',
      to: 'const checkpoints = held && { place: held.checkpoints, resume: false };',
    }),
    () => {
      expect(run.goneOnAfter).toBe(2 * EPOCH);
      const epochs = trained(run.resumed).map(({ epoch }) => epoch);
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
    () => {
      const losses = (ran: Learnt) => trained(ran).map(({ loss }) => loss);
      expect(losses(run.whole)).toHaveLength(3 * EPOCH);
      expect(losses(run.resumed)).toEqual(losses(run.whole));
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
    () => {
      expect(run.whole.adapter).toMatch(/^[0-9a-f]{64}$/);
      expect(run.resumed.adapter).toBe(run.whole.adapter);
    },
  );
});
