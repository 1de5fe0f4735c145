import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { shuffled } from '../../data/epoch.ts';
import { Random } from '../../tensor/random.ts';
import {
  CHANGES,
  type Fault,
  type FaultyRun,
  faultyRun,
  INTERRUPTIONS,
} from './fixtures/faulty-run.ts';
import { drawnTexts, FOLDER, KINDS, trainingOf } from './fixtures/short-runs.ts';

/** Many faults in one run, each at a moment that a seed draws: `npm run soak -- faults` says more. */
const FAULTS = Number(process.env['GRADPROOF_FAULTS'] ?? 8);
const SEED = Number(process.env['GRADPROOF_SEED'] ?? Date.now() % 1e6);
/** What memory may come down to at the end, as a multiple of where it was after a third. */
const MOST_GROWTH = 1.5;
const LIMIT_MS = 240_000 + 30_000 * FAULTS;

let place: string;
beforeEach(async () => {
  place = mkdtempSync(join(tmpdir(), 'faults-'));
  for (const [name, file] of FOLDER)
    writeFileSync(join(place, name), await file.read(0, file.bytes));
});
afterEach(() => rmSync(place, { recursive: true }));

/** A fault for every `apart`-th step. */
const spread = (faults: readonly Fault[], apart: number): ReadonlyMap<number, Fault> =>
  new Map(faults.map((fault, i) => [apart * (i + 1), fault]));

const drawnOf = (random: Random, kinds: readonly Fault[], count: number): readonly Fault[] =>
  Array.from({ length: count }, () => kinds[random.integer(0, kinds.length - 1)] as Fault);

/** What a run told that happened to it, without when. */
const happenedIn = ({ told }: FaultyRun) => {
  const resumed = told.findLastIndex(({ type }) => type === 'resumed-from');
  const before = told[resumed];
  const history = before?.type === 'resumed-from' ? before.history : [];
  return [...history, ...told.slice(resumed + 1)].flatMap((one) =>
    'at' in one ? [{ ...one, at: '' }] : [],
  );
};
const countOf = ({ told }: FaultyRun, type: string) =>
  told.filter((event) => event.type === type).length;

/**
 * Fails unless a run of faults took no more of disk and memory the longer it went on; what it took,
 * in words.
 */
