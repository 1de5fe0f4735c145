import { WebGpuBackend } from '../../backends/webgpu.ts';
import { type CheckpointWeight, withScales } from '../../formats/quantized-checkpoint.ts';
import { Scope } from '../../gpu/scope.ts';
import { dequantizerOf } from '../../ops/quant/dequantize.ts';
import { decodeBlocks } from '../../ops/quant/dequantize_blockwise.ts';
import type { NestedStatistics } from '../../quant/dynamic/nested.ts';
import { blockFormatOf } from '../../quant/registry.ts';
import { decoded, partsOf, withParts } from '../../quant/weight.ts';
import { EPS, FLUSH, SECOND_ORDER } from '../../reference/bounds.ts';
import { valuesOfHosts } from '../../reference/values.ts';
import { type HostTensor, hostTensor, hostTensorFrom } from '../../tensor/host.ts';
import { coordinatesOf, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import type { Dequantize } from '../../vocabulary/quant/dequantize.ts';
import type { GivenParams } from '../../vocabulary/signature.ts';
import { AssertionError, type CaseContext } from '../context.ts';
import { judgeResults } from '../judge-call.ts';

/**
 * Elements that are decoded and judged at one time: a layer of a large model fits neither a binding
 * nor, in float64, a page.
 */
const PIECE = 2 ** 22;
const DTYPES: Readonly<Record<string, 'f32' | 'f16' | 'bf16'>> = {
  float32: 'f32',
  float16: 'f16',
  bfloat16: 'bf16',
};

/**
 * Decodes a weight of a pre-quantized bitsandbytes checkpoint with our kernels: the float64 oracle
 * judges every element, and of compressed scales every scale that is restored. What the codes
 * should have been is not known: the weight that was quantized is not in the file. It is decoded in
 * pieces of `most` elements, or of a block where that is more.
 */
export async function checkWeight(
  t: CaseContext,
  weight: CheckpointWeight,
  most = PIECE,
): Promise<void> {
  const { format, blocksize, shape, dtype: name, nested } = weight;
  const dtype = DTYPES[name];
  if (!dtype)
    t.skip(
      'not-implemented',
      `the weight decodes to ${name.slice(0, 40)}; known are ${Object.keys(DTYPES).join(', ')}`,
    );
  if (blocksize < 32 || !Number.isInteger(Math.log2(blocksize)))
    t.skip('not-implemented', `blocks of ${blocksize}: known are powers of two from 32`);
  t.gpu.memory.guarded = true;
  if (nested) await checkScales(t, nested);
  const { codes, scales } = partsOf(withScales(weight));
  const elements = sizeOf(shape);
  // Both are powers of two: a piece is of whole blocks.
  const piece = Math.max(most, blocksize);
  for (let start = 0; start < elements; start += piece) {
    const end = Math.min(start + piece, elements);
    const packed = codes.data.slice(start / 2, Math.ceil(end / 2));
    const absmax = scales.data.slice(start / blocksize, Math.ceil(end / blocksize));
    const inputs = {
      packed: hostTensor('u8', [packed.length, 1], packed),
      absmax: hostTensor('f32', [absmax.length], absmax),
    };
    const params = { quant_type: format.name, blocksize, shape: [end - start], dtype };
    await inWeight(weight, start, () => decode(t, inputs, params));
  }
  t.metric('elements', elements);
}

async function decode(
  t: CaseContext,
  inputs: Readonly<Record<string, HostTensor>>,
  params: GivenParams<Dequantize>,
): Promise<void> {
  const { signature: op, variants } = dequantizerOf(blockFormatOf(params.quant_type));
  const [variant] = Object.keys(variants) as [string];
  const call = { op, params, inputs, variant };
  const results = await new WebGpuBackend(t.gpu).run(call);
  judgeResults(t, { level: 'legal', ...call }, results);
}

/**
 * Judges the scales as our kernel restores them: code's value * scale of its block + offset, three
 * roundings at most.
 */
async function checkScales(
  t: CaseContext,
  { scales, offset }: NestedStatistics<HostTensor>,
): Promise<void> {
  const { values } = scales.format;
  using scope = new Scope();
  const upload = (host: HostTensor) => scope.add(Tensor.from(t.gpu, host));
  const { codes: q, scales: absmax } = partsOf(withParts(scales, upload));
  const table = upload(hostTensorFrom('f32', [values.length], values));
  const mean = upload(hostTensorFrom('f32', [1], [offset]));
  using restored = decodeBlocks(t.gpu, { q, absmax }, table, scales.blocksize, mean);
  const actual = await restored.read();
  const products = decoded(scales);
  const truth = products.map((product) => product + Math.fround(offset));
  const bound = truth.map(
    (scale, j) =>
      (EPS * (Math.abs(products[j] as number) + Math.abs(scale)) + 2 * FLUSH) * SECOND_ORDER,
  );
  t.expectAccepted(
    'absmax',
    valuesOfHosts({ actual }).actual,
    { shape: scales.shape, data: truth },
    { kind: 'within', bound },
  );
}

/** Tells of a wrong element of a piece where in the weight it is. */
async function inWeight(
  { shape }: CheckpointWeight,
  start: number,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof AssertionError) || !error.at) throw error;
    const [within] = error.at.index as [number];
    const index = [...coordinatesOf(start + within, shape)];
    throw new AssertionError(
      error.code,
      `at [${index.join(', ')}] of the weight: ${error.message}`,
      { ...error.at, index },
    );
  }
}
