import { quantile } from '../../src/ops/math/quantile.ts';
import { absMean } from '../../src/ops/quant/abs_mean.ts';
import { ternarize } from '../../src/ops/quant/ternarize.ts';
import { ternaryMatmul } from '../../src/ops/quant/ternary_matmul.ts';
import { ternaryPack } from '../../src/ops/quant/ternary_pack.ts';
import { depthOf } from '../../src/ops/variants.ts';
import { EPS } from '../../src/reference/bounds.ts';
import { record as absMeanRecord } from '../../src/reference/quant/abs_mean.ts';
import type { Acceptance, Value } from '../../src/reference/record.ts';
import { hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { type Fault, faultsOf } from '../../src/testing/fault.ts';
import { suite } from '../../src/testing/suite.ts';
import { sortedQuantile, sortedSizes } from './order-statistics.ts';
import { fixedThreshold, tritOf } from './trits.ts';
import { normals, value } from './values.ts';

export const thresholds = suite('quant.thresholds', {
  description: 'Thresholds of ternary weights, found on the device, and the zeros that they make',
});

const RANK_BELOW: readonly Fault[] = faultsOf((fault) =>
  fault.shader(
    'math/quantile_descend',
    'found[3u * row + 1u] = rank;',
    'found[3u * row + 1u] = rank / 2u;',
  ),
);

async function quantileOf(t: CaseContext, x: Tensor, q: number): Promise<number> {
  using y = quantile.forward(t.gpu, { x }, { q, absolute: true }).y;
  return (await y.read()).data[0] as number;
}

async function expectQuantile(t: CaseContext, n: number, shares: readonly number[]): Promise<void> {
  const host = normals(t, [n]);
  const sorted = sortedSizes(valuesOf(host));
  using x = Tensor.from(t.gpu, host);
  for (const q of shares) {
    const found = await quantileOf(t, x, q);
    const error = Math.abs(found - sortedQuantile(sorted, q));
    t.expect(error <= 1e-6, () => `of ${n} magnitudes the quantile ${q} is ${found}, ${error} off`);
  }
}

for (const [size, n, tier] of [
  ['thousand', 1000, 'quick'],
  ['million', 1e6, 'slow'],
] as const) {
  thresholds
    .case(`quantile-of-a-${size}`)
    .tier(tier)
    .timeout(60_000)
    .covers('triton.quantization.threshold-calibration/quantile-exact')
    .desc(`The 0.7 quantile of ${n} magnitudes is within 1e-6 of that of the sorted ones.`)
    .control('the element of half the rank', RANK_BELOW)
    .run((t) => expectQuantile(t, n, [0.7]));

  thresholds
    .case(`ends-of-a-${size}`)
    .tier(tier)
    .timeout(60_000)
    .covers('triton.quantization.threshold-calibration/end-percentiles')
    .desc(`The smallest, the median and the largest of ${n} magnitudes are within 1e-6.`)
    .control('the element of half the rank', RANK_BELOW)
    .run((t) => expectQuantile(t, n, [0, 0.5, 1]));
}

/** How many of the trits that the device makes at `threshold` are zeros. */
async function zerosAt(t: CaseContext, weight: Tensor, threshold: Tensor): Promise<number> {
  using trits = ternarize.forward(t.gpu, { weight, threshold }, {}).trits;
  return valuesOf(await trits.read()).filter((trit) => trit === 0).length;
}

const LESS_ZEROS: readonly Fault[] = faultsOf((fault) =>
  fault.shader('quant/ternary_encode', 'abs(x) > limit', 'abs(x) > 0.97 * limit'),
);

thresholds
  .case('zero-count', { threshold: [0.5, 0.7, 0.9] })
  .covers('triton.quantization.different-thresholds/zero-count-exact')
  .desc(
    'Of 10,000 weights, some exactly on the threshold and the last beyond it, as many are 0 as do not exceed it.',
  )
  .control('a threshold 3 % smaller', LESS_ZEROS)
  .run(async (t) => {
    const limit = Math.fround(Number(t.params['threshold']));
    const drawn = valuesOf(normals(t, [10_000]));
    const host = hostTensorFrom('f32', [10_000], [limit, -limit, ...drawn.slice(3), -2]);
    using weight = Tensor.from(t.gpu, host);
    using threshold = Tensor.from(t.gpu, fixedThreshold(limit));
    const zeros = await zerosAt(t, weight, threshold);
    const expected = valuesOf(host).filter((w) => Math.abs(w) <= limit).length;
    t.expect(zeros / 10_000 === expected / 10_000, () => `${zeros} zeros, and not ${expected}`);
  });

/** erf(t / sqrt 2), the share of normal numbers within t, to ten digits. */
const WITHIN: Readonly<Record<number, number>> = {
  0.5: 0.3829249225,
  0.7: 0.5160727049,
  0.9: 0.6318797487,
};

thresholds
  .case('zeros-of-a-million', { threshold: [0.5, 0.7, 0.9] })
  .tier('slow')
  .timeout(60_000)
  .covers('triton.quantization.different-thresholds/normal-zero-ratio')
  .desc('Of a million normal numbers the share of zeros is within 0.002 of erf(t / sqrt 2).')
  .control('a threshold 3 % smaller', LESS_ZEROS)
  .run(async (t) => {
    const limit = Number(t.params['threshold']);
    using weight = Tensor.from(t.gpu, normals(t, [1e6]));
    using threshold = Tensor.from(t.gpu, fixedThreshold(limit));
    const share = (await zerosAt(t, weight, threshold)) / 1e6;
    const expected = WITHIN[limit] as number;
    t.metric('zeros', share);
    t.expect(Math.abs(share - expected) <= 0.002, () => `${share} are zeros, and not ${expected}`);
  });

/** The three thresholds of a tensor, as the device finds them. */
function methods(t: CaseContext, x: Tensor) {
  return {
    mean: absMean.forward(t.gpu, { weight: x }, {}).mean,
    median: quantile.forward(t.gpu, { x }, { q: 0.5, absolute: true }).y,
    quantile: quantile.forward(t.gpu, { x }, { q: 0.7, absolute: true }).y,
  };
}

thresholds
  .case('mean')
  .covers('triton.quantization.threshold-methods/mean-within-bound')
  .desc('The mean magnitude of 1000 weights is within its bound.')
  .control('means larger by 1e-3', (fault) =>
    fault.shader('quant/mean_of_partials', 'sizes.factor * sum', '1.001 * sizes.factor * sum'),
  )
  .run(async (t) => {
    const host = normals(t, [1000]);
    using weight = Tensor.from(t.gpu, host);
    using mean = absMean.forward(t.gpu, { weight }, {}).mean;
    const inputs = { weight: value({ shape: [1000], data: valuesOf(host) }) };
    const oracle = absMeanRecord.forward(inputs, {});
    const arithmetic = { depth: depthOf(absMean.variants['lanes']), ieee: false };
    const { mean: acceptance } = absMeanRecord.acceptance(inputs, oracle, {}, arithmetic);
    const actual = value(await mean.read());
    t.expectAccepted('mean', actual, oracle.mean as Value, acceptance as Acceptance);
  });

thresholds
  .case('order-statistics')
  .covers('triton.quantization.threshold-methods/order-statistics')
  .desc('Median and 0.7 quantile of 1000 magnitudes are those of the sorted ones within 2 eps.')
  .control('the element of half the rank', RANK_BELOW)
  .run(async (t) => {
    const host = normals(t, [1000]);
    const sorted = sortedSizes(valuesOf(host));
    using x = Tensor.from(t.gpu, host);
    for (const q of [0.5, 0.7]) {
      const expected = sortedQuantile(sorted, q);
      const found = await quantileOf(t, x, q);
      const error = Math.abs(found - expected);
      t.expect(error <= 2 * EPS * expected, () => `the quantile ${q} is ${found}, ${error} off`);
    }
  });

/** The share of normal numbers that do not exceed each threshold. */
const ZEROS = { mean: 0.575, median: 0.5, quantile: 0.7 } as const;
const METHODS = Object.keys(ZEROS) as (keyof typeof ZEROS)[];

for (const [name, clause, desc] of [
  ['zero-shares', 'zero-fractions', 'the share of zeros is that of normal numbers within 0.04'],
  ['zero-counts', 'zero-counts-exact', 'as many trits are 0 as magnitudes do not exceed it'],
] as const) {
  thresholds
    .case(name, { method: METHODS })
    .covers(`triton.quantization.threshold-methods/${clause}`)
    .desc(`Of 1000 normal numbers at the threshold that the device found, ${desc}.`)
    .control('a threshold half as large', (fault) =>
      fault.shader('quant/ternary_encode', 'abs(x) > limit', 'abs(x) > 0.5 * limit'),
    )
    .run(async (t) => {
      const method = t.params['method'] as keyof typeof ZEROS;
      const host = normals(t, [1000]);
      using weight = Tensor.from(t.gpu, host);
      const found = methods(t, weight);
      try {
        const threshold = found[method];
        const zeros = await zerosAt(t, weight, threshold);
        const limit = (await threshold.read()).data[0] as number;
        const expected = valuesOf(host).filter((w) => Math.abs(w) <= limit).length;
        if (name === 'zero-counts') {
          t.expect(zeros === expected, () => `${zeros} zeros, and not ${expected}`);
        } else {
          const error = Math.abs(zeros / 1000 - ZEROS[method]);
          t.expect(error <= 0.04, () => `${zeros} of 1000 are zeros, and not ${ZEROS[method]}`);
        }
      } finally {
        for (const each of Object.values(found)) each[Symbol.dispose]();
      }
    });
}

thresholds
  .case('wanted-zeros', { share: [0, 0.3, 0.5, 0.7, 1] })
  .covers('triton.quantization.sparsity-control/zero-fraction')
  .desc(
    'The quantile of the wanted share of zeros, as threshold, makes that share of 1000 weights 0, to one weight.',
  )
  .control('another threshold', (fault) =>
    fault.shader('quant/ternary_encode', 'abs(x) > limit', 'abs(x) > 0.8 * limit + 0.02'),
  )
  .run(async (t) => {
    const share = Number(t.params['share']);
    using weight = Tensor.from(t.gpu, normals(t, [1000]));
    const { y } = quantile.forward(t.gpu, { x: weight }, { q: share, absolute: true });
    using threshold = y;
    const zeros = await zerosAt(t, weight, threshold);
    t.expect(Math.abs(zeros / 1000 - share) <= 1e-3, () => `${zeros} of 1000 are zeros`);
  });

thresholds
  .case('zeros-skipped', { share: [0, 0.3, 0.5, 0.7, 1] })
  .covers('triton.quantization.sparsity-control/zero-skipping-equal')
  .desc(
    'Products with a weight of so many zeros, scaled by output, by the kernel that skips them: those of a tile, and those of the definition.',
  )
  .control('every sum larger by 1', (fault) =>
    fault.shader('quant/ternary_matmul_sparse', 'sum[r] * factor', '(1.0 + sum[r]) * factor'),
  )
  .run(async (t) => {
    const share = Number(t.params['share']);
    const host = normals(t, [20, 50]);
    using weight = Tensor.from(t.gpu, host);
    const { y: limit } = quantile.forward(t.gpu, { x: weight }, { q: share, absolute: true });
    using threshold = limit;
    using trits = ternarize.forward(t.gpu, { weight, threshold }, {}).trits;
    using packed = ternaryPack.forward(t.gpu, { trits }, {}).packed;
    const random = t.random(1);
    const xs = random.fill(7 * 50, () => random.integer(-8, 8));
    using x = Tensor.from(t.gpu, hostTensorFrom('f32', [7, 50], xs));
    const scales = Array.from({ length: 20 }, (_, column) => 2 ** ((column % 5) - 2));
    using scale = Tensor.from(t.gpu, hostTensorFrom('f32', [20], scales));
    const multiply = (variant: string) =>
      ternaryMatmul.forward(t.gpu, { x, packed, scale }, { out_features: 20 }, variant).y;
    using skipping = multiply('skip-zeros');
    using dense = multiply('register');
    const y = value(await skipping.read());
    t.expectEqual('y', y, value(await dense.read()));
    const bound = (await threshold.read()).data[0] as number;
    const ternary = valuesOf(host).map((w) => tritOf(w, bound));
    const expected = Float64Array.from({ length: 7 * 20 }, (_, i) => {
      const row = Math.floor(i / 20);
      const column = i % 20;
      const sum = ternary
        .subarray(50 * column, 50 * column + 50)
        .reduce((total, trit, k) => total + trit * (xs[50 * row + k] as number), 0);
      return sum * (scales[column] as number);
    });
    t.expectEqual('y', y, { shape: [7, 20], data: expected });
  });
