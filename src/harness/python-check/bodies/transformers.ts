import { SCHEDULE_PARAMS, type ScheduleName } from '../../../vocabulary/optim/lr_schedule.ts';
import { type Bodies, type Params, TORCH } from '../body.ts';
import { literal } from '../literal.ts';

/** The lines that make `schedule`: transformers' of that name, or torch's exponential one. */
function made({ name, warmup, total, ...own }: Params): readonly string[] {
  // What transformers calls constant has no warm-up.
  const rising = `get_scheduler("constant_with_warmup", optimizer, ${literal(warmup)})`;
  if (name === 'constant') return [`schedule = ${rising}`];
  if (name === 'exponential')
    return [
      'from torch.optim.lr_scheduler import ExponentialLR, SequentialLR',
      `rising = ${rising}`,
      `schedule = ExponentialLR(optimizer, ${literal(own['gamma'])})`,
      `if ${literal(warmup)} > 0:`,
      `    schedule = SequentialLR(optimizer, [rising, schedule], milestones=[${literal(warmup)}])`,
    ];
  const kwargs = SCHEDULE_PARAMS[name as ScheduleName]
    .filter((part) => own[part] !== undefined)
    .map((part) => `"${part}": ${literal(own[part])}`);
  const rest = kwargs.length > 0 ? `, {${kwargs.join(', ')}}` : '';
  return [
    `schedule = get_scheduler(${literal(name)}, optimizer, ${literal(warmup)}, ${literal(total)}${rest})`,
  ];
}

/** Schedules of transformers, over torch's optimizer. */
export const transformers: Bodies = {
  lr_schedule: (params) => ({
    imports: [...TORCH, 'from transformers import get_scheduler'],
    lines: [
      `optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=${literal(params['base_lr'])})`,
      ...made(params),
      'rates = []',
      'for _ in range(len(t["out.lr"])):',
      '    rates.append(optimizer.param_groups[0]["lr"])',
      '    optimizer.step()',
      '    schedule.step()',
      'got = {"lr": torch.tensor(rates, dtype=torch.float64)}',
    ],
  }),
};
