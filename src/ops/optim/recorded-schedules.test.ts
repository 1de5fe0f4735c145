import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { covers } from '../../catalog/covers.ts';
import { readParityBundle } from '../../formats/parity-bundle.ts';
import { float64Of, type StoredTensor } from '../../formats/safetensors/stored.ts';
import { SCHEDULE_PARAMS, type Schedule } from '../../vocabulary/optim/lr_schedule.ts';
import { scheduledRate } from './lr_schedule.ts';

const FOLDER = 'public/parity/transformers-5.23.0';

/** Recorded runs of 1000 steps, by name: the rates of transformers or torch, and ours. */
const RUNS = readdirSync(FOLDER)
  .filter((file) => /^lr_.*_100_1000\.safetensors$/.test(file))
  .map((file) => {
    const { params, tensors } = readParityBundle(readFileSync(`${FOLDER}/${file}`));
    const { base_lr, ...schedule } = params as unknown as Schedule & { readonly base_lr: number };
    const recorded = [...float64Of(tensors.outputs['lr'] as StoredTensor)];
    const ours = recorded.map((_, step) => scheduledRate(base_lr, schedule, step));
    return { name: schedule.name, base_lr, schedule, recorded, ours };
  });
const worst = (name: string) =>
  RUNS.filter((run) => run.name === name).map(({ recorded, ours }) =>
    Math.max(...recorded.map((rate, step) => Math.abs(rate - (ours[step] as number)))),
  );

describe('rates of whole recorded runs', () => {
  test(
    'of transformers are ours in float64',
    covers('fsdp.training.learning-rate-schedulers/transformers-schedules').control(
      'a polynomial ends a step early',
      {
        file: 'src/ops/optim/lr_schedule.ts',
        from: 'Math.max(0, 1 - done / rest) ** power',
        to: 'Math.max(0, 1 - (done + 1) / rest) ** power',
      },
    ),
    () => {
      for (const name of Object.keys(SCHEDULE_PARAMS)) {
        const found = worst(name);
        expect(found.length, name).toBeGreaterThan(0);
        for (const error of found) expect(error, name).toBeLessThan(1e-12);
      }
      for (const { recorded } of RUNS) expect(recorded.length).toBeGreaterThanOrEqual(1000);
    },
  );

  test(
    'of torch are ours behind the same warm-up',
    covers('fsdp.training.learning-rate-schedulers/exponential-schedule').control(
      'the rate falls during the warm-up already',
      {
        file: 'src/ops/optim/lr_schedule.ts',
        from: '({ gamma = 1 }, { done }) => gamma ** done',
        to: '({ gamma = 1, warmup = 0 }, { done }) => gamma ** (done + warmup)',
      },
    ),
    () => {
      expect(worst('exponential')).toHaveLength(1);
      expect(worst('exponential')[0]).toBeLessThan(1e-12);
    },
  );

  test(
    'end at the least rate where there is one',
    covers('fsdp.training.learning-rate-schedulers/min-lr-ratio').control('the cosine falls to 0', {
      file: 'src/ops/optim/lr_schedule.ts',
      from: 'downTo(min_lr_rate, wave(cyclesOf(schedule), progress))',
      to: 'downTo(0 * min_lr_rate, wave(cyclesOf(schedule), progress))',
    }),
    () => {
      const run = RUNS.find(({ schedule }) => schedule.min_lr_rate !== undefined);
      const { ours, recorded, base_lr, schedule } = run as (typeof RUNS)[number];
      const least = (schedule.min_lr_rate as number) * base_lr;
      const afterWarmup = ours.slice(schedule.warmup);
      expect(Math.min(...afterWarmup)).toBeCloseTo(least, 12);
      expect(afterWarmup[1000 - (schedule.warmup as number)]).toBeCloseTo(least, 12);
      expect(recorded[1000]).toBeCloseTo(least, 12);
    },
  );
});
