import { WebGpuBackend } from '../../backends/webgpu.ts';
import { type CompressedScales, type QuantizedWeight, restoredScales } from '../../formats/quantized-checkpoint.ts';
import type { Variant } from '../../ops/op.ts';
import { dequantizeBlockwise } from '../../ops/quant/dequantize_blockwise.ts';
import { launchers } from '../../ops/registry.ts';
import { dynamicMap } from '../../quant/dynamic-map.ts';
import { EPS, FLUSH, SECOND_ORDER } from '../../reference/bounds.ts';
import { records } from '../../reference/registry.ts';
import { type HostTensor, hostTensor, hostTensorFrom } from '../../tensor/host.ts';
import { coordinatesOf, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { AssertionError, type CaseContext } from '../context.ts';
import { judgeJob } from '../judge-job.ts';
import { valuesOfHosts } from './fit.ts';

const OP = 'dequantize_4bit';
/** Elements that are decoded and judged at one time: a layer of a large model fits neither a binding nor, in float64, a page. */
const PIECE = 2 ** 22;
const DTYPES: Readonly<Record<string, 'f32' | 'f16' | 'bf16'>> = { float32: 'f32', float16: 'f16', bfloat16: 'bf16' };

/**
 * Decodes a weight of a pre-quantized bitsandbytes checkpoint with our kernels: the float64 oracle judges every element, and of compressed
 * scales every scale that is restored. What the codes should have been is not known: the weight that was quantized is not in the file.
 */
export async function checkWeight(t: CaseContext, weight: QuantizedWeight): Promise<void> {
  const { quantType, blocksize, shape, dtype: name } = weight;
  const dtype = DTYPES[name];
  if (!dtype) t.skip('not-implemented', `the weight decodes to ${name.slice(0, 40)}; known are ${Object.keys(DTYPES).join(', ')}`);
  if (blocksize < 32 || !Number.isInteger(Math.log2(blocksize)))
    t.skip('not-implemented', `blocks of ${blocksize}: known are powers of two from 32`);
  t.gpu.memory.guarded = true;
  const scales = weight.scales instanceof Float32Array ? weight.scales : await restoreScales(t, weight, weight.scales);
  const elements = sizeOf(shape);
  const piece = Math.ceil(PIECE / blocksize) * blocksize;
  for (let start = 0; start < elements; start += piece) {
    const end = Math.min(start + piece, elements);
    const packed = weight.packed.slice(start / 2, Math.ceil(end / 2));
    const absmax = scales.slice(start / blocksize, Math.ceil(end / blocksize));
    const inputs = { packed: hostTensor('u8', [packed.length, 1], packed), absmax: hostTensor('f32', [absmax.length], absmax) };
    const params = { quant_type: quantType, blocksize, shape: [end - start], dtype };
    await inWeight(weight, start, () => decode(t, inputs, params));
  }
  t.metric('elements', elements);
}

async function decode(t: CaseContext, inputs: Readonly<Record<string, HostTensor>>, params: object): Promise<void> {
  const [record, launcher] = [records.get(OP), launchers.get(OP)];
  if (!record || !launcher) return t.skip('not-implemented', `this version has no op ${OP}`);
  const [variant = '', { depth }] = Object.entries(launcher.variants)[0] as [string, Variant];
  const result = await new WebGpuBackend(t.gpu).run({ op: OP, params, inputs, variant });
  judgeJob(t, record, { variant, inputs, layer: 'legal', params: params as never }, result, { depth, ieee: t.ieee });
}

/** The scales as our kernel restores them: code's value * scale of its block + offset, three roundings at most. */
async function restoreScales(
  t: CaseContext,
  weight: QuantizedWeight,
  { codes, absmax, offset, blocksize }: CompressedScales,
): Promise<Float32Array> {
  const map = dynamicMap(true);
  using q = Tensor.from(t.gpu, hostTensor('u8', [codes.length], codes));
  using scales = Tensor.from(t.gpu, hostTensor('f32', [absmax.length], absmax));
  using table = Tensor.from(t.gpu, hostTensorFrom('f32', [map.length], map));
  using mean = Tensor.from(t.gpu, hostTensorFrom('f32', [1], [offset]));
  using restored = dequantizeBlockwise(t.gpu, { q, absmax: scales }, table, blocksize, mean);
  const actual = await restored.read();
  const products = Float64Array.from(codes, (code, j) => Math.fround(map[code] as number) * (absmax[Math.floor(j / blocksize)] as number));
  const truth = products.map((product) => product + Math.fround(offset));
  const bound = truth.map((scale, j) => (EPS * (Math.abs(products[j] as number) + Math.abs(scale)) + 2 * FLUSH) * SECOND_ORDER);
  t.expectAccepted(
    'absmax',
    valuesOfHosts({ actual })['actual'] as never,
    { shape: [codes.length], data: truth },
    { kind: 'within', bound },
  );
  return restoredScales(weight);
}

/** Tells of a wrong element of a piece where in the weight it is. */
async function inWeight({ shape }: QuantizedWeight, start: number, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof AssertionError) || !error.at) throw error;
    const [within = 0] = error.at.index;
    const index = [...coordinatesOf(start + within, shape)];
    throw new AssertionError(error.code, `at [${index.join(', ')}] of the weight: ${error.message}`, { ...error.at, index });
  }
}
