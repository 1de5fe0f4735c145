import type { Gpu } from '../../src/gpu/gpu.ts';
import { ternarize } from '../../src/ops/quant/ternarize.ts';
import { ternaryQuantize } from '../../src/ops/quant/ternary_quantize.ts';
import { type HostTensor, hostTensor, hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { fixedThreshold } from './trits.ts';
import { normals } from './values.ts';

export const stochastic = suite('quant.stochastic', {
  description: 'Quantization again: the same bits, and with a seed the same draws',
});

const LIMIT = Math.fround(0.33);

/** Bits of all that a quantization gives on a device. */
async function quantized(gpu: Gpu, host: HostTensor): Promise<string> {
  using weight = Tensor.from(gpu, host);
  const outputs = ternaryQuantize.forward(gpu, { weight }, {});
  const parts: string[] = [];
  for (const [name, tensor] of Object.entries<Tensor>(outputs)) {
    const { data } = await tensor.read();
    parts.push(
      `${name} ${new Uint8Array(data.buffer, data.byteOffset, data.byteLength).join(' ')}`,
    );
    tensor[Symbol.dispose]();
  }
  return parts.join('\n');
}

async function drawn(gpu: Gpu, host: HostTensor, seed: number): Promise<Float64Array> {
  using weight = Tensor.from(gpu, host);
  using threshold = Tensor.from(gpu, fixedThreshold(LIMIT));
  using trits = ternarize.forward(gpu, { weight, threshold }, { seed }).trits;
  return valuesOf(await trits.read());
}

/** Asserts that bits are those of this weight: its negative has others. */
async function expectBitsOf(t: CaseContext, host: HostTensor, bits: string): Promise<void> {
  const negative = hostTensorFrom(
    'f32',
    host.shape,
    valuesOf(host).map((w) => -w),
  );
  const other = await quantized(t.gpu, negative);
  t.expect(other !== bits, () => 'the negative weight gives the same bits');
}

const flat = (data: Float64Array) => ({ shape: [data.length], data });

stochastic
  .case('ten-runs')
  .tier('full')
  .covers('triton.quantization.deterministic/repeat-runs-equal')
  .desc('Ten runs on one weight give equal bits of every output, which its negative does not.')
  .control('the seventh run draws its limits', (fault) =>
    fault.host('ternarize.forward', (original) => {
      let calls = 0;
      return (gpu, inputs, params, ...rest) =>
        original(gpu, inputs, ++calls === 7 ? { seed: calls } : params, ...rest);
    }),
  )
  .run(async (t) => {
    const host = normals(t, [37, 53]);
    const first = await quantized(t.gpu, host);
    for (let run = 1; run < 10; run++) {
      const again = await quantized(t.gpu, host);
      t.expect(again === first, () => `run ${run + 1} gives other bits`);
    }
    await expectBitsOf(t, host, first);
  });

/** A second device of the adapter, destroyed at the end. */
async function onBoth<T>(t: CaseContext, run: (gpu: Gpu) => Promise<T>): Promise<[T, T]> {
  using other = await t.gpu.fresh();
  return [await run(t.gpu), await run(other)];
}

stochastic
  .case('two-devices')
  .covers('triton.quantization.deterministic/two-devices-equal')
  .desc(
    'Two devices of the adapter give equal bits of every output, which the negative weight does not.',
  )
  .control('the second device takes another threshold', (fault) =>
    fault.host('ternary_quantize.forward', (original) => {
      let first: unknown;
      return (gpu, inputs, params, ...rest) => {
        first ??= gpu;
        return original(gpu, inputs, gpu === first ? params : { threshold_factor: 0.71 }, ...rest);
      };
    }),
  )
  .run(async (t) => {
    const host = normals(t, [37, 53]);
    const [first, second] = await onBoth(t, (gpu) => quantized(gpu, host));
    t.expect(first === second, () => 'the devices give other bits');
    await expectBitsOf(t, host, first);
  });

stochastic
  .case('same-seed')
  .covers('triton.quantization.deterministic/seeded-equal')
  .desc(
    'With limits drawn of one seed, ten runs and another device give equal trits, of all three kinds.',
  )
  .control('each run counts its seed on', (fault) =>
    fault.host('ternarize.forward', (original) => {
      let calls = 0;
      return (gpu, inputs, { seed }, ...rest) =>
        original(gpu, inputs, { seed: seed + calls++ }, ...rest);
    }),
  )
  .run(async (t) => {
    const host = normals(t, [37, 53]);
    const [first, second] = await onBoth(t, (gpu) => drawn(gpu, host, 42));
    const kinds = new Set(first).size;
    t.expect(kinds === 3, () => `there are ${kinds} kinds of trits`);
    t.expectEqual('trits of the other device', flat(second), flat(first));
    for (let run = 1; run < 10; run++)
      t.expectEqual(`trits of run ${run + 1}`, flat(await drawn(t.gpu, host, 42)), flat(first));
  });

stochastic
  .case('other-seed')
  .covers('triton.quantization.deterministic/seeds-differ')
  .desc(
    'Of a weight at its threshold each seed, 0 too, draws about half of the trits as 1, and about half of them other than a seed that differs in its low or in its high word.',
  )
  .control('the seed is not looked at', (fault) =>
    fault.shader('quant/ternary_encode', 'sizes.seed)', 'vec2u(7u))'),
  )
  .run(async (t) => {
    const at = hostTensor('f32', [4000], new Float32Array(4000).fill(LIMIT));
    const expectHalf = (name: string, share: number) =>
      t.expect(Math.abs(share - 0.5) < 0.05, () => `${share} of the trits ${name}`);
    const earlier = new Map<number, Float64Array>();
    for (const seed of [0, 1, 2, 1 + 2 ** 32]) {
      const trits = await drawn(t.gpu, at, seed);
      expectHalf(`of seed ${seed} are 1`, trits.filter((trit) => trit === 1).length / 4000);
      for (const [other, its] of earlier)
        expectHalf(
          `of the seeds ${other} and ${seed} differ`,
          trits.filter((trit, i) => trit !== its[i]).length / 4000,
        );
      earlier.set(seed, trits);
    }
  });

/** What the kernel multiplies 24 random bits by. */
const STEP = '1.1920928955078125e-7';

/** Weights by their expectation w / (2 threshold). */
const WEIGHTS = { 'three-tenths': 0.3, 'minus-a-half': -0.5, nine: 0.9, beyond: -1.4 } as const;

stochastic
  .case('mean', { weight: Object.keys(WEIGHTS) })
  .covers('triton.quantization.deterministic/mean-over-draws')
  .desc(
    'The mean of 10,000 draws of one weight is w / (2 threshold), at most 1, within three of its standard deviations.',
  )
  .control('limits up to eight thresholds', (fault) =>
    fault.shader('quant/ternary_encode', STEP, `4.0 * ${STEP}`),
  )
  .run(async (t) => {
    const share = WEIGHTS[t.params['weight'] as keyof typeof WEIGHTS];
    const weight = Math.fround(2 * LIMIT * share);
    const host = hostTensorFrom('f32', [10_000], new Float64Array(10_000).fill(weight));
    const trits = await drawn(t.gpu, host, 7);
    const mean = trits.reduce((sum, trit) => sum + trit, 0) / 10_000;
    const expected = Math.sign(share) * Math.min(Math.abs(share), 1);
    const deviation = Math.sqrt((Math.abs(expected) * (1 - Math.abs(expected))) / 10_000);
    t.metric('mean', mean);
    t.expect(
      Math.abs(mean - expected) <= 3 * deviation,
      () => `the mean is ${mean}, and should be ${expected}`,
    );
  });
