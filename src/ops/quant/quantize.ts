import centerShader from '../../../shaders/quant/center.wgsl';
import shaders from '../../../shaders/quant/quantize.wgsl?links';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { linearGrid, linkedShader, u32 } from '../../gpu/shader.ts';
import { createDynamicMap } from '../../quant/dynamic/map.ts';
import type { BlockFormat } from '../../quant/format.ts';
import { blockFormatOf } from '../../quant/registry.ts';
import type { QuantizedWeight } from '../../quant/weight.ts';
import { hostTensor } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { type Quantize, quantizations } from '../../vocabulary/quant/quantize.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { LANES, laneDepth } from '../lanes.ts';
import { type Launcher, launcher } from '../launcher.ts';
import { convert } from '../math/convert.ts';
import { widened } from '../storage.ts';
import { chooseVariant } from '../variants.ts';
import { blockAbsmax, blockVariants, checkBlockOf, lanesIn, storageOf } from './blocks.ts';
import { dequantizerOf } from './dequantize.ts';
import { decodeBlocks } from './dequantize_blockwise.ts';
import { type Blocks, checkBlockwise, encodeBlocks } from './quantize_blockwise.ts';

type Params = ParamsOf<Quantize>;

/**
 * A tensor as codes and scales. `absmax` is what decoding uses: the restored values where the
 * statistics are compressed.
 */
export interface Quantized {
  readonly packed: Tensor;
  readonly absmax: Tensor;
}

/** The second level of double quantization. */
export interface NestedStatistics {
  readonly absmax_q: Tensor;
  readonly nested_absmax: Tensor;
  readonly nested_offset: Tensor;
}

/** Elements of a block that an invocation holds whole, and finds the largest of. */
const HELD = 64;

/** What is quantized to which format, and how its absmax values are, if they are. */
interface Target extends Pick<Params, 'quant_type' | 'blocksize'> {
  readonly nested?: Blocks | undefined;
}

/**
 * Quantizes a weight (f32, f16 or bf16) as bitsandbytes.functional.quantize_4bit, in any block
 * format: packed u8 [bytes, 1], absmax a block as the format stores it. A short last block is
 * treated like the others, by the reciprocal, as bitsandbytes' CUDA code does (its CPU code divides
 * there). The reciprocal is exact on every adapter. The caller owns the tensors.
 */
export function quantizeBlocks(
  gpu: Gpu,
  weight: Tensor,
  { quant_type, blocksize, nested }: Target,
  variant = chooseVariant(gpu, quantizerOf(blockFormatOf(quant_type))),
): Quantized & Partial<NestedStatistics> {
  const format = blockFormatOf(quant_type);
  checkBlockOf(format, blocksize, weight.shape);
  const shader = linkedShader(shaders, format.name);
  if (nested) checkBlockwise(nested);
  const STORAGE = storageOf(weight.dtype);
  const dtype = nested ? 'f32' : format.scales;
  // In whole blocks: what asks for the end takes long to compile, and seldom pays.
  const isFound =
    dtype === 'f32' &&
    blocksize === HELD &&
    weight.size % HELD === 0 &&
    lanesIn(gpu, variant, weight).LANES === 1;
  const absmax = isFound
    ? Tensor.empty(gpu, 'f32', [weight.size / HELD])
    : stored(gpu, blockAbsmax(gpu, weight, blocksize, variant), dtype);
  using scope = new Scope();
  const { scales } = widened(gpu, scope, { scales: absmax });
  const bytes = format.packing.bytesOf(weight.size);
  const packed = Tensor.empty(gpu, 'u8', [bytes, 1]);
  const words = Math.ceil(bytes / 4);
  gpu.dispatch({
    shader,
    constants: {
      STORAGE,
      SHARED: Number(blocksize % 32 === 0),
      FOUND: Number(isFound),
    },
    bindings: [weight.words(), scales.binding, packed.binding],
    uniforms: [weight.size, blocksize, words].map(u32),
    workgroups: linearGrid(Math.ceil(weight.size / (isFound ? HELD : 32))),
  });
  if (!nested) return { packed, absmax };
  using raw = absmax;
  return { packed, ...compress(gpu, raw, nested, variant) };
}

