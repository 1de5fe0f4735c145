import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type TuningEvent, tune } from '../../harness/tuning.ts';
import { wrapSeam } from '../../seam.ts';
import { Random } from '../../tensor/random.ts';
import { recordedProvider } from './fixtures/recorded-provider.ts';
import { FOLDER, KINDS, trainingOf } from './fixtures/short-runs.ts';
import { workerInProcess } from './fixtures/worker-in-process.ts';

/** Many faults in one run, each at a moment that a seed draws: `npm run soak -- faults` says more. */
const FAULTS = Number(process.env['GRADPROOF_FAULTS'] ?? 8);
const SEED = Number(process.env['GRADPROOF_SEED'] ?? Date.now() % 1e6);
/** What memory may come down to at the end, as a multiple of where it was after a third. */
const MOST_GROWTH = 1.5;

let place: string;
beforeEach(async () => {
  place = mkdtempSync(join(tmpdir(), 'faults-'));
  for (const [name, file] of FOLDER)
    writeFileSync(join(place, name), await file.read(0, file.bytes));
});
afterEach(() => rmSync(place, { recursive: true }));

/** What ends a step: its device is lost, before or after it computed, or its data throw. */
const KINDS_OF_FAULT = ['lost-before', 'lost-after', 'thrown'] as const;
type Fault = (typeof KINDS_OF_FAULT)[number];

/** A fault for each step from the second on. */
function drawn(random: Random): readonly Fault[] {
  return Array.from(
    { length: FAULTS },
    () => KINDS_OF_FAULT[Math.floor(random.uniform(0, KINDS_OF_FAULT.length))] as Fault,
  );
}

/** Bytes of all files of a folder. */
const bytesIn = (folder: string): number =>
  readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);

const heldBytes = (): number => {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

/** A run of so many steps through these faults, one at each step from the second on. */
async function play(steps: number, faults: readonly Fault[]) {
  const { gpu, devices } = await recordedProvider();
  const { texts, config } = trainingOf({ ...KINDS['lora with dropout'], max_steps: steps });
  const folder = join(place, `${faults.length}`);
  const left = [...faults];
  const told: TuningEvent[] = [];
  const held: number[] = [];
  const disk: number[] = [];
  const loseDevice = () => devices.at(-1)?.destroy();
  /** What the next batch does. */
  let next: Fault | undefined;
  using _data = wrapSeam('train.llama.collated', (original) => (chosen: readonly unknown[]) => {
    const fault = next;
    next = undefined;
    if (fault === 'lost-before') loseDevice();
    if (fault === 'thrown') throw new Error('the data cannot be read');
    return original(chosen);
  });
  const { report, files } = await tune(
    { cases: new Map(), startWorker: () => workerInProcess(gpu) },
    {
      ...{
        folder: { kind: 'path', path: place },
        name: 'tiny',
        base: 'tiny',
        texts,
        config,
        steps,
      },
      checkpoints: { place: folder, every: 1, resume: false },
    },
    (event) => {
      told.push(event);
      // A process that ended takes its device with it.
      if (event.type === 'lost') loseDevice();
      if (event.type !== 'checkpoint') return;
      held.push(heldBytes());
      disk.push(bytesIn(folder));
      next = left.shift();
      if (next === 'lost-after') {
        next = undefined;
        setTimeout(loseDevice, 20);
      }
    },
    new AbortController().signal,
  );
  return { result: report.results[0], files, told, held, disk };
}

test(
  `${FAULTS} faults in a row, drawn from ${SEED}, leave the bits of a run without them`,
  async () => {
    const faults = drawn(new Random(SEED));
    const steps = FAULTS + 4;
    const whole = await play(steps, []);
    const survived = await play(steps, faults);
    expect(survived.result?.error).toBeUndefined();
    expect(survived.files).toEqual(whole.files);
    expect(survived.result?.series).toEqual(whole.result?.series);
    const losses = survived.told.filter(({ type }) => type === 'lost').length;
    expect(
      losses,
      'a device that was lost after the last step of all costs nothing',
    ).toBeGreaterThan(FAULTS - 2);
    // Each costs one interval at most, which is a step.
    const made = survived.told.filter(({ type }) => type === 'step').length;
    expect(made).toBeLessThanOrEqual(steps + losses);
    // The history that a checkpoint holds grows with the steps of either run.
    expect(Math.max(...survived.disk)).toBeLessThanOrEqual(MOST_GROWTH * Math.max(...whole.disk));
    const third = Math.floor(survived.held.length / 3);
    expect(Math.min(...survived.held.slice(-third))).toBeLessThanOrEqual(
      MOST_GROWTH * Math.min(...survived.held.slice(third, 2 * third)),
    );
  },
  120_000 + 20_000 * FAULTS,
);
