import * as v from 'valibot';
import { float, off, positive } from '../rules.ts';
import { like } from '../shapes.ts';
import { signature } from '../signature.ts';

/** What codes a range is for. */
export const qparams = v.strictObject({
  dtype: v.optional(v.picklist(['qint8', 'quint8']), 'quint8'),
  /** Whether codes reach from the minimum to the maximum, or as far on either side of 0. */
  qscheme: v.optional(v.picklist(['affine', 'symmetric']), 'affine'),
  /** Whether codes have 7 bits, so that sums of products of 16 bits hold. */
  reduce_range: off,
  /** The least scale. */
  eps: v.optional(positive, 2 ** -23),
});

/** Whether torch refuses such codes: a zero point of 128 lies outside of 7 bits. */
export const isRefused = (p: {
  readonly dtype: string;
  readonly qscheme: string;
  readonly reduce_range: boolean;
}): boolean => p.dtype === 'quint8' && p.qscheme === 'symmetric' && p.reduce_range;

/**
 * Scale and zero point of 8-bit codes for a range, as torch.ao's observers calculate them: one, or one
 * for each channel.
 */
export const calculateQparams = signature(
  { family: 'quant', name: 'calculate_qparams' },
  v.pipe(
    qparams,
    v.check((p) => !isRefused(p), 'torch reduces no symmetric range of quint8'),
  ),
  {
    inputs: { min_val: float('[n]'), max_val: float('[n]') },
    outputs: {
      scale: float(like('min_val')),
      zero_point: {
        dtypes: ['I8', 'U8'],
        native: ['i8', 'u8'],
        shape: like('min_val'),
        storedAs: (_, { dtype }) => [dtype === 'qint8' ? 'I8' : 'U8'],
      },
    },
  },
);
