import { describe, expect, test } from 'vitest';
import type { Foreseen, Range } from '../../foreseen.ts';
import type { Value } from '../../record.ts';
import { stepsIn } from '../../steps.ts';
import { foreseenSteps } from '../optimizer_steps.steps.ts';
import type { OptimizerParams } from '../optimizers.ts';
import recorded from './fixtures/stored-steps.json' with { type: 'json' };

interface Run {
  readonly name: string;
  readonly way: string;
  readonly half: 'f16' | 'bf16';
  readonly params: OptimizerParams;
  readonly shape: readonly number[];
  readonly param: readonly number[];
  readonly grads: readonly number[];
  readonly trajectory: readonly number[];
}

const tensor = (shape: readonly number[], data: readonly number[]): Value => ({
  shape,
  data: Float64Array.from(data),
});

/** The ways that are known of a run, as torch went on from what it had. */
function waysOf(run: Run, params = run.params): readonly Foreseen[] {
  const { half, shape, param, grads, trajectory } = run;
  const all = [grads.length / param.length, ...shape];
  const inputs = { param: tensor(shape, param), grads: tensor(all, grads) };
  const found = foreseenSteps(stepsIn(half), inputs, params, tensor(all, trajectory));
  return found['trajectory'] as readonly Foreseen[];
}

const holds = (way: Foreseen, data: readonly number[]): boolean =>
  data.every((x, i) => {
    const { low, high } = way[i] as Range;
    return low <= x && x <= high;
  });
const countOf = (ways: readonly Foreseen[], data: readonly number[]) =>
  ways.filter((way) => holds(way, data)).length;

const runs = recorded.runs as unknown as readonly Run[];

describe.each(runs.map((run) => [`${run.name}, ${run.way}, ${run.half}`, run] as const))(
  'steps that torch stored in halves: %s',
  (_, run) => {
    test('are those of a way that is known, to the bit', () => {
      const [way] = waysOf(run).filter((one) => holds(one, run.trajectory));
      if (!way) throw new Error('no way gives them');
      const open = run.trajectory.filter((x, i) => (way[i] as Range).high >= nextOf(run.half, x));
      // SGD's sums leave two numbers open, by where a vector ends.
      if (run.name !== 'sgd') expect(open.length).toBeLessThan(run.trajectory.length / 4);
    });

    test('are not those of another rate, or of gradients that are negated', () => {
      const { lr, R, ...rest } = run.params;
      const faster = { ...rest, ...(R === undefined ? { lr: 1.5 * (lr ?? 0) } : { R: 1.5 * R }) };
      expect(countOf(waysOf(run, faster as OptimizerParams), run.trajectory)).toBe(0);
      const negated = { ...run, grads: run.grads.map((x) => -x) };
      expect(countOf(waysOf(negated), run.trajectory)).toBe(0);
    });
  },
);

/** The number above, in units of the format at its size. */
function nextOf(half: Run['half'], x: number): number {
  const unit = 2 ** (Math.floor(Math.log2(Math.abs(x))) - (half === 'f16' ? 10 : 7));
  return x + unit;
}
