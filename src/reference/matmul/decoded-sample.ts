import { filledTensor, type HostTensors } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';

/** A sample of x and a weight [out, terms of x], or [terms of x, out] as it lies. */
export interface Described {
  readonly level: 'exact' | 'legal';
  readonly x: Shape;
  readonly out: number;
  readonly transpose_weight?: boolean;
  readonly variants?: readonly string[];
  readonly tier?: 'quick' | 'full';
  readonly gradientTier?: 'full';
}

/** The shape of its weight. */
export function weightOf({
  x,
  out,
  transpose_weight = true,
}: Described): readonly [rows: number, cols: number] {
  const terms = x.at(-1) as number;
  return transpose_weight ? [out, terms] : [terms, out];
}

/**
 * The sample but for its parameters. x and the gradient of y are whole numbers up to `most` by size
 * where sums are exact, else normal.
 */
export function decodedSample<W extends HostTensors>(
  {
    level,
    x,
    out,
    transpose_weight = true,
    variants,
    tier = 'quick',
    gradientTier,
  }: Described & { readonly variants: readonly string[] },
  drawWeight: (random: Random) => W,
  {
    label,
    most = 4,
  }: { readonly label: Readonly<Record<string, string | number>>; readonly most?: number },
) {
  const draw = (random: Random, shape: Shape) =>
    filledTensor(
      'f32',
      shape,
      level === 'exact' ? () => random.integer(-most, most) : () => random.normal(),
    );
  return {
    level,
    variants,
    tier,
    ...(gradientTier ? { gradientTier } : {}),
    label: {
      x: formatShape(x),
      out,
      ...label,
      ...(transpose_weight ? {} : { transpose: 'no' }),
    },
    inputs: (random: Random) => ({ x: draw(random, x), ...drawWeight(random) }),
    grads: (random: Random) => ({ y: draw(random, [...x.slice(0, -1), out]) }),
  };
}
