import { type HostTensor, hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { lrSchedule, type Schedule } from '../../vocabulary/optim/lr_schedule.ts';
import { completed } from '../../vocabulary/signature.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { PlausibleBug, Sample, Value } from '../record.ts';
import { rateAt } from './lr_schedule.ts';

/** What steps under loss scaling have beside their hyperparameters. */
interface Scheduled {
  readonly lr: number;
  /** Counts the steps that are taken, not those that overflow. */
  readonly schedule: Schedule;
}

/** What was found on the device. */
type Found = Readonly<Record<'found_inf' | 'steps', Value>>;

/** The step that is taken, from 1 on, and its rate; undefined where it is left out. */
export function takenStep(
  { found_inf, steps }: Found,
  { lr, schedule }: Scheduled,
): { readonly step: number; readonly lr: number } | undefined {
  if (found_inf.data[0] !== 0) return undefined;
  const before = steps.data[0] as number;
  return {
    step: before + 1,
    lr: rateAt(completed(lrSchedule, { base_lr: lr, ...schedule }), before),
  };
}

/** What is left as it is. */
export const untouched = ({ shape, data }: Value): Value => ({ shape, data });

/** Nothing changes where a step is left out. */
export const EXACT = { kind: 'exact' } as const;

/** A sample whose inputs are `Name`, and what was found. */
interface TakenSample<P, Name extends string> extends Omit<Sample<P>, 'inputs' | 'grads'> {
  readonly inputs: (random: Random) => Readonly<Record<Name | keyof Found, HostTensor>>;
}

/** A sample of a step, with tensors of `shape`, drawn element by element. */
export function takenSample<P extends Partial<Scheduled>, Name extends string>(
  shape: Shape,
  { found_inf = 0, steps }: { readonly found_inf?: number; readonly steps: number },
  params: P,
  draw: (random: Random) => Readonly<Record<Name, number>>,
): TakenSample<P, Name> {
  const { schedule, ...rest } = params;
  return {
    level: 'legal',
    label: {
      param: formatShape(shape),
      found_inf,
      steps,
      schedule: schedule?.name ?? 'constant',
      ...labelOf(rest),
    },
    params,
    inputs: (random) => {
      const drawn = Array.from({ length: sizeOf(shape) }, () => draw(random));
      const names = Object.keys(drawn[0] as object) as Name[];
      const tensors = names.map(
        (name) =>
          [
            name,
            hostTensorFrom(
              'f32',
              shape,
              drawn.map((element) => element[name]),
            ),
          ] as const,
      );
      return {
        ...(Object.fromEntries(tensors) as Record<Name, HostTensor>),
        found_inf: hostTensorFrom('f32', [1], [found_inf]),
        steps: hostTensorFrom('i32', [1], [steps]),
      };
    },
  };
}

function labelOf(params: object): Readonly<Record<string, string | number | boolean>> {
  return Object.fromEntries(
    Object.entries(params).filter(([, value]) => typeof value !== 'object'),
  );
}

/** Mistakes about whether and which step is taken. */
export function wrongTaken<
  P extends Scheduled,
  I extends Found & Readonly<Record<'param' | 'grad', Value>>,
>(): readonly PlausibleBug<P, I>[] {
  return [
    inputBug('taken in spite of an infinity', 'found_inf', () => 0),
    inputBug('the step before', 'steps', (x) => Math.max(0, x - 1)),
    paramsBug('lr wrong by 2e-5', (params) => ({ ...params, lr: params.lr * (1 + 2e-5) })),
    paramsBug('no schedule', (params) => ({ ...params, schedule: { name: 'constant' } })),
    inputBug('gradient wrong by 2e-5', 'grad', (x) => x * (1 + 2e-5)),
    inputBug('parameter wrong by 2e-5', 'param', (x) => x * (1 + 2e-5)),
  ];
}
