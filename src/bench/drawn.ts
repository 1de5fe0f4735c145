import type { Call } from '../graph/call.ts';
import type { HostTensor, HostTensors } from '../tensor/host.ts';
import { Random } from '../tensor/random.ts';
import type { GenerationWork, OpWork, StepWork } from './work.ts';

/** The seed of all operands. */
export const SEED = 42;

const calls = new WeakMap<OpWork, Call<HostTensor>>();
const tensors = new WeakMap<StepWork | GenerationWork, HostTensors>();

/** The work's call, with the same operands each time: they are read, and never changed. */
export function drawnCall(work: OpWork): Call<HostTensor> {
  const known = calls.get(work);
  if (known) return known;
  const drawn = work.call(new Random(SEED));
  calls.set(work, drawn);
  return drawn;
}

/** Weights, inputs and labels of a step or a model that writes, the same each time: they are read, and never changed. */
export function drawnTensors(work: StepWork | GenerationWork): HostTensors {
  const known = tensors.get(work);
  if (known) return known;
  const drawn = work.draw(new Random(SEED));
  tensors.set(work, drawn);
  return drawn;
}