function expectNoGrowth({ held, disk }: FaultyRun, whole: FaultyRun): string {
  // The history that a checkpoint holds grows with the steps of either run.
  expect(Math.max(...disk)).toBeLessThanOrEqual(MOST_GROWTH * Math.max(...whole.disk));
  const third = Math.floor(held.length / 3);
  const before = Math.min(...held.slice(third, 2 * third));
  const after = Math.min(...held.slice(-third));
  expect(after).toBeLessThanOrEqual(MOST_GROWTH * before);
  return `memory came down to ${megabytes(before)} in the second third and ${megabytes(after)} in the last, checkpoints took ${megabytes(Math.max(...disk))} at most`;
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

test(
  `${FAULTS} interruptions in a row, drawn from ${SEED}, leave the bits of a run without them`,
  async ({ annotate }) => {
    const steps = FAULTS + 4;
    const { texts, config } = trainingOf({ ...KINDS['lora with dropout'], max_steps: steps });
    const given = { texts, config, steps, model: place };
    const play = (faults: readonly Fault[]) =>
      faultyRun({
        ...{ ...given, faults: spread(faults, 1) },
        folder: join(place, `${faults.length}`),
      });
    const whole = await play([]);
    const survived = await play(drawnOf(new Random(SEED), INTERRUPTIONS, FAULTS));
    expect(survived.result?.error).toBeUndefined();
    expect(survived.files).toEqual(whole.files);
    expect(survived.result?.series).toEqual(whole.result?.series);
    const losses = countOf(survived, 'lost');
    expect(
      losses,
      'a device that was lost after the last step of all costs nothing',
    ).toBeGreaterThan(FAULTS - 2);
    // Each costs one interval at most, which is a step.
    expect(countOf(survived, 'step')).toBeLessThanOrEqual(steps + losses);
    const took = expectNoGrowth(survived, whole);
    await annotate(
      `${FAULTS} interruptions: the weights are bit-equal, ${countOf(survived, 'step') - steps} steps were made again; ${took}`,
    );
  },
  LIMIT_MS,
);

/** Texts of a step: they are halved three times. */
const BATCH = 8;
const HALVINGS = 3;
/** Steps in a row that tell a loss or gradients that stay wrong. */
const IN_A_ROW = 3;
/** Steps between two faults: what one of them takes back is behind the one before. */
const APART = 3;
/** At which a step moves the loss by far less than the bound, as in the catalog's test. */
const RATE = 3e-5;
/**
 * The catalog's for a run whose steps are skipped (`tb.recovery.nan-inf-gradient`), beside the run
 * without faults when it had made as many updates at the same rate.
 */
const MOST_APART = 0.02;

/** Faults of all kinds in an order that is drawn. */
function mixed(random: Random): readonly Fault[] {
  const halvings = Array.from({ length: HALVINGS - 1 }, () => 'out-of-memory' as const);
  const each = [...INTERRUPTIONS, ...CHANGES, ...halvings].slice(0, FAULTS);
  const kinds = each.filter((kind) => kind !== 'out-of-memory');
  const all = [...each, ...drawnOf(random, kinds, FAULTS - each.length)];
  return shuffled(FAULTS, random).map((at) => all[at] as Fault);
}

/** What the history says of a fault after step `step`, without where the run went back to. */
function toldOf(step: number, fault: Fault): readonly object[] {
  const skipped = (from: number) => ({ type: 'skipped', step: from, count: 1 });
  switch (fault) {
    case 'skipped':
      return [skipped(step + 1)];
    case 'nonfinite':
      return [
        ...Array.from({ length: IN_A_ROW }, (_, i) => skipped(step + 1 + i)),
        { type: 'rolled-back', step: step + IN_A_ROW, why: 'nonfinite' },
      ];
    case 'exploded':
      return [{ type: 'rolled-back', step: step + 1 + IN_A_ROW, why: 'exploded' }];
    case 'out-of-memory':
      return [{ type: 'halved', step: step + 1, to: step }];
    default:
      return [];
  }
}

/** The last held-out loss that was told at a step. */
const heldoutAt = ({ told }: FaultyRun, step: number): number => {
  const last = told.findLast((event) => event.type === 'heldout' && event.step === step);
  return last?.type === 'heldout' ? last.loss : Number.NaN;
};

/** How many updates at the first rate those are as much as that were made: skipped steps have none. */
function updatesOf({ told }: FaultyRun): number {
  const rates = new Map<number, number>();
  for (const event of told)
    if (event.type === 'step') rates.set(event.step, event.learningRate ?? 0);
  return [...rates.values()].reduce((sum, rate) => sum + rate, 0) / RATE;
}

test(
  `${FAULTS} faults of all kinds, drawn from ${SEED}, change what the history says and nothing else`,
  async ({ annotate }) => {
    const faults = spread(mixed(new Random(SEED)), APART);
    const steps = APART * (FAULTS + 2);
    const { config } = trainingOf({
      ...{ type: 'full', optim: 'sgd', momentum: 0.9, max_grad_norm: 0, learning_rate: RATE },
      ...{ lr_scheduler_type: 'constant', warmup_steps: 0, max_steps: steps },
      ...{ per_device_train_batch_size: BATCH, eval_steps: 1 },
      recovery: { max_rollbacks: FAULTS, rollback_rate: 0.98 },
    });
    const given = { texts: drawnTexts(44), config, steps, model: place };
    const play = (name: string, some: ReadonlyMap<number, Fault>) =>
      faultyRun({ ...given, faults: some, folder: join(place, name) });
    const changes = new Map(
      [...faults].filter(([, fault]) => (CHANGES as readonly Fault[]).includes(fault)),
    );
    const whole = await play('whole', new Map());
    const changed = await play('changed', changes);
    const survived = await play('survived', faults);
    expect(survived.result?.error).toBeUndefined();
    // Interruptions have no part in the bits.
    expect(survived.files).toEqual(changed.files);
    expect(survived.result?.series).toEqual(changed.result?.series);
    const happened = happenedIn(survived).filter(({ type }) => type in { lost: 0, restored: 0 });
    expect(happened.filter(({ type }) => type === 'lost').length).toBe(countOf(survived, 'lost'));
    // What changes the arithmetic is told, each once, and moves the loss by little.
    const told = happenedIn(survived).filter(({ type }) => !(type in { lost: 0, restored: 0 }));
    expect(told).toEqual(happenedIn(changed));
    expect(told).toMatchObject([...changes].flatMap(([step, fault]) => toldOf(step, fault)));
    const learnt = Math.round(updatesOf(survived));
    expect(heldoutAt(whole, steps)).toBeLessThan((1 - MOST_APART) * heldoutAt(whole, 0));
    const apart = Math.abs(heldoutAt(survived, steps) / heldoutAt(whole, learnt) - 1);
    expect(apart, `from the run without faults after ${learnt} steps`).toBeLessThanOrEqual(
      MOST_APART,
    );
    // An interruption costs one interval, which is a step. What is gone back for costs the steps that
    // told of it, too, and the update before them.
    const again = countOf(changed, 'step') - steps;
    const rollbacks = told.filter(({ type }) => type === 'rolled-back').length;
    expect(again).toBeLessThanOrEqual(rollbacks * (IN_A_ROW + 2));
    const interrupted = countOf(survived, 'step') - countOf(changed, 'step');
    expect(interrupted).toBeLessThanOrEqual(countOf(survived, 'lost'));
    const took = expectNoGrowth(survived, whole);
    await annotate(
      `${FAULTS} faults of all kinds: ${faults.size - changes.size} interruptions left the bits as they were, ${changes.size} changes are told and moved the held-out loss by ${percent(apart)}, which fell by ${percent(1 - heldoutAt(whole, steps) / heldoutAt(whole, 0))}; ${again + interrupted} steps were made again; ${took}`,
    );
  },
  3 * LIMIT_MS,
);
