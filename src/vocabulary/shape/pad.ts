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

/** torch.nn.functional.pad; a negative constant padding crops. */
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

/** How many of `n` a padding may repeat on one side. */
const MOST: Readonly<Record<Exclude<PadMode, 'constant'>, (n: number) => number>> = {
  reflect: (n) => n - 1,
  replicate: (n) => (n > 0 ? Number.POSITIVE_INFINITY : 0),
  circular: (n) => n,
};

/** Why x cannot have the padding, if it cannot. */
export function paddingMisfit(x: Shape, { pad: around, mode: kind }: Params): string | undefined {
  if (x.length === 0) return 'a scalar has no dimension to pad';
  if (around.length % 2 !== 0 || around.length > 2 * x.length)
    return `pad has ${around.length} numbers for ${x.length} dimensions`;
  const sides = paddingOf(x.length, { pad: around });
  const at = sides.findIndex(([before, after], d) => {
    const n = x[d] as number;
    if (kind === 'constant') return n + before + after < 0;
    return Math.min(before, after) < 0 || Math.max(before, after) > Math.max(MOST[kind](n), 0);
  });
  return at < 0
    ? undefined
    : `a ${kind} padding of ${sides[at]?.join(' and ')} does not fit ${x[at]}`;
}

/** The shape of x with its padding. */
export function paddedShape(x: Shape, given: Pick<Params, 'pad'>): Shape {
  return paddingOf(x.length, given).map(([before, after], d) => (x[d] as number) + before + after);
}
