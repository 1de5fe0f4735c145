import { calculateQparams } from '../../src/ops/quant/calculate_qparams.ts';
import { int8Linear } from '../../src/ops/quant/int8_linear.ts';
import { minmaxObserver } from '../../src/ops/quant/minmax_observer.ts';
import { quantizeLinear } from '../../src/ops/quant/quantize_linear.ts';
import { chooseVariant } from '../../src/ops/variants.ts';
import { product } from '../../src/reference/matmul/product.ts';
import { record as qparamsRecord } from '../../src/reference/quant/calculate_qparams.ts';
import { record as linearRecord } from '../../src/reference/quant/int8_linear.ts';
import { record as observerRecord } from '../../src/reference/quant/minmax_observer.ts';
import { record as quantizeRecord } from '../../src/reference/quant/quantize_linear.ts';
import type { Value } from '../../src/reference/record.ts';
import { type HostTensor, hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { value } from './values.ts';

export const int8 = suite('quant.int8', {
  description:
    'A linear layer in f16 by 8-bit codes: of its weight per channel, of its inputs per token when they come',
});

const TOKENS = 37;
const IN = 257;
const OUT = 29;

const QSCHEMES = { weight: 'symmetric', x: 'affine' } as const;

/** Codes of each row of a matrix, found on the device, with what they are relative to. */
function rowCodes(t: CaseContext, x: Tensor, qscheme: 'affine' | 'symmetric') {
  const { min_val, max_val } = minmaxObserver.forward(t.gpu, { x }, { ch_axis: 0 });
  using low = min_val;
  using high = max_val;
  const ends = { min_val: low, max_val: high };
  const { scale, zero_point } = calculateQparams.forward(t.gpu, ends, { dtype: 'qint8', qscheme });
  const { q } = quantizeLinear.forward(t.gpu, { x, scale, zero_point }, { axis: 0 });
  return { q, scale, zero_point };
}

const drawn = (t: CaseContext, stream: number, shape: Shape): HostTensor => {
  const random = t.random(stream);
  const [rows, cols] = shape as [number, number];
  // Each row has a size of its own.
  const sizes = random.fill(rows, () => random.uniform(0.2, 3));
  const data = random.fill(rows * cols, () => random.normal());
  return hostTensorFrom(
    'f16',
    shape,
    data.map((x, i) => x * (sizes[Math.floor(i / cols)] as number)),
  );
};

/** Runs the layer, and reads all that it made. */
async function layer(t: CaseContext, variants: readonly (string | undefined)[] = [undefined]) {
  const hosts = { x: drawn(t, 1, [TOKENS, IN]), weight: drawn(t, 2, [OUT, IN]) };
  using x = Tensor.from(t.gpu, hosts.x);
  using weight = Tensor.from(t.gpu, hosts.weight);
  const codes = { x: rowCodes(t, x, QSCHEMES.x), weight: rowCodes(t, weight, QSCHEMES.weight) };
  const inputs = {
    x: codes.x.q,
    weight: codes.weight.q,
    x_scale: codes.x.scale,
    weight_scale: codes.weight.scale,
    x_zero_point: codes.x.zero_point,
    weight_zero_point: codes.weight.zero_point,
  };
  const results = [];
  for (const variant of variants) {
    const outputs = int8Linear.forward(t.gpu, inputs, {}, variant);
    results.push({ acc: await readAndFree(outputs.acc), y: await readAndFree(outputs.y) });
  }
  const read = async ({ q, scale, zero_point }: ReturnType<typeof rowCodes>) => ({
    q: await readAndFree(q),
    scale: await readAndFree(scale),
    zero_point: await readAndFree(zero_point),
  });
  return { hosts, x: await read(codes.x), weight: await read(codes.weight), results };
}

async function readAndFree(tensor: Tensor): Promise<Value> {
  const host = await tensor.read();
  tensor[Symbol.dispose]();
  return { ...value({ shape: host.shape, data: valuesOf(host) }), dtype: host.dtype };
}

const ROW = 'triton.quantization.fp16-to-int8-dynamic';

int8
  .case('codes', { of: ['weight', 'x'] })
  .covers(`${ROW}/codes`)
  .desc(
    'Scales and zero points of rows in f16 are those of their ranges, and the codes follow the rule for codes.',
  )
  .control('codes larger by 2', (fault) =>
    fault.shader('quant/quantize_linear', 'let levels = round(', 'let levels = 2.0 + round('),
  )
  .run(async (t) => {
    const of = t.params['of'] as 'weight' | 'x';
    const { hosts, ...made } = await layer(t);
    const { q, scale, zero_point } = made[of];
    const arithmetic = { depth: (terms: number) => terms, ieee: t.ieee };
    const x = value({ shape: hosts[of].shape, data: valuesOf(hosts[of]) });
    const range = observerRecord.forward({ x }, { ch_axis: 0 });
    const params = { dtype: 'qint8', qscheme: QSCHEMES[of] } as const;
    const expected = qparamsRecord.forward(range, params);
    const accepted = qparamsRecord.acceptance(range, expected, params, arithmetic);
    for (const [name, actual] of Object.entries({ scale, zero_point })) {
      const key = name as 'scale' | 'zero_point';
      const acceptance = accepted[key];
      if (acceptance) t.expectAccepted(name, actual, expected[key], acceptance);
    }
    const inputs = { x, scale, zero_point };
    const codes = quantizeRecord.forward(inputs, { axis: 0 });
    const rule = quantizeRecord.acceptance(inputs, codes, { axis: 0 }, arithmetic).q;
    if (rule) t.expectAccepted('codes', q, codes.q, rule);
  });

int8
  .case('accumulators')
  .covers(`${ROW}/accumulators-exact`)
  .desc('The sums in int32 are those of the products of the codes that were made, exactly.')
  .control('the first row is subtracted', (fault) =>
    fault.shader('matmul/int8_matmul', 'sums[0] += products', 'sums[0] -= products'),
  )
  .run(async (t) => {
    const { x, weight, results } = await layer(t, [undefined, 'unpacked']);
    const oracle = linearRecord.forward(
      {
        x: x.q,
        weight: weight.q,
        x_scale: x.scale,
        weight_scale: weight.scale,
        x_zero_point: x.zero_point,
        weight_zero_point: weight.zero_point,
      },
      {},
    );
    for (const { acc } of results) t.expectEqual('sums', acc, oracle.acc);
  });

int8
  .case('output')
  .covers(`${ROW}/output-error`)
  .desc('The results differ from those of f32 by at most 2 % of their size, as vectors.')
  .control('scales larger by 3 %', (fault) =>
    fault.shader('quant/int8_linear', '(x_scale[of_x] *', '(1.03 * x_scale[of_x] *'),
  )
  .run(async (t) => {
    const { hosts, results } = await layer(t);
    const of = (host: HostTensor) => value({ shape: host.shape, data: valuesOf(host) });
    const expected = product(of(hosts.x), of(hosts.weight), false, true).data;
    const norm = (data: Float64Array) => Math.sqrt(data.reduce((sum, x) => sum + x * x, 0));
    for (const { y } of results) {
      const off = norm(y.data.map((result, i) => result - (expected[i] as number)));
      const percent = (100 * off) / norm(expected);
      t.metric('error in percent', percent);
      t.expect(percent <= 2, () => `the results are ${percent} % of their size off`);
    }
  });

int8
  .case('dot-path')
  .needs('packed_4x8_integer_dot_product')
  .covers(`${ROW}/dot-path`)
  .desc(
    'Where the language has packed products of bytes they are chosen on graphics chips, else not, and sums and results have the same bits.',
  )
  .control('a word times itself', (fault) =>
    fault.shader('matmul/int8_matmul', 'dot4I8Packed(a, b)', 'dot4I8Packed(a, a)'),
  )
  .run(async (t) => {
    const features = new Set([...t.gpu.features]);
    const chosen = (has: ReadonlySet<string>) =>
      chooseVariant({ features: has, limits: {}, widestSubgroup: undefined }, int8Linear);
    t.expect(chosen(features) === 'packed', () => `with it ${chosen(features)} is chosen`);
    features.delete('packed_4x8_integer_dot_product');
    t.expect(chosen(features) === 'unpacked', () => `without it ${chosen(features)} is chosen`);
    const { results } = await layer(t, ['packed', 'unpacked']);
    const [packed, unpacked] = results as [(typeof results)[0], (typeof results)[0]];
    t.expectEqual('sums', packed.acc, unpacked.acc);
    t.expectEqual('results', packed.y, unpacked.y);
  });
