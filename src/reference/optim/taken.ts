import type { HostTensors } from '../../tensor/host.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import type { Acceptances, Sample, Value, Values, WrongValue } from '../record.ts';
import { wrongParams } from '../wrong-value.ts';
import { type LrScheduleParams, rateAt } from './lr_schedule.ts';

/** What steps under loss scaling have beside their hyperparameters. */
export interface Scheduled {
  readonly lr: number;
  /** Of the steps that are taken. Default constant. */
  readonly schedule?: Omit<LrScheduleParams, 'base_lr' | 'steps'>;
}

/** The step that is taken, from 1 on, and its rate; undefined where it is left out. */
export function takenStep({ found_inf, steps }: Values, params: Scheduled): { readonly step: number; readonly lr: number } | undefined {
  if ((found_inf as Value).data[0] !== 0) return undefined;
  const before = (steps as Value).data[0] as number;
  const { lr, schedule = { name: 'constant' } } = params;
  return { step: before + 1, lr: rateAt({ ...schedule, base_lr: lr }, before) };
}

/** What is left as it is. */
export function untouched(inputs: Values, names: readonly string[]): Values {
  return Object.fromEntries(names.map((name) => [name, { shape: (inputs[name] as Value).shape, data: (inputs[name] as Value).data }]));
}

/** Nothing changes where a step is left out. */
export function equal(names: readonly string[]): Acceptances {
  return Object.fromEntries(names.map((name) => [name, { kind: 'exact' }]));
}

/** A sample of a step, with tensors of `shape` drawn element by element. */
export function takenSample<P extends Scheduled>(
  shape: Shape,
  { found_inf = 0, steps }: { readonly found_inf?: number; readonly steps: number },
  params: P,
  draw: (random: Random) => Readonly<Record<string, number>>,
): Sample<P> {
  const { schedule, ...rest } = params;
  return {
    layer: 'legal',
    label: { param: formatShape(shape), found_inf, steps, schedule: schedule?.name ?? 'constant', ...labelOf(rest) },
    params,
    inputs: (random): HostTensors => {
      const drawn = Array.from({ length: sizeOf(shape) }, () => draw(random));
      const names = Object.keys(drawn[0] ?? {});
      const tensors = names.map(
        (name) =>
          [
            name,
            hostTensorFrom(
              'f32',
              shape,
              drawn.map((element) => element[name] as number),
            ),
          ] as const,
      );
      return {
        ...Object.fromEntries(tensors),
        found_inf: hostTensorFrom('f32', [1], [found_inf]),
        steps: hostTensorFrom('i32', [1], [steps]),
      };
    },
  };
}

function labelOf(params: object): Readonly<Record<string, string | number | boolean>> {
  return Object.fromEntries(Object.entries(params).filter(([, value]) => typeof value !== 'object'));
}

/** Mistakes about whether and which step is taken. */
export function wrongTaken<P extends Scheduled>(): readonly WrongValue<P>[] {
  const change = (input: string, to: (x: number) => number) => (inputs: Values, params: P) => {
    const value = inputs[input] as Value;
    return { inputs: { ...inputs, [input]: { ...value, data: value.data.map(to) } }, params };
  };
  return [
    { name: 'taken in spite of an infinity', apply: change('found_inf', () => 0) },
    { name: 'the step before', apply: change('steps', (x) => Math.max(0, x - 1)) },
    wrongParams('lr wrong by 2e-5', (params) => ({ ...params, lr: params.lr * (1 + 2e-5) })),
    { name: 'no schedule', apply: (inputs, { schedule: _, ...params }) => ({ inputs, params: params as unknown as P }) },
    { name: 'gradient wrong by 2e-5', apply: change('grad', (x) => x * (1 + 2e-5)) },
    { name: 'parameter wrong by 2e-5', apply: change('param', (x) => x * (1 + 2e-5)) },
  ];
}
