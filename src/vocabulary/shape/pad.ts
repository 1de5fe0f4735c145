import * as v from 'valibot';
import type { Shape } from '../../tensor/shape.ts';
import { SignatureError } from '../error.ts';
import { asOperands } from '../promotion.ts';
import { integer, number, numeric, stored } from '../rules.ts';
import { signature } from '../signature.ts';

const mode = v.picklist(['constant', 'reflect', 'replicate', 'circular']);

/** What lies around a tensor that is padded. */
export type PadMode = v.InferOutput<typeof mode>;

const params = v.strictObject({
  /** How many before and after along the last dimension, then along the one before it, and so on. */
  pad: v.pipe(v.array(integer), v.readonly()),
  mode: v.optional(mode, 'constant'),
  /** What a constant padding holds. */
  value: v.optional(number, 0),
});

/**
 * torch.nn.functional.pad; a negative padding crops. What is repeated on the other side is of the
 * whole of x, in a circular padding of what is left.
 */
export const pad = signature({ family: 'shape', name: 'pad' }, params, {
  inputs: { x: numeric('[*x]') },
  outputs: {
    y: stored(
      numeric(({ shape, params: given }) => {
        const misfit = paddingMisfit(shape('x'), given);
        if (misfit) throw new SignatureError(misfit);
        return paddedShape(shape('x'), given);
      }),
      asOperands,
    ),
  },
  gradients: ['x'],
});

type Params = Pick<v.InferOutput<typeof params>, 'pad' | 'mode'>;

/** How many lie before and after along each dimension of a tensor of `rank`. */
export function paddingOf(rank: number, { pad: around }: Pick<Params, 'pad'>): [number, number][] {
  return Array.from({ length: rank }, (_, d) => {
    const [before = 0, after = 0] = around.slice(2 * (rank - 1 - d));
    return [before, after];
  });
}

/** Whether `n` can have so many before and after. */
const FITS: Readonly<Record<PadMode, (n: number, before: number, after: number) => boolean>> = {
  constant: (n, before, after) => n + before + after >= 0,
  reflect: (n, before, after) => Math.max(before, after) < n && n + before + after > 0,
  replicate: (n, before, after) => n > 0 && n + before + after > 0,
  circular: (n, before, after) => Math.max(before, after, 0) <= croppedSize(n, before, after),
};

/** How many of `n` a padding leaves that is negative before or after. */
export function croppedSize(n: number, before: number, after: number): number {
  return n + Math.min(before, 0) + Math.min(after, 0);
}

/** Why x cannot have the padding, if it cannot. */
export function paddingMisfit(x: Shape, { pad: around, mode: kind }: Params): string | undefined {
  if (x.length === 0) return 'a scalar has no dimension to pad';
  if (around.length % 2 !== 0 || around.length > 2 * x.length)
    return `pad has ${around.length} numbers for ${x.length} dimensions`;
  const sides = paddingOf(x.length, { pad: around });
  const at = sides.findIndex(
    ([before, after], d) =>
      (before !== 0 || after !== 0) && !FITS[kind](x[d] as number, before, after),
  );
  return at < 0
    ? undefined
    : `a ${kind} padding of ${sides[at]?.join(' and ')} does not fit ${x[at]}`;
}

/** The shape of x with its padding. */
export function paddedShape(x: Shape, given: Pick<Params, 'pad'>): Shape {
  return paddingOf(x.length, given).map(([before, after], d) => (x[d] as number) + before + after);
}
