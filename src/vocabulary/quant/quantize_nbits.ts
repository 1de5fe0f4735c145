import * as v from 'valibot';
import { rowLayout } from '../../quant/nbits/layout.ts';
import { codes, float, off, onlyWhen } from '../rules.ts';
import { signature } from '../signature.ts';

/** Parameters of MatMulNBits, with what ONNX Runtime's quantizer takes by default. */
export const nbitsEntries = {
  bits: v.optional(v.picklist([2, 4, 8]), 4),
  block_size: v.optional(v.picklist([16, 32, 64, 128, 256]), 128),
};

const params = v.strictObject({
  ...nbitsEntries,
  /** Whether zero is the middle of the codes, and no zero points are stored. */
  symmetric: off,
});
/** Bits of a code, elements that share a scale, and whether these are all that a block stores. */
export type NbitsQuantizerParams = v.InferOutput<typeof params>;

/** What ONNX Runtime's quantizer stores of a weight [out, in] for MatMulNBits. */
export const quantizeNbits = signature({ family: 'quant', name: 'quantize_nbits' }, params, {
  inputs: { weight: float('[out, in]') },
  outputs: {
    packed: codes(({ size, params: p }) => {
      const { blocks, blockBytes } = rowLayout(size('in'), p);
      return [size('out'), blocks, blockBytes];
    }),
    scales: float(({ size, params: p }) => [size('out'), rowLayout(size('in'), p).blocks]),
    zero_points: onlyWhen(
      (p) => !p.symmetric,
      codes(({ size, params: p }) => [size('out'), rowLayout(size('in'), p).zeroBytes]),
    ),
  },
});
