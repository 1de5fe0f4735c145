import { type Bodies, TORCH } from '../body.ts';
import { literal } from '../literal.ts';

/** Schedules of transformers, over torch's optimizer. */
export const transformers: Bodies = {
  lr_schedule: ({ name, base_lr, warmup, total, num_cycles }) => ({
    imports: [...TORCH, 'from transformers import get_scheduler'],
    lines: [
      `optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=${literal(base_lr)})`,
      `schedule = get_scheduler(${literal(name === 'constant' ? 'constant_with_warmup' : name)}, optimizer, ${literal(warmup)}, ${literal(total)}${
        name === 'cosine' ? `, {"num_cycles": ${literal(num_cycles)}}` : ''
      })`,
      'rates = []',
      'for _ in range(len(t["out.lr"])):',
      '    rates.append(optimizer.param_groups[0]["lr"])',
      '    optimizer.step()',
      '    schedule.step()',
      'got = {"lr": torch.tensor(rates, dtype=torch.float64)}',
    ],
  }),
};
