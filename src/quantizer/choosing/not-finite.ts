import { GradproofError } from '../../errors.ts';
import { type HostTensor, valuesOf } from '../../tensor/host.ts';
import { coordinatesOf } from '../../tensor/shape.ts';
import type { NamedWeight } from './weight-source.ts';

/** A weight that cannot be measured, or activations that it cannot be measured with. */
class NotFiniteError extends GradproofError {
  constructor(what: string) {
    super('not-finite', what);
  }
}

/** Which of the two holds NaN or infinities in float32, and where; undefined where neither does. */
export function notFiniteIn({
  weight,
  input,
}: Pick<NamedWeight, 'weight' | 'input'>): GradproofError | undefined {
  const what = firstIn('the weight is', weight) ?? firstIn('the activations are', input);
  return what === undefined ? undefined : new NotFiniteError(what);
}

function firstIn(subject: string, tensor: HostTensor): string | undefined {
  const values = valuesOf(tensor);
  const index = values.findIndex((value) => !Number.isFinite(value));
  if (index < 0) return undefined;
  const at = coordinatesOf(index, tensor.shape).join(', ');
  return `${subject} ${values[index]} in float32, first at [${at}]: give finite numbers`;
}
