import type { LlamaRun } from '../../../reference/llama/run.ts';
import type { Values } from '../../../reference/record.ts';

type Scaled = Pick<LlamaRun, 'autocast' | 'scaler'>;

/**
 * Whether a producer left out a step that is finite in float64: what stands between in its backward
 * pass may be beyond the range of float16 where no gradient is.
 */
export function overflowedAlone(
  { autocast, scaler }: Scaled,
  theirs: Values,
  truth: Values,
): boolean {
  if (autocast !== 'float16' || !scaler) return false;
  const isLeftOut = ({ norm }: Values) => norm !== undefined && !Number.isFinite(norm.data[0]);
  return isLeftOut(theirs) && !isLeftOut(truth);
}

/**
 * Marks the numbers of a curve from the first step on, that a producer left out so: there its scale
 * fell and the true one did not, and the run went on from other weights.
 */
export function unjudgedByOverflow(
  { autocast, scaler }: Scaled,
  curve: string,
  { theirs, truth }: { readonly theirs: Values; readonly truth: Values },
): (step: number) => boolean {
  const scale = theirs['scale']?.data;
  const right = truth['scale']?.data;
  if (autocast !== 'float16' || !scaler || !scale || !right) return () => false;
  const fell = (data: Float64Array, step: number) =>
    (data[step] as number) < (data[step - 1] ?? scaler.init_scale);
  const first = right.findIndex((x, step) => scale[step] !== x);
  if (first < 0 || !fell(scale, first) || fell(right, first)) return () => false;
  if (curve === 'scale') return (step) => step >= first;
  // The loss and the rate of the step itself are from before.
  return (step) => (curve === 'losses' || curve === 'lrs') && step > first;
}
