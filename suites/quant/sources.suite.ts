import { cast } from '../../src/ops/math/cast.ts';
import { ternarize } from '../../src/ops/quant/ternarize.ts';
import { hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { type Fault, faultsOf } from '../../src/testing/fault.ts';
import { suite } from '../../src/testing/suite.ts';
import { halfValue, nearestHalf } from './half-bits.ts';
import { fixedThreshold, tritOf } from './trits.ts';

export const sources = suite('quant.sources', {
  description: 'Trits of weights that are stored in f32, f16 and bf16',
});

const COUNT = 20_000;
const LIMIT = Math.fround(0.33);

/** The float64 value of the nearest half, by the definition. */
function rounded(x: number): number {
  const bits = nearestHalf(x);
  return (bits & 0x8000 ? -1 : 1) * halfValue(bits & 0x7fff);
}

/** The nearest bfloat16 of a normal number: eight significant bits, ties to even. */
function roundedBf16(x: number): number {
  const unit = 2 ** (Math.floor(Math.log2(Math.abs(x))) - 7);
  const low = Math.floor(x / unit);
  const distance = x / unit - low;
  return unit * (distance > 0.5 || (distance === 0.5 && low % 2 !== 0) ? low + 1 : low);
}

const SOURCES = {
  float32: { dtype: 'f32', round: (x: number) => x },
  float16: { dtype: 'f16', round: rounded },
  bfloat16: { dtype: 'bf16', round: roundedBf16 },
} as const;

/** Weights around the threshold, so that rounding moves some of them over it, and 1 behind them. */
function weights(t: CaseContext): Float32Array {
  const random = t.random();
  const near = () => (random.integer(0, 1) === 0 ? 1 : -1) * LIMIT * random.uniform(0.97, 1.03);
  const drawn = random.fill(COUNT - 1, () =>
    random.integer(0, 1) === 0 ? near() : random.normal(),
  );
  return Float32Array.of(...drawn, 1);
}

/** Trits of the device, by way of another format, and the weights themselves. */
async function tritsVia(t: CaseContext, to: keyof typeof SOURCES) {
  const data = weights(t);
  using x = Tensor.from(t.gpu, hostTensorFrom('f32', [COUNT], data));
  using weight = cast.forward(t.gpu, { x }, { to }).y;
  t.expect(weight.dtype === SOURCES[to].dtype, () => `the weight is stored as ${weight.dtype}`);
  using threshold = Tensor.from(t.gpu, fixedThreshold(LIMIT));
  using trits = ternarize.forward(t.gpu, { weight, threshold }, {}).trits;
  return { data: Float64Array.from(data), trits: valuesOf(await trits.read()) };
}

const flat = (data: Float64Array) => ({ shape: [COUNT], data });

/** The weight rounded toward zero. */
const TRUNCATED: readonly Fault[] = faultsOf((fault) => {
  fault.shader('math/cast', 'round(bitcast<f32>(size)', 'floor(bitcast<f32>(size)');
});

sources
  .case('half-trits')
  .covers(
    'triton.quantization.fp16-to-ternary-pipeline/trits-equal',
    'triton.quantization.from-different-precisions/trits-equal',
  )
  .desc('Weights cast to f16 and then quantized have the trits of the nearest halves.')
  .control('halves rounded toward zero', TRUNCATED)
  .run(async (t) => {
    const { data, trits } = await tritsVia(t, 'float16');
    t.expectEqual('trits', flat(trits), flat(data.map((w) => tritOf(rounded(w), LIMIT))));
  });

/** Places where the trits of the device by way of f16 are not those of the f32 weights. */
async function differing(t: CaseContext) {
  const direct = await tritsVia(t, 'float32');
  const { data, trits } = await tritsVia(t, 'float16');
  return { data, places: [...data.keys()].filter((i) => trits[i] !== direct.trits[i]) };
}

/** Distance of halves at the threshold: 0.33 lies between 2^-2 and 2^-1. */
const HALF_STEP = 2 ** -12;

sources
  .case('half-near-threshold')
  .covers('triton.quantization.fp16-to-ternary-pipeline/differences-near-threshold')
  .desc(
    'Every weight whose trit differs by way of f16 lies within one step of f16 of the threshold, or of its negative.',
  )
  .control('halves 1 % too large', (fault) =>
    fault.shader('math/cast', 'return f16_bits(value);', 'return f16_bits(1.01 * value);'),
  )
  .run(async (t) => {
    const { data, places } = await differing(t);
    t.expect(places.length > 0, () => 'no trit differs');
    for (const i of places) {
      const distance = Math.abs(Math.abs(data[i] as number) - LIMIT);
      t.expect(distance <= HALF_STEP, () => `weight ${i} is ${distance} from the threshold`);
    }
  });

sources
  .case('formats', { source: ['float32', 'bfloat16'] })
  .covers('triton.quantization.from-different-precisions/trits-equal')
  .desc('Of f32 and bf16 too the trits are those of the weight as that format holds it.')
  .control('another threshold', (fault) =>
    fault.shader('quant/ternary_encode', 'abs(x) > limit', 'abs(x) > 1.001 * limit'),
  )
  .run(async (t) => {
    const { source } = t.params;
    const { data, trits } = await tritsVia(t, source);
    const { round } = SOURCES[source];
    t.expectEqual('trits', flat(trits), flat(data.map((w) => tritOf(round(w), LIMIT))));
  });

sources
  .case('differences')
  .covers(
    'triton.quantization.from-different-precisions/differences-reported',
    'triton.quantization.fp16-to-ternary-pipeline/difference-counted',
  )
  .desc(
    'How many trits differ from those of f32 is reported of f16 and bf16: as many as by the definition, some of f16 and more of bf16.',
  )
  .control('every source read as it would be in f32', (fault) =>
    fault.launch('cast.forward', ([gpu, inputs, _params, ...rest]) => [
      gpu,
      inputs,
      { to: 'float32' },
      ...rest,
    ]),
  )
  .run(async (t) => {
    const direct = await tritsVia(t, 'float32');
    const counts = { float16: 0, bfloat16: 0 };
    for (const source of ['float16', 'bfloat16'] as const) {
      const { data, trits } = await tritsVia(t, source);
      const { round } = SOURCES[source];
      const found = trits.filter((trit, i) => trit !== direct.trits[i]).length;
      const expected = data.filter((w) => tritOf(round(w), LIMIT) !== tritOf(w, LIMIT)).length;
      t.metric(`differing-${source}`, found);
      t.expect(found === expected, () => `${found} trits of ${source} differ, not ${expected}`);
      counts[source] = found;
    }
    t.expect(counts.float16 > 0, () => 'no weight is moved over the threshold');
    t.expect(counts.bfloat16 > counts.float16, () => `of bf16 ${counts.bfloat16} differ`);
  });
