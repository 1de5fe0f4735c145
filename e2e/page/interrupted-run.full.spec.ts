import type { Page } from '@playwright/test';
import { covers } from '../../src/catalog/covers.ts';
import { Random } from '../../src/tensor/random.ts';
import { SEED } from '../soak.ts';
import { crash, crashGpuProcess } from './killable-browser.ts';
import { begin, type Learnt, learnt, resumable, resume, trained } from './learnt-run.ts';
import { atNextCommand } from './next-command.ts';
import { expect, test } from './page-test.ts';
import { ended, openTuning, QUICK, reach } from './tune-page.ts';

/** A run that is interrupted in each of five ways, within its third epoch, and goes on. */

const EPOCH = 6;
const EPOCHS = 5;
/** Of 13 texts one is held out. */
const TEXTS = Array.from({ length: 13 }, (_, i) => `The fox ${i} saw ${(i * 7) % 13} owls.`);
const DATA = {
  ...{ name: 'owls.jsonl', mimeType: 'application/jsonl' },
  buffer: Buffer.from(TEXTS.map((text) => JSON.stringify({ text })).join('\n')),
};
const SETTINGS = {
  ...{ ...QUICK, max_steps: undefined, num_train_epochs: EPOCHS, eval_steps: EPOCH / 2 },
  heldout_fraction: 0.08,
  ...{ max_length: 16, learning_rate: 0.002, per_device_train_batch_size: 2 },
  ...{ type: 'lora', lora: { r: 4, lora_alpha: 8, lora_dropout: 0.1 } },
};

/** How a run is interrupted. */
const WAYS = {
  'the tab is closed': async (page: Page) => page.close(),
  'the renderer crashes': async (page: Page) => crash(page),
  'the device is destroyed': async (page: Page) =>
    atNextCommand(page, (device) => device.destroy()),
  'the GPU process crashes': crashGpuProcess,
  'it is told to stop': async (page: Page) => {
    await page.getByRole('button', { name: 'Stop and keep' }).click();
    await ended(page);
  },
} as const;
type Way = keyof typeof WAYS;
/** After these the page goes on by itself. */
const GOES_ON: ReadonlySet<Way> = new Set(['the device is destroyed', 'the GPU process crashes']);

interface Interrupted {
  readonly asked: number;
  /** The step after which it went on. */
  readonly goneOnAfter: number;
  /** What the page that was opened then offered; undefined where the run went on by itself. */
  readonly offered: string | undefined;
  readonly left: Learnt;
}

let whole: Learnt;
const runs = new Map<Way, Interrupted>();

test.describe.configure({ mode: 'serial', timeout: 1_200_000 });
test.beforeAll(async ({ browser, server }) => {
  test.setTimeout(1_200_000);
  const context = await browser.newContext();
  const page = await context.newPage();
  await begin(page, SETTINGS, server.url, DATA);
  whole = await learnt(page);
  await page.close();
  const random = new Random(SEED);
  for (const [way, interrupt] of Object.entries(WAYS) as [Way, (typeof WAYS)[Way]][]) {
    // Some steps go by until it has happened.
    const asked = 2 * EPOCH + 1 + Math.floor(random.uniform(0, EPOCH / 2));
    const cut = await context.newPage();
    await begin(cut, SETTINGS, server.url, DATA);
    await expect(cut.getByRole('progressbar')).toBeVisible();
    await reach(cut, asked);
    await interrupt(cut);
    const goesOn = GOES_ON.has(way);
    const next = goesOn ? cut : await context.newPage();
    let offered: string | undefined;
    if (!goesOn) {
      await openTuning(next, server.url);
      offered = (await resumable(next).textContent()) ?? '';
      await resume(next).click();
    }
    const left = await learnt(next);
    await next.getByText(/^What happened/).click();
    const told = await next.getByText(/Resumed from the checkpoint after/).allTextContents();
    const goneOnAfter = Number(/after (\d+) steps/.exec(told.join())?.[1]);
    runs.set(way, { asked, goneOnAfter, offered, left });
    await next.close();
    if (!goesOn && !cut.isClosed()) await cut.close();
  }
  await context.close();
});

test(
  'each interruption, within the third epoch, is gone on from after a checkpoint of before it',
  covers('tb.recovery.interrupted-training-resume/four-interruptions').control('it begins anew', {
    file: 'src/ui/tune/tuning-session.ts',
    from: 'const checkpoints = held && { place: held.checkpoints, resume: true };',
    to: 'const checkpoints = held && { place: held.checkpoints, resume: false };',
  }),
  () => {
    expect([...runs.keys()]).toEqual(Object.keys(WAYS));
    for (const [way, { asked, goneOnAfter, left }] of runs) {
      expect(goneOnAfter, way).toBeGreaterThan(0);
      expect(goneOnAfter, way).toBeLessThanOrEqual(3 * EPOCH);
      expect(asked, way).toBeGreaterThan(2 * EPOCH);
      expect(trained(left).map(({ step }) => step)).toEqual(
        Array.from({ length: EPOCHS * EPOCH }, (_, i) => i + 1),
      );
    }
  },
);

test(
  'the page that is opened then offers it, from its last checkpoint',
  covers('tb.recovery.interrupted-training-resume/resume-offered').control('it is another step', {
    file: 'src/ui/resume/resumable-list.ts',
    from: 'words.at(last.step, run.steps)',
    to: 'words.at(last.step + 1, run.steps)',
  }),
  () => {
    for (const [way, { goneOnAfter, offered }] of runs)
      if (offered !== undefined)
        expect(offered, way).toContain(`after step ${goneOnAfter} of ${EPOCHS * EPOCH} steps`);
    expect([...runs.values()].filter(({ offered }) => offered !== undefined)).toHaveLength(3);
  },
);

test(
  'each learns what the run that nothing interrupted does, bit by bit',
  covers('tb.recovery.interrupted-training-resume/weights-bit-equal').control(
    'its data begin anew',
    {
      file: 'src/train/loop/training-loop.ts',
      from: 'seek(source, this.#steps);',
      to: 'seek(source, 0);',
    },
  ),
  () => {
    for (const [way, { left }] of runs) {
      expect(trained(left), `${way}, seed ${SEED}`).toEqual(trained(whole));
      expect(left.adapter, way).toBe(whole.adapter);
    }
  },
);
