import type { Shape } from '../../tensor/shape.ts';
import { SignatureError } from '../error.ts';
import type { Known, Range } from '../rules.ts';
import { axisIn } from '../shapes.ts';

interface Dim {
  readonly dim: number;
}

/** The shape of indices into x along `dim`: of x's rank, and in no other dimension larger. */
export function indicesShape({ shape, params }: Known<Dim>, actual: Shape): Shape {
  const x = shape('x');
  const dim = axisIn(params.dim, x);
  if (actual.length !== x.length)
    throw new SignatureError(`indices have ${actual.length} dimensions, and x has ${x.length}`);
  return actual.map((n, d) => (d === dim ? n : Math.min(n, x[d] as number)));
}

/** The places along `dim` of x; torch takes none that counts from the end. */
export function placesAlong({ shape, params }: Known<Dim>): Range {
  const x = shape('x');
  return { low: 0, high: (x[axisIn(params.dim, x)] as number) - 1 };
}
