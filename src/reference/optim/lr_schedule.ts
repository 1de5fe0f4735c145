import { sizeOf } from '../../tensor/shape.ts';
import { type Schedule, lrSchedule as signature } from '../../vocabulary/optim/lr_schedule.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { EPS } from '../bounds.ts';
import { defineRecord, defineSimulation, type SampleOf } from '../define.ts';
import { paramsBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';

type Params = ParamsOf<typeof signature>;

/**
 * What is left of the rate after the warm-up, `done` steps into the `rest` and `left` before its
 * end.
 */
const SHAPES: Readonly<
  Record<Params['name'], (done: number, left: number, rest: number, cycles: number) => number>
> = {
  constant: () => 1,
  linear: (_, left, rest) => left / rest,
  cosine: (done, _, rest, cycles) => Math.cos((Math.PI * cycles * done) / rest) ** 2,
};

/** The rate of step `t`, which counts from 0. */
export function rateAt({ name, base_lr, warmup, total, num_cycles }: Params, t: number): number {
  if (t < warmup) return (base_lr * t) / warmup;
  const end = total as number; // a constant rate has none
  return (
    base_lr * Math.max(0, SHAPES[name](t - warmup, end - t, Math.max(1, end - warmup), num_cycles))
  );
}

function rates(params: Params): Value {
  const { total = 0, steps = total } = params;
  return {
    shape: [steps],
    data: Float64Array.from({ length: steps }, (_, t) => rateAt(params, t)),
  };
}

function sample(
  params: Partial<Params> & Pick<Params, 'name' | 'base_lr'>,
): SampleOf<typeof signature> {
  return { level: 'legal', label: { ...params }, params, inputs: () => ({}) };
}

/** Schedules of transformers' get_scheduler, made on the host. */
export const record = defineRecord(signature, {
  summary:
    'the learning rate of each step: constant, linear or cosine after a warm-up; made on the host',
  unsupported: (_inputs, { name, total }) =>
    name !== 'constant' && total === undefined ? `a ${name} schedule without a total` : undefined,
  paramsOfShapes: { steps: ({ lr }) => lr && sizeOf(lr) },
  forward: (_inputs, params) => ({ lr: rates(params) }),
  // Float64 rounded once; next to 0 the cosine of a rounded angle is of the size of float64's unit.
  acceptance: (_inputs, outputs, { base_lr }) => ({
    lr: {
      kind: 'within',
      bound: outputs.lr.data.map((rate) => EPS * (Math.abs(rate) + EPS * base_lr)),
    },
  }),
  samples: [
    sample({ name: 'constant', base_lr: 0.125, warmup: 0, total: 3 }),
    sample({ name: 'constant', base_lr: 0.01, warmup: 5, steps: 12 }),
    sample({ name: 'linear', base_lr: 0.01, warmup: 3, total: 20, steps: 23 }),
    sample({ name: 'cosine', base_lr: 0.01, warmup: 4, total: 30, steps: 33 }),
    sample({ name: 'linear', base_lr: 0.01, warmup: 5, total: 5, steps: 8 }),
    sample({ name: 'cosine', base_lr: 0.5, warmup: 0, total: 17, num_cycles: 1.5, steps: 17 }),
  ],
  faults: [
    {
      name: 'half the rate',
      host: {
        seam: 'lr_schedule.rateFactor',
        wrap: (original) => (schedule: Schedule, step: number) => original(schedule, step) / 2,
      },
    },
  ],
  plausibleBugs: [
    paramsBug('base rate wrong by 2e-5', (p) => ({ ...p, base_lr: p.base_lr * (1 + 2e-5) })),
    paramsBug('no warm-up', (p) => ({ ...p, warmup: 0 })),
    paramsBug('one step more in the run', (p) => ({
      ...p,
      ...(p.steps === undefined || p.total === undefined ? {} : { total: p.total + 1 }),
    })),
    paramsBug('linear for cosine', (p) => ({
      ...p,
      name: p.name === 'cosine' ? 'linear' : p.name,
    })),
    paramsBug('half a cycle', (p) => ({ ...p, num_cycles: 0.5 })),
  ],
});

/** The host's float64, rounded once, by the formulas of transformers. */
export const simulation = defineSimulation(signature, {
  forward: (_gpu, _inputs, { name, base_lr, warmup, total = 0, num_cycles, steps = total }) => {
    const rest = Math.max(1, total - warmup);
    const data = Float64Array.from({ length: steps }, (_, t) => {
      if (t < warmup) return Math.fround(base_lr * (t / warmup));
      const shares = {
        constant: 1,
        linear: (total - t) / rest,
        cosine: 0.5 * (1 + Math.cos(2 * Math.PI * num_cycles * ((t - warmup) / rest))),
      };
      return Math.fround(base_lr * Math.max(0, shares[name]));
    });
    return { lr: { shape: [steps], data } };
  },
});
