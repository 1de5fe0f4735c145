import * as v from 'valibot';
import type { BlockFormat } from '../../quant/format.ts';
import { blockFormatOf, boundOps } from '../../quant/registry.ts';
import { codes, float, on, size } from '../rules.ts';
import { blocks } from '../shapes.ts';
import { signature } from '../signature.ts';

/**
 * y = x W^T, or x W, with W [out, in] kept as codes of formats that share the op `name`, and decoded
 * in registers.
 */
const product = (name: string, formats: readonly BlockFormat[]) =>
  signature(
    { family: 'matmul', name, inBundles: formats.every(({ ops }) => ops.inBundles) },
    v.strictObject({
      quant_type: v.picklist(formats.map((format) => format.name)),
      /** Elements of the flat weight that share one absmax. */
      blocksize: size,
      out_features: size,
      in_features: size,
      /** True for y = x W^T, false for y = x W. */
      transpose_weight: on,
    }),
    {
      inputs: {
        x: float(({ params }, actual) => [
          ...actual.slice(0, -1),
          params.transpose_weight ? params.in_features : params.out_features,
        ]),
        packed: codes(({ params: { quant_type, out_features, in_features } }) => [
          blockFormatOf(quant_type).packing.bytesOf(out_features * in_features),
          1,
        ]),
        absmax: float(({ params }) => [
          blocks(params.out_features * params.in_features, params.blocksize),
        ]),
      },
      outputs: {
        y: float(({ shape, params }) => [
          ...shape('x').slice(0, -1),
          params.transpose_weight ? params.out_features : params.in_features,
        ]),
      },
      gradients: ['x'],
    },
  );

/** The signature of an op that {@link BlockFormat}s bind as `multiply`. */
export type QuantizedProduct = ReturnType<typeof product>;

export const quantizedProducts = boundOps('multiply', product);
