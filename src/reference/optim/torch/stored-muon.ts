import { muonHyperparameters } from '../../../vocabulary/optim/muon.ts';
import type { optimizerSteps } from '../../../vocabulary/optim/optimizer_steps.ts';
import type { InputsOf } from '../../../vocabulary/signature.ts';
import type { Foreseen, Range, Steps } from '../../foreseen.ts';
import type { Value } from '../../record.ts';
import { orthogonalInBfloat16 } from '../orthogonal.ts';
import { orthogonalizationOf, scalarsOf } from './muon.ts';
import { knownOf, type Params } from './stored-known.ts';

type Inputs = InputsOf<typeof optimizerSteps, Value>;
type Taken = Readonly<Record<string, Foreseen>>;

/**
 * What torch's Muon gives of parameters in halves. Where a number lies beside the middle of two, the
 * lower one is taken: torch may take the other, and what follows from that is not foreseen. The rate
 * is rounded as the parameter where that is in bfloat16 as the orthogonal matrix is, else not.
 */
export function storedMuon(
  steps: Steps,
  inputs: Inputs,
  params: Params,
  followed: Value | undefined,
): readonly Taken[] {
  return [true, false].map((isRounded) => taken(steps, inputs, params, followed, isRounded));
}

function taken(
  steps: Steps,
  inputs: Inputs,
  params: Params,
  followed: Value | undefined,
  isRounded: boolean,
): Taken {
  const { stored, exactly, add, mul } = steps;
  const { times, average, added, scalar } = knownOf(steps, 'forloop');
  const hyperparameters = muonHyperparameters(params);
  const { lr, weight_decay, momentum, nesterov } = hyperparameters;
  const { shape } = inputs.param;
  const how = orthogonalizationOf(hyperparameters);
  const { rate } = scalarsOf(hyperparameters, shape);
  const n = inputs.param.data.length;
  const all = (data: Float64Array): Range[] => Array.from(data, exactly);
  let buffer = all(inputs['state.momentum_buffer']?.data ?? new Float64Array(n));
  let param = all(inputs.param.data);
  const trajectory: Range[] = [];
  for (let start = 0; n > 0 && start < inputs.grads.data.length; start += n) {
    const grads = all(inputs.grads.data.subarray(start, start + n));
    buffer = buffer.map((kept, i) => stored(average(kept, 1 - momentum, grads[i] as Range)));
    const along = nesterov
      ? grads.map((g, i) => stored(average(g, momentum, buffer[i] as Range)))
      : buffer;
    const { data } = orthogonalInBfloat16(
      { shape, data: Float64Array.from(along, ({ low }) => low) },
      how,
    );
    const next = param.map((x, i) => {
      const decayed = times(1 - lr * weight_decay, x);
      const o = exactly(data[i] as number);
      return stored(isRounded ? added(decayed, rate, o) : add(decayed, mul(scalar(rate), o)));
    });
    trajectory.push(...next);
    param = followed ? all(followed.data.subarray(start, start + n)) : next;
  }
  return { trajectory, 'state.momentum_buffer': buffer };
}
