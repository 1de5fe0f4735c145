import * as v from 'valibot';
import { FOUR_BIT_BLOCK_SIZES } from '../../../quant/four-bit-tables.ts';
import { codes, float, off, onlyWhen, op, optional, positive, size } from '../rules.ts';
import { blocks, broadcastsTo, matmulShape } from '../shape-rules.ts';

const lora = v.strictObject({
  r: size,
  alpha: positive,
  use_rslora: off,
  use_dora: off,
  base: v.optional(v.picklist(['dense', 'nf4', 'fp4']), 'dense'),
  blocksize: v.optional(v.picklist(FOUR_BIT_BLOCK_SIZES), 64),
});
type Lora = v.InferOutput<typeof lora>;
const dense = ({ base }: Lora) => base === 'dense';
const packed = ({ base }: Lora) => base !== 'dense';

/** Products and the layers made of them. */
export const linear = {
  matmul: op(v.strictObject({ transpose_a: off, transpose_b: off }), {
    inputs: {
      a: float('[*a]'),
      b: float('[*b]'),
      bias: optional(
        float(({ shape, params }, actual) =>
          broadcastsTo(actual, matmulShape(shape('a'), shape('b'), params.transpose_a, params.transpose_b)),
        ),
      ),
    },
    outputs: { y: float(({ shape, params }) => matmulShape(shape('a'), shape('b'), params.transpose_a, params.transpose_b)) },
    gradients: ['a', 'b', 'bias'],
  }),
  lora_linear: op(lora, {
    inputs: {
      x: float('[*t, in]'),
      lora_A: float(({ params, size: n }) => [params.r, n('in')]),
      lora_B: float('[out, r]'),
      weight: onlyWhen(dense, float('[out, in]')),
      packed: onlyWhen(
        packed,
        codes(({ size: n }) => [Math.ceil((n('out') * n('in')) / 2), 1]),
      ),
      absmax: onlyWhen(
        packed,
        float(({ size: n, params }) => [blocks(n('out') * n('in'), params.blocksize)]),
      ),
      bias: optional(float('[out]')),
      magnitude: onlyWhen(({ use_dora }) => use_dora, float('[out]')),
    },
    outputs: { y: float('[*t, out]') },
    gradients: ['x', 'lora_A', 'lora_B', 'magnitude'],
  }),
  swiglu_mlp: op(v.strictObject({}), {
    inputs: { x: float('[*t, hidden]'), gate: float('[inner, hidden]'), up: float('[inner, hidden]'), down: float('[out, inner]') },
    outputs: { y: float('[*t, out]') },
    gradients: ['x', 'gate', 'up', 'down'],
  }),
};
