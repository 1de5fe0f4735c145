import type { FlatLayout } from '../../../autograd/flat-parameters.ts';
import { mapped } from '../../../graph/call.ts';
import type { Value, Values } from '../../../reference/record.ts';
import type { StepState } from '../../../reference/step/state.ts';
import { type HostTensor, hostTensorFrom, valuesOf } from '../../../tensor/host.ts';
import { sizeOf } from '../../../tensor/shape.ts';
import type { OptimizerState } from '../../../train/optimizer.ts';
import { nameInModel } from './names.ts';

/** Numbers of a run, which an optimizer keeps beside what it keeps of parameters. */
const NUMBERS = ['scale', 'growth_tracker', 'steps'];

/** Where each parameter lies among all of them. */
export type Places = Pick<FlatLayout, 'entries'>;

/** A state as an optimizer takes it; `before` is what it has, by the names and types of its own. */
export function writtenState(
  from: StepState,
  before: OptimizerState,
  layout: Places,
): OptimizerState {
  const flat: Readonly<Record<string, Values>> = { param: from.trained, ...from.kept };
  const { scale, growth_tracker, taken: steps } = from;
  const numbers: Readonly<Record<string, number>> = { scale, growth_tracker, steps };
  const tensors = mapped(before.tensors, (host, name): HostTensor => {
    const data = valuesOf(host);
    if (NUMBERS.includes(name)) data.fill(numbers[name] as number);
    else if (flat[name]) placeAll(data, flat[name], layout);
    else data.set(ofParameter(from.kept, name).data);
    return hostTensorFrom(host.dtype, host.shape, data);
  });
  return { step: from.taken, tensors };
}

/** What an optimizer keeps after a step, by its names and then by parameter. */
export function keptIn({ tensors }: OptimizerState, layout: Places): StepState['kept'] {
  const kept: Record<string, Record<string, Value>> = {};
  for (const [name, host] of Object.entries(tensors)) {
    if (name === 'param' || NUMBERS.includes(name)) continue;
    const data = valuesOf(host);
    if (!name.includes('.')) {
      kept[name] = Object.fromEntries(
        [...layout.entries].map(([parameter, { shape, offset }]) => [
          parameter,
          { shape, data: data.slice(offset, offset + sizeOf(shape)) },
        ]),
      );
      continue;
    }
    const { parameter, state } = partsOfName(name);
    kept[state] ??= {};
    kept[state][parameter] = { shape: host.shape, data };
  }
  return kept;
}

function placeAll(data: Float64Array, values: Values, { entries }: Places): void {
  for (const [parameter, { offset }] of entries)
    data.set((values[parameter] as Value).data, offset);
}

/** What is kept of a parameter by itself is named `<parameter>.<state>`. */
function ofParameter(kept: StepState['kept'], name: string): Value {
  const { parameter, state } = partsOfName(name);
  return kept[state]?.[parameter] as Value;
}

function partsOfName(name: string): { readonly parameter: string; readonly state: string } {
  const at = name.lastIndexOf('.');
  return { parameter: nameInModel(name.slice(0, at)), state: name.slice(at + 1) };
}
