import type { Shape } from '../../tensor/shape.ts';
import { SignatureError } from '../error.ts';
import { float, type Known, type TensorRule } from '../rules.ts';

export const NO_PADDING: [number, number, number, number] = [0, 0, 0, 0];

/** Images [N, C, H, W], or one without a batch [C, H, W], as torch takes them. */
export const images = <P>(): TensorRule<P> => float(alone('[n, c, h, w]', 4));

/** Signals [N, C, L], or one without a batch [C, L]. */
export const signals = <P>(): TensorRule<P> => float(alone('[n, c, l]', 3));

const alone =
  (batch: string, dimensions: number) =>
  <P>(_: Known<P>, actual: Shape): Shape => {
    if (actual.length !== dimensions && actual.length !== dimensions - 1)
      throw new SignatureError(`${batch} is needed, or one of the batch alone`);
    return actual;
  };

/** Height and width of images. */
export function imageSize(x: Shape): [number, number] {
  return x.slice(-2) as unknown as [number, number];
}
