import { isOfMode, type MlxParams } from '../../vocabulary/quant/mlx_quantize.ts';
import { isJsonObject, type JsonObject } from '../strict-json.ts';
import type { ConfigFault } from './config-error.ts';
import { shown } from './fields.ts';

/** How MLX codes a weight. */
export interface MlxCodes {
  readonly mode: MlxParams['mode'];
  readonly bits: number;
  readonly groupSize: number;
}

/** The codes of the weights of a folder of mlx-lm. */
export interface MlxQuantization {
  readonly usual: MlxCodes;
  /** Those of layers that have their own, by name. */
  readonly layers: Readonly<Record<string, MlxCodes>>;
}

const FIELD = 'quantization';

/**
 * What config.json of mlx-lm says in `quantization`: group_size, bits and mode of all layers, and
 * those of single ones by their names. Undefined where there is none.
 */
export function mlxQuantizationOf(config: JsonObject): {
  readonly mlx?: MlxQuantization;
  readonly faults: readonly ConfigFault[];
} {
  const given = config[FIELD];
  if (!isJsonObject(given)) return { faults: [] };
  const faults: ConfigFault[] = [];
  const usual = codesOf(given, FIELD, faults);
  const layers: Record<string, MlxCodes> = {};
  for (const [layer, codes] of Object.entries(given)) {
    // A layer with false is in floats.
    if (!isJsonObject(codes)) continue;
    const read = codesOf(codes, `${FIELD}.${layer}`, faults);
    if (read) layers[layer] = read;
  }
  return usual && faults.length === 0 ? { mlx: { usual, layers }, faults } : { faults };
}

function codesOf(given: JsonObject, path: string, faults: ConfigFault[]): MlxCodes | undefined {
  const { bits, group_size, mode = 'affine' } = given;
  const isKnown =
    ['affine', 'mxfp4', 'mxfp8', 'nvfp4'].includes(mode as string) &&
    isOfMode({ mode, bits, group_size } as MlxParams);
  if (isKnown)
    return {
      mode: mode as MlxParams['mode'],
      bits: bits as number,
      groupSize: group_size as number,
    };
  faults.push({
    code: 'bad-value',
    path,
    message: `${path} has mode ${shown(mode)}, bits ${shown(bits ?? null)} and group_size ${shown(group_size ?? null)}`,
    suggestion:
      'it must be what mlx.core.quantize has: affine codes of 2 to 8 bits, mxfp4, mxfp8 or nvfp4',
  });
  return undefined;
}
