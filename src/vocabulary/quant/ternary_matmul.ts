import * as v from 'valibot';
import { bytesOfTrits, TRIT_PACKINGS } from '../../quant/ternary/trit-packing.ts';
import { codes, float, optional, size } from '../rules.ts';
import { signature } from '../signature.ts';

/** y = (x T^T) * scale with T [out, in] kept as packed trits, as `ternary_pack` packs them. */
export const ternaryMatmul = signature(
  { family: 'quant', name: 'ternary_matmul' },
  v.strictObject({
    /** Rows of T, which are the columns of y. */
    out_features: size,
    order: v.optional(v.picklist(TRIT_PACKINGS), 'low'),
  }),
  {
    inputs: {
      x: float('[*t, in]'),
      packed: codes(({ size: n, params }) => [
        bytesOfTrits(n('in') * params.out_features, params.order),
      ]),
      /** One for all outputs, or one for each. */
      scale: optional(float(({ params }, [length]) => [length === 1 ? 1 : params.out_features])),
    },
    outputs: { y: float(({ shape, params }) => [...shape('x').slice(0, -1), params.out_features]) },
    gradients: ['x'],
  },
);
