import { GradproofError } from '../../errors.ts';
import { seam } from '../../seam.ts';
import { coordinatesOf } from '../../tensor/shape.ts';
import type { Tensor, Tensors } from '../../tensor/tensor.ts';
import { rangeViolations } from './range_violations.ts';

/** Elements outside of a range: how many, and where the first is. */
export interface Violations {
  readonly count: number;
  readonly first: readonly number[] | undefined;
}

/** Elements that lie outside of [low, high], by default of all finite numbers; NaN always does. */
export async function violationsOf(
  x: Tensor,
  range: { readonly low?: number; readonly high?: number } = {},
): Promise<Violations> {
  using found = rangeViolations.forward(x.gpu, { x }, range).found;
  const [count, at] = (await found.read()).data as Uint32Array;
  return {
    count: count as number,
    first: count ? coordinatesOf(at as number, x.shape) : undefined,
  };
}

const isStrict = seam('ops.is_strict', (strict: boolean): boolean => strict);

/**
 * What of some inputs is Infinity or NaN, by input. Throws `nonfinite-input` instead when `strict`
 * is given.
 */
export async function nonFiniteInputs(
  inputs: Tensors,
  { strict = false }: { readonly strict?: boolean } = {},
): Promise<ReadonlyMap<string, Violations>> {
  const flagged = new Map<string, Violations>();
  for (const [name, tensor] of Object.entries(inputs)) {
    const violations = await violationsOf(tensor);
    if (!violations.first) continue;
    if (isStrict(strict)) {
      throw new GradproofError(
        'nonfinite-input',
        `${name}[${violations.first.join(', ')}] is not finite, nor are ${violations.count - 1} others: look at what made it`,
      );
    }
    flagged.set(name, violations);
  }
  return flagged;
}
