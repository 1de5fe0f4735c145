import * as v from 'valibot';
import { FOUR_BIT_BLOCKS } from '../../quant/bitsandbytes.ts';
import { blockFormatOf, blockFormats } from '../../quant/registry.ts';
import { blocksizeOf } from '../quant/blocksize.ts';
import { codes, float, off, onlyWhen, optional, positive, size } from '../rules.ts';
import { blocks } from '../shapes.ts';
import { signature } from '../signature.ts';

const params = v.strictObject({
  /** Rank of the update. */
  r: size,
  alpha: positive,
  /** Scale alpha / sqrt(r) in place of alpha / r. */
  use_rslora: off,
  /**
   * Weight-decomposed adaptation: columns are rescaled by magnitude / norm of the merged weight.
   */
  use_dora: off,
  /** How the frozen weight is stored. */
  base: v.optional(v.picklist(['dense', ...blockFormats.keys()]), 'dense'),
  /** Elements that share an absmax in a quantized base, by default as in those of bitsandbytes. */
  blocksize: blocksizeOf([...blockFormats.values()], FOUR_BIT_BLOCKS.usual),
});
type Params = v.InferOutput<typeof params>;

const dense = ({ base }: Params) => base === 'dense';
const packed = ({ base }: Params) => base !== 'dense';
const dora = ({ use_dora }: Params) => use_dora;

/**
 * A linear with a low-rank adapter as PEFT has it: y = x W^T + s (x A^T) B^T (+ bias), W frozen.
 */
export const loraLinear = signature({ family: 'lora', name: 'lora_linear' }, params, {
  inputs: {
    x: float('[*t, in]'),
    lora_A: float(({ params: { r }, size: n }) => [r, n('in')]),
    lora_B: float('[out, r]'),
    weight: onlyWhen(dense, float('[out, in]')),
    packed: onlyWhen(
      packed,
      codes(({ size: n, params: { base } }) => [
        blockFormatOf(base).packing.bytesOf(n('out') * n('in')),
        1,
      ]),
    ),
    absmax: onlyWhen(
      packed,
      float(({ size: n, params: { blocksize } }) => [blocks(n('out') * n('in'), blocksize)]),
    ),
    bias: optional(float('[out]')),
    magnitude: onlyWhen(dora, float('[out]')),
  },
  outputs: { y: float('[*t, out]') },
  saved: {
    xa: float('[*t, r]'),
    z: onlyWhen(dora, float('[*t, out]')),
    norm: onlyWhen(dora, float('[out]')),
  },
  gradients: ['x', 'lora_A', 'lora_B', 'magnitude'],
});
