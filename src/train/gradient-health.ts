import type { FlatLayout } from '../autograd/flat-parameters.ts';
import type { Segments } from '../autograd/segments.ts';
import { GradproofError } from '../errors.ts';
import { violationsOf } from '../ops/bits/finite-inputs.ts';
import { norm } from '../ops/math/norm.ts';
import { seam } from '../seam.ts';
import { coordinatesOf } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Norm of the gradient of a layer. */
export interface LayerNorm {
  readonly layer: string;
  readonly norm: number;
}

/** A layer learns nothing where its gradient is this small beside that of the last layer. */
const VANISHING = 1e-6;

/** The norms of gradients, computed on the device, in the order of the layers. */
export async function gradientNorms(
  gradients: readonly (readonly [layer: string, gradient: Tensor])[],
): Promise<readonly LayerNorm[]> {
  const norms: LayerNorm[] = [];
  for (const [layer, gradient] of gradients) {
    const axes = gradient.shape.map((_, axis) => axis);
    using y = norm.forward(gradient.gpu, { x: gradient }, { axes }).y;
    norms.push({ layer, norm: (await y.read()).data[0] as number });
  }
  return norms;
}

/** Norm of the first layer's gradient by that of the last one's. */
export function vanishingRatio(norms: readonly LayerNorm[]): number {
  if (norms.length === 0) return 0;
  return (norms[0] as LayerNorm).norm / (norms.at(-1) as LayerNorm).norm;
}

/** Throws `grad-vanishing`, which names the layers whose gradients vanish; in their order. */
export const checkVanishing = seam('train.check_vanishing', (norms: readonly LayerNorm[]): void => {
  const last = norms.at(-1) as LayerNorm;
  const vanished = norms.filter((each) => each.norm < VANISHING * last.norm);
  if (vanished.length === 0) return;
  const names = vanished.map(({ layer }) => layer).join(', ');
  throw new GradproofError(
    'grad-vanishing',
    `the gradients of ${names} are less than ${VANISHING} of the last layer's: use ReLU and residual connections, or normalize`,
  );
});

/** The first element of gradients that is Infinity or NaN, and how many there are. */
export interface NonFiniteGradient {
  readonly tensor: string;
  readonly index: readonly number[];
  readonly count: number;
}

/** Where the first such number lies among those that follow each other, and how many there are. */
export interface FoundAt {
  readonly at: number;
  readonly count: number;
}

/**
 * Looks for Infinity and NaN in gradients that lie one behind the other, by their exponent bits;
 * undefined where all are finite.
 */
export async function firstNonFinite({ pieces }: Segments): Promise<FoundAt | undefined> {
  const found = await Promise.all(pieces.map((piece) => violationsOf(piece)));
  const count = found.reduce((sum, each) => sum + each.count, 0);
  const piece = found.findIndex(({ first }) => first !== undefined);
  const [within] = found[piece]?.first ?? [];
  if (within === undefined) return undefined;
  return { at: pieces.slice(0, piece).reduce((sum, { size }) => sum + size, within), count };
}

/** The element of a parameter that lies there. */
export function elementAt({ at, count }: FoundAt, { entries }: FlatLayout): NonFiniteGradient {
  const [tensor, { shape, offset }] = [...entries].findLast(([, entry]) => entry.offset <= at) as [
    string,
    { shape: readonly number[]; offset: number },
  ];
  return { tensor, index: coordinatesOf(at - offset, shape), count };
}
