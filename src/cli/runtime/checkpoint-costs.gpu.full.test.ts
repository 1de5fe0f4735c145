import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type TuningEvent, tune } from '../../harness/tuning.ts';
import { modelOf, trainingOf } from './fixtures/short-runs.ts';
import { softwareProvider } from './fixtures/software-gpu.ts';
import { workerInProcess } from './fixtures/worker-in-process.ts';

/** How long the run goes on after its first checkpoint: `npm run soak -- costs` lets it for minutes. */
const SECONDS = Number(process.env['GRADPROOF_SECONDS'] ?? 15);
/** On a machine that is slow, too, it makes so many before it stops. */
const FEWEST = 6;
/** A model whose checkpoint costs more than that of the smallest: what it costs is to tell. */
const { folder: FOLDER } = modelOf({ hidden: 128, intermediate: 256, layers: 2 });
/** More steps than any machine makes in that time. */
const STEPS = 1e6;
/** The whole run takes at most so many times the run without checkpoints. */
const MOST_TIMES = 1.05;

let place: string;
beforeEach(async () => {
  place = mkdtempSync(join(tmpdir(), 'costs-'));
  for (const [name, file] of FOLDER)
    writeFileSync(join(place, name), await file.read(0, file.bytes));
});
afterEach(() => rmSync(place, { recursive: true }));

/** A checkpoint: what it took, and when it was told. Milliseconds. */
interface Made {
  readonly ms: number;
  readonly at: number;
}

const percent = (share: number) => `${(100 * share).toFixed(2)} %`;

test(
  `checkpoints of ${SECONDS} s of a run on disk, by the usual rule, take a twentieth of them at most`,
  async ({ annotate }) => {
    const { texts, config } = trainingOf({
      ...{ type: 'full', max_steps: STEPS, per_device_train_batch_size: 1, learning_rate: 1e-6 },
      // One is due wherever the held-out loss was never smaller: what they cost alone puts them off.
      ...{ eval_steps: 1, lr_scheduler_type: 'constant', warmup_steps: 0 },
    });
    const gpu = await softwareProvider();
    const stop = new AbortController();
    let began = 0;
    const made: Made[] = [];
    const hear = (event: TuningEvent) => {
      const at = performance.now();
      if (event.type === 'heldout' && event.step === 0) began = at;
      if (event.type === 'checkpoint') made.push({ ms: event.ms, at });
      const passed = at - (made[0]?.at ?? at);
      if (event.type === 'step' && passed > 1000 * SECONDS && made.length >= FEWEST) stop.abort();
    };
    const { report } = await tune(
      { cases: new Map(), startWorker: () => workerInProcess(gpu) },
      {
        ...{ folder: { kind: 'path', path: place }, name: 'tiny', base: 'tiny', texts, config },
        ...{ steps: STEPS, checkpoints: { place: join(place, 'checkpoints'), resume: false } },
      },
      hear,
      stop.signal,
    );
    const [result] = report.results;
    expect(result?.error).toBeUndefined();
    // The run ended before it made up for the last one that was due, and makes one at its end.
    const first = made[0] as Made;
    const [due, last] = made.slice(-2) as [Made, Made];
    const spent = made.slice(0, -2).reduce((sum, { ms }) => sum + ms, 0);
    const whole = due.at - due.ms - (first.at - first.ms);
    expect(whole / (whole - spent)).toBeLessThanOrEqual(MOST_TIMES);
    const share = result?.metrics?.['checkpointShare'] ?? 1;
    expect(share - (due.ms + last.ms) / (last.at - began)).toBeLessThanOrEqual(1 - 1 / MOST_TIMES);
    await annotate(
      `${made.length} checkpoints in ${SECONDS} s took ${percent(spent / whole)} up to the last that was due, and ${percent(share)} in all as the report says`,
    );
  },
  240_000 + 2000 * SECONDS,
);
