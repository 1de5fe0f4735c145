import * as v from 'valibot';
import type { BlockFormat } from '../../quant/format.ts';
import { blockFormatOf, boundOps } from '../../quant/registry.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { codes, float, size } from '../rules.ts';
import { blocks } from '../shapes.ts';
import { signature } from '../signature.ts';

/** The value of each code times the absmax of its block, in formats that share the op `name`. */
const dequantization = (name: string, formats: readonly BlockFormat[]) =>
  signature(
    { family: 'quant', name, inBundles: false },
    v.strictObject({
      quant_type: v.picklist(formats.map((format) => format.name)),
      /** Elements of the flat tensor that share one absmax. */
      blocksize: size,
      /** Shape of the tensor that was packed. */
      shape: v.pipe(v.array(size), v.readonly()),
      dtype: v.optional(v.picklist(['f32', 'f16', 'bf16']), 'f32'),
    }),
    {
      inputs: {
        packed: codes(({ params: { quant_type, shape } }) => [
          blockFormatOf(quant_type).packing.bytesOf(sizeOf(shape)),
          1,
        ]),
        absmax: float(({ params }) => [blocks(sizeOf(params.shape), params.blocksize)]),
      },
      outputs: { y: { ...float(({ params }) => params.shape), native: ['f32', 'f16', 'bf16'] } },
    },
  );

/** The signature of an op that {@link BlockFormat}s bind as `dequantize`. */
export type Dequantize = ReturnType<typeof dequantization>;

export const dequantizations = boundOps('dequantize', dequantization);