/** The scales as a format stores them; their float32 values are gone then. */
function stored(gpu: Gpu, absmax: Tensor, dtype: BlockFormat['scales']): Tensor {
  if (dtype === 'f32') return absmax;
  using raw = absmax;
  return convert(gpu, raw, dtype);
}

/**
 * {@link quantizeBlocks} of a weight whose scales stay as they are, as one value; `blocksize` is the
 * format's usual one, or a row. The caller owns its parts.
 */
export function quantizedWeight(
  gpu: Gpu,
  weight: Tensor,
  format: BlockFormat,
  blocksize = format.blocks === 'row' ? (weight.shape.at(-1) as number) : format.blocks.usual,
): QuantizedWeight<Tensor> {
  const { packed, absmax } = quantizeBlocks(gpu, weight, { quant_type: format.name, blocksize });
  return { format, blocksize, shape: weight.shape, parts: { packed, absmax } };
}

function compress(
  gpu: Gpu,
  absmax: Tensor,
  nested: Blocks,
  variant: string,
): { absmax: Tensor } & NestedStatistics {
  using map = Tensor.from(gpu, hostTensor('f32', [256], createDynamicMap(true)));
  using centred = Tensor.empty(gpu, 'f32', absmax.shape);
  const nested_offset = Tensor.empty(gpu, 'f32', [1]);
  gpu.dispatch({
    shader: centerShader,
    bindings: [absmax.binding, nested_offset.binding, centred.binding],
    uniforms: [u32(absmax.size)],
    workgroups: [1, 1, 1],
  });
  const codes = encodeBlocks(gpu, centred, map, nested, variant);
  const restored = decodeBlocks(gpu, codes, map, nested.blocksize, nested_offset);
  return { absmax: restored, absmax_q: codes.q, nested_absmax: codes.absmax, nested_offset };
}

const VARIANTS = blockVariants(
  [
    'quant/quantize',
    'quant/dequantize',
    'quant/center',
    'quant/quantize_blockwise',
    'quant/dequantize_blockwise',
  ],
  { lanes: LANES, depth: laneDepth }, // the mean of compressed scales
);

/**
 * {@link quantizeBlocks} and, as `dequant`, what the codes decode to, in the shape and dtype of the
 * weight.
 */
const quantizer = (signature: Quantize): Launcher<Quantize> =>
  launcher(signature, {
    variants: VARIANTS,
    storage: { keeps: ['absmax', 'dequant', 'nested_absmax', 'nested_offset'] },
    forward: (gpu, { weight }, params, variant) => {
      const { quant_type, blocksize, nested_blocksize, nested_rounding = 'nearest' } = params;
      const nested = params.compress_statistics
        ? { blocksize: nested_blocksize, rounding: nested_rounding }
        : undefined;
      const quantized = quantizeBlocks(gpu, weight, { quant_type, blocksize, nested }, variant);
      const dtype = weight.dtype as 'f32' | 'f16' | 'bf16';
      const { packed, absmax } = quantized;
      const dequant = dequantizerOf(blockFormatOf(quant_type)).forward(
        gpu,
        { packed, absmax },
        { quant_type, blocksize, shape: weight.shape, dtype },
      ).y;
      return { ...quantized, dequant };
    },
  });

export const quantizers: ReadonlyMap<string, Launcher<Quantize>> = new Map(
  Array.from(quantizations, ([op, signature]) => [op, quantizer(signature)]),
);

/** The launcher of the op that a format binds as `quantize`. */
export function quantizerOf({ ops }: BlockFormat): Launcher<Quantize> {
  return quantizers.get(ops.quantize) as Launcher<Quantize>;
}
