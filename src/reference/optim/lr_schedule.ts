import { sizeOf } from '../../tensor/shape.ts';
import {
  lacking,
  SCHEDULE_DEFAULTS,
  type ScheduleName,
  lrSchedule as signature,
  usualCycles,
} from '../../vocabulary/optim/lr_schedule.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { EPS } from '../bounds.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { paramsBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';

type Params = ParamsOf<typeof signature>;

/** `done` steps after the warm-up of the `rest` that there are, and `left` before the end. */
interface Place {
  readonly done: number;
  readonly left: number;
  readonly rest: number;
}

/** A cosine of so many waves that starts at 1 and is 0 at its lowest. */
const swing = (waves: number, part: number): number => Math.cos(Math.PI * waves * part) ** 2;
/** What lies a share of the way from `low` up to `high`. */
const between = (low: number, high: number, share: number): number => low + (high - low) * share;
const waves = ({ name, num_cycles = usualCycles(name) }: Params): number => num_cycles;

/** The rate after the warm-up. */
const AFTER: Readonly<Record<ScheduleName, (params: Params, place: Place) => number>> = {
  constant: ({ base_lr }) => base_lr,
  linear: ({ base_lr }, { left, rest }) => base_lr * Math.max(0, left / rest),
  cosine: (params, { done, rest }) => params.base_lr * swing(waves(params), done / rest),
  // Where float64 rounds a restart away, transformers has none: the remainder is taken as it is there.
  cosine_with_restarts: (params, { done, rest }) =>
    done < rest ? params.base_lr * swing(0.5, (waves(params) * (done / rest)) % 1) : 0,
  cosine_with_min_lr: (params, { done, rest }) => {
    const { base_lr, min_lr = 0, min_lr_rate } = params;
    const least = min_lr_rate === undefined ? min_lr : min_lr_rate * base_lr;
    return Math.max(0, between(least, base_lr, swing(waves(params), done / rest)));
  },
  polynomial: (params, { left, rest }) => {
    const { base_lr, lr_end, power } = { ...SCHEDULE_DEFAULTS, ...params };
    return between(lr_end, base_lr, Math.max(0, left / rest) ** power);
  },
  inverse_sqrt: ({ base_lr, warmup, timescale = warmup || 10_000 }, { done }) =>
    base_lr * Math.sqrt(timescale / (timescale + done)),
  exponential: ({ base_lr, gamma = 1 }, { done }) => base_lr * Math.exp(done * Math.log(gamma)),
  warmup_stable_decay: (params, { done, left }) => {
    const { base_lr, num_decay_steps: decay = 0 } = params;
    const { min_lr_ratio, decay_type } = { ...SCHEDULE_DEFAULTS, ...params };
    const { num_stable_steps = done + left - decay } = params;
    if (done < num_stable_steps) return base_lr;
    const part = (done - num_stable_steps) / Math.max(1, decay);
    if (done >= num_stable_steps + decay) return base_lr * min_lr_ratio;
    const share = {
      linear: 1 - part,
      cosine: swing(waves(params), part),
      '1-sqrt': 1 - Math.sqrt(part),
    };
    return base_lr * Math.max(0, between(min_lr_ratio, 1, share[decay_type]));
  },
};

/** The rate of step `t` of the warm-up. */
function warming(params: Params, t: number): number {
  const { name, base_lr, warmup, warmup_type, min_lr_ratio } = { ...SCHEDULE_DEFAULTS, ...params };
  const part = t / warmup;
  if (name !== 'warmup_stable_decay') return base_lr * part;
  const share = {
    linear: part,
    cosine: 1 - swing(0.5, part),
    '1-sqrt': 1 - Math.sqrt(1 - part),
  };
  return base_lr * Math.max(0, between(min_lr_ratio, 1, share[warmup_type]));
}

/** The rate of step `t`, which counts from 0. */
export function rateAt(params: Params, t: number): number {
  const { name, warmup, total = t } = params;
  if (t < warmup) return warming(params, t);
  const place = { done: t - warmup, left: total - t, rest: Math.max(1, total - warmup) };
  return AFTER[name](params, place);
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

const wsd = { name: 'warmup_stable_decay', base_lr: 0.01 } as const;

/** Schedules of transformers' get_scheduler and torch's ExponentialLR, made on the host. */
export const record = defineRecord(signature, {
  summary:
    'the learning rate of each step, by the schedules of transformers and an exponential one, after a warm-up; made on the host',
  unsupported: (_inputs, params) => {
    const missing = lacking(params);
    return missing === undefined
      ? undefined
      : `a ${params.name} schedule without ${missing === 'total' ? 'a total' : missing}`;
  },
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
    sample({ name: 'cosine_with_restarts', base_lr: 0.5, warmup: 2, total: 23, steps: 26 }),
    sample({ name: 'cosine_with_restarts', base_lr: 0.01, total: 23, num_cycles: 3, steps: 25 }),
    sample({ name: 'cosine_with_min_lr', base_lr: 0.01, warmup: 3, total: 20, min_lr_rate: 0.1 }),
    sample({ name: 'cosine_with_min_lr', base_lr: 0.01, total: 9, min_lr: 3e-3, steps: 12 }),
    sample({ name: 'polynomial', base_lr: 0.01, warmup: 4, total: 20, steps: 24 }),
    sample({ name: 'polynomial', base_lr: 0.01, total: 17, power: 2.5, lr_end: 1e-3, steps: 20 }),
    sample({ name: 'inverse_sqrt', base_lr: 0.01, warmup: 5, steps: 33 }),
    sample({ name: 'inverse_sqrt', base_lr: 0.01, warmup: 3, timescale: 7, steps: 33 }),
    sample({ name: 'inverse_sqrt', base_lr: 0.01, steps: 9 }),
    sample({ name: 'exponential', base_lr: 0.01, warmup: 3, gamma: 0.9, steps: 33 }),
    sample({ ...wsd, warmup: 4, total: 20, num_decay_steps: 6, steps: 23 }),
    sample({
      ...{ ...wsd, warmup: 5, num_stable_steps: 3, num_decay_steps: 7, steps: 18 },
      ...{ warmup_type: 'cosine', decay_type: 'linear', min_lr_ratio: 0.1 },
    }),
    sample({
      ...{ ...wsd, warmup: 5, num_stable_steps: 3, num_decay_steps: 7, steps: 18 },
      ...{ warmup_type: '1-sqrt', decay_type: '1-sqrt', min_lr_ratio: 0.25 },
    }),
  ],
  faults: [
    {
      name: 'half the rate',
      host: {
        seam: 'lr_schedule.scheduledRate',
        wrap:
          (original) =>
          (...args: readonly unknown[]) =>
            original(...args) / 2,
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
    paramsBug('no restarts', (p) =>
      p.name === 'cosine_with_restarts' ? { ...p, name: 'cosine', num_cycles: 0.5 } : p,
    ),
    paramsBug('down to nothing', (p) => ({
      ...p,
      ...{ lr_end: 0, min_lr_ratio: 0 },
      ...(p.name === 'cosine_with_min_lr' ? { min_lr_rate: 0 } : {}),
    })),
    paramsBug('a line for a power', (p) => ({ ...p, power: 1 })),
    paramsBug('the time scale of the warm-up', (p) =>
      p.name === 'inverse_sqrt' ? { ...p, timescale: p.warmup || 10_000 } : p,
    ),
    paramsBug('gamma wrong by 2e-5', (p) =>
      p.gamma === undefined ? p : { ...p, gamma: p.gamma * (1 + 2e-5) },
    ),
    paramsBug('a warm-up along a line', (p) => ({ ...p, warmup_type: 'linear' })),
    paramsBug('a decay along a cosine', (p) => ({ ...p, decay_type: 'cosine' })),
    paramsBug('a least rate wrong by 2e-4', (p) =>
      p.min_lr === undefined ? p : { ...p, min_lr: p.min_lr * (1 + 2e-4) },
    ),
    paramsBug('a height shorter by a step', (p) =>
      p.num_stable_steps === undefined ? p : { ...p, num_stable_steps: p.num_stable_steps - 1 },
    ),
    paramsBug('a decay longer by a step', (p) =>
      p.num_decay_steps === undefined ? p : { ...p, num_decay_steps: p.num_decay_steps + 1 },
    ),
  ],
});
