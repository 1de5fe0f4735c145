import { SCHEDULE_DEFAULTS, lrSchedule as signature } from '../../vocabulary/optim/lr_schedule.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { defineSimulation } from '../define.ts';

type Params = ParamsOf<typeof signature>;

/** The share that LambdaLR multiplies the base rate by, line by line as in transformers. */
function lambda(params: Params, t: number): number {
  const { name, base_lr, warmup, total = 0, num_cycles = 0.5 } = params;
  if (name === 'warmup_stable_decay') return stages(params, t);
  if (t < warmup) return t / Math.max(1, warmup);
  const progress = (t - warmup) / Math.max(1, total - warmup);
  const cosine = 0.5 * (1 + Math.cos(Math.PI * num_cycles * 2 * progress));
  switch (name) {
    case 'constant':
      return 1;
    case 'linear':
      return Math.max(0, (total - t) / Math.max(1, total - warmup));
    case 'cosine':
      return Math.max(0, cosine);
    case 'cosine_with_restarts': {
      const { num_cycles: restarts = 1 } = params;
      if (progress >= 1) return 0;
      return Math.max(0, 0.5 * (1 + Math.cos(Math.PI * ((restarts * progress) % 1))));
    }
    case 'cosine_with_min_lr': {
      const rate = params.min_lr_rate ?? (params.min_lr ?? 0) / base_lr;
      return Math.max(0, cosine * (1 - rate) + rate);
    }
    case 'polynomial': {
      const { lr_end, power } = { ...SCHEDULE_DEFAULTS, ...params };
      if (t > total) return lr_end / base_lr;
      return ((base_lr - lr_end) * (1 - progress) ** power + lr_end) / base_lr;
    }
    case 'inverse_sqrt': {
      const timescale = params.timescale ?? (warmup || 10_000);
      return 1 / Math.sqrt((t + timescale - warmup) / timescale);
    }
    case 'exponential':
      return multiplied(params.gamma ?? 1, t - warmup);
  }
}

/** As torch's ExponentialLR makes it, step after step. */
function multiplied(gamma: number, times: number): number {
  let share = 1;
  for (let i = 0; i < times; i++) share *= gamma;
  return share;
}

function stages(params: Params, t: number): number {
  const { warmup, total = 0, num_decay_steps: decay = 0, num_cycles = 0.5 } = params;
  const { warmup_type = 'linear', decay_type = 'cosine', min_lr_ratio = 0 } = params;
  const { num_stable_steps: stable = total - warmup - decay } = params;
  const least = (share: number) => Math.max(0, share * (1 - min_lr_ratio) + min_lr_ratio);
  if (t < warmup) {
    const progress = t / Math.max(1, warmup);
    if (warmup_type === 'linear') return least(progress);
    if (warmup_type === 'cosine') return least(0.5 * (1 - Math.cos(Math.PI * progress)));
    return least(1 - Math.sqrt(1 - progress));
  }
  if (t < warmup + stable) return 1;
  if (t >= warmup + stable + decay) return min_lr_ratio;
  const progress = (t - warmup - stable) / Math.max(1, decay);
  if (decay_type === 'linear') return least(1 - progress);
  if (decay_type === '1-sqrt') return least(1 - Math.sqrt(progress));
  return least(0.5 * (1 + Math.cos(Math.PI * num_cycles * 2 * progress)));
}

/** The host's float64, rounded once, by the formulas of transformers. */
export const simulation = defineSimulation(signature, {
  forward: (_gpu, _inputs, params) => {
    const { base_lr, total = 0, steps = total } = params;
    const data = Float64Array.from({ length: steps }, (_, t) =>
      Math.fround(base_lr * lambda(params, t)),
    );
    return { lr: { shape: [steps], data } };
  },
});
