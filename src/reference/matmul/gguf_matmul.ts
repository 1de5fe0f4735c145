import { ggufMatmul as signature } from '../../vocabulary/matmul/gguf_matmul.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { defineRecord } from '../define.ts';
import { inputBug, lastTermDropped, paramsBug } from '../plausible-bug.ts';
import { loaderFaults } from '../quant/decoded-product.ts';
import { decodedBlocks, hasMinimum } from '../quant/gguf-blocks.ts';
import { SMALLER_TYPE } from '../quant/gguf-smaller-type.ts';
import type { Depth, Value } from '../record.ts';
import { samples } from './gguf_matmul.samples.ts';
import { product, productBound } from './product.ts';

type Inputs = InputsOf<typeof signature, Value>;
type Params = ParamsOf<typeof signature>;

const weightOf = ({ packed }: Inputs, { quant_type }: Params): Value =>
  decodedBlocks(packed, quant_type);

/** Elements that are differences have been rounded once, which counts as one more operation. */
const withDecoding =
  (depth: Depth, { quant_type }: Params): Depth =>
  (terms) =>
    depth(terms) + Number(hasMinimum(quant_type));

/** x times the transpose of what gguf.quants.dequantize reads. */
export const record = defineRecord(signature, {
  summary: 'y = x W^T with W decoded in registers, from blocks of GGUF files',
  unsupported: (inputs, params) =>
    weightOf(inputs, params).data.every(Number.isFinite)
      ? undefined
      : 'blocks whose scale stands for no number',
  forward: (inputs, params) => ({ y: product(inputs.x, weightOf(inputs, params), false, true) }),
  acceptance: (inputs, _outputs, params, { depth }) => ({
    y: productBound(inputs.x, weightOf(inputs, params), false, true, withDecoding(depth, params)),
  }),
  vjp: (inputs, params, grads) => ({
    x: product(grads.y, weightOf(inputs, params), false, false),
  }),
  vjpAcceptance: (inputs, _gradients, params, grads, { depth }) => ({
    x: productBound(grads.y, weightOf(inputs, params), false, false, withDecoding(depth, params)),
  }),
  samples,
  faults: loaderFaults('the first of four lines twice', 'group_at(at.y, e)', 'group_at(at.x, e)'),
  plausibleBugs: [
    paramsBug('blocks of 32', ({ quant_type }) => ({
      quant_type: SMALLER_TYPE[quant_type] ?? quant_type,
    })),
    inputBug('nibbles swapped', 'packed', (b) => (b % 16) * 16 + Math.floor(b / 16)),
    inputBug('last byte inverted', 'packed', (b, k, { data }) =>
      k === data.length - 1 ? 255 - b : b,
    ),
    inputBug('signs of x lost', 'x', Math.abs),
    lastTermDropped(),
  ],
});
