import * as v from 'valibot';
import type { BlockFormat } from '../../quant/format.ts';
import { blockFormatOf, boundOps } from '../../quant/registry.ts';
import { codes, float, off, onlyWhen, size, weight } from '../rules.ts';
import { blocks } from '../shapes.ts';
import { signature } from '../signature.ts';
import { blocksizeOf } from './blocksize.ts';
import { ROUNDING } from './rounding.ts';

function paramsOf(formats: readonly BlockFormat[]) {
  return v.pipe(
    v.strictObject({
      quant_type: v.picklist(formats.map(({ name }) => name)),
      /** Elements that share an absmax. */
      blocksize: blocksizeOf(formats),
      /** Double quantization: the absmax values are stored as 8-bit codes. */
      compress_statistics: off,
      /** Absmax values that share a second-level absmax. */
      nested_blocksize: v.optional(size, 256),
      nested_rounding: v.optional(ROUNDING),
    }),
    v.check(
      (p) => !p.compress_statistics || p.nested_rounding !== undefined,
      'compress_statistics needs nested_rounding',
    ),
  );
}

type Params = v.InferOutput<ReturnType<typeof paramsOf>>;

const nested = ({ compress_statistics }: Params) => compress_statistics;

/**
 * Codes and a scale a block in formats that share the op `name`, as bitsandbytes' quantize_4bit;
 * the scales in 8 bits where asked.
 */
const quantization = (name: string, formats: readonly BlockFormat[]) =>
  signature(
    { family: 'quant', name, inBundles: formats.every(({ ops }) => ops.inBundles) },
    paramsOf(formats),
    {
      inputs: { weight: weight('[*w]') },
      outputs: {
        packed: codes(({ size: n, params: { quant_type } }) => [
          blockFormatOf(quant_type).packing.bytesOf(n('w')),
          1,
        ]),
        absmax: float(({ size: n, params: { blocksize } }) => [blocks(n('w'), blocksize)]),
        dequant: { ...float('[*w]'), native: ['f32', 'f16', 'bf16'] },
        absmax_q: onlyWhen(
          nested,
          codes(({ size: n, params: { blocksize } }) => [blocks(n('w'), blocksize)]),
        ),
        nested_absmax: onlyWhen(
          nested,
          float(({ size: n, params: { blocksize, nested_blocksize } }) => [
            blocks(blocks(n('w'), blocksize), nested_blocksize),
          ]),
        ),
        nested_offset: onlyWhen(nested, float('[1]')),
      },
    },
  );

/** The signature of an op that {@link BlockFormat}s bind as `quantize`. */
export type Quantize = ReturnType<typeof quantization>;

export const quantizations = boundOps('quantize', quantization);
