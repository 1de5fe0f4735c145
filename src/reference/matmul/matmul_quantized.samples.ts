import type { BlockFormat, Format } from '../../quant/format.ts';
import { blockFormatOf } from '../../quant/registry.ts';
import { filledTensor, type HostTensor, hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import type { QuantizedProduct } from '../../vocabulary/matmul/matmul_quantized.ts';
import type { SampleOf } from '../define.ts';

/** Codes whose values are -1, 0 and 1, so that sums with integers are exact. */
function wholeCodes({ values, zeroCode }: Format): readonly number[] {
  const codes = Array.from(values);
  return [codes.indexOf(-1), zeroCode, codes.indexOf(1)];
}

/**
 * Draws codes and block scales of a weight of `elements` elements: of whole values (L0), or any.
 */
export function drawWeight(
  random: Random,
  level: 'exact' | 'legal',
  {
    quant_type,
    blocksize,
    elements,
  }: { readonly quant_type: string; readonly blocksize: number; readonly elements: number },
): { readonly packed: HostTensor; readonly absmax: HostTensor } {
  const format = blockFormatOf(quant_type);
  const { packing, scales } = format;
  const whole = wholeCodes(format);
  const last = format.values.length - 1;
  const code =
    level === 'exact' ? () => whole[random.integer(0, 2)] as number : () => random.integer(0, last);
  const bytes = packing.bytesOf(elements);
  const blocks = Math.ceil(elements / blocksize);
  const scale =
    level === 'exact' ? () => 2 ** random.integer(-2, 2) : () => random.uniform(0.25, 4);
  return {
    packed: hostTensorFrom(
      'u8',
      [bytes, 1],
      packing
        .pack(random.fill(packing.elementsIn(bytes - 1)[1], code), format.zeroCode)
        .slice(0, bytes),
    ),
    absmax: hostTensorFrom(scales, [blocks], random.fill(blocks, scale)),
  };
}

/** Tiles of a few rows or columns; a result of more than eight of both can be `tiled`. */
const LANES = ['register', 'subgroup'];
export const ALL = [...LANES, 'tiled'];

/** A sample of a product with a quantized weight [out, terms of x]. */
export function sample(
  level: 'exact' | 'legal',
  x: Shape,
  out: number,
  quant_type: string,
  blocksize: number,
  variants: readonly string[] = LANES,
): SampleOf<QuantizedProduct> {
  const in_features = x.at(-1) as number;
  const draw = (random: Random) =>
    level === 'exact' ? () => random.integer(-8, 8) : () => random.normal();
  const y = [...x.slice(0, -1), out];
  return {
    level,
    variants,
    label: { x: formatShape(x), out, type: quant_type, block: blocksize },
    params: { quant_type, blocksize, out_features: out, in_features },
    inputs: (random) => ({
      x: filledTensor('f32', x, draw(random)),
      ...drawWeight(random, level, { quant_type, blocksize, elements: out * in_features }),
    }),
    grads: (random) => ({ y: filledTensor('f32', y, draw(random)) }),
  };
}

/** Samples of a format for whose op none are written: rows that end with a word of codes or in it. */
export function samplesOfFormat({
  name,
  blocks,
}: BlockFormat): readonly SampleOf<QuantizedProduct>[] {
  const of = (level: 'exact' | 'legal', x: Shape, out: number, variants?: readonly string[]) =>
    sample(level, x, out, name, blocks === 'row' ? (x.at(-1) as number) : blocks.usual, variants);
  return [
    of('exact', [37, 53], 29, ALL),
    of('exact', [2, 3, 72], 19),
    of('legal', [37, 53], 29),
    of('exact', [19, 128], 36, ALL),
    of('legal', [29, 320], 33),
    of('exact', [19, 3], 3),
    of('exact', [5, 12], 7),
    of('exact', [8, 5], 256),
    of('legal', [1, 1], 1, ['register']),
  ];
}
