import { cast } from '../../src/ops/math/cast.ts';
import { histogram } from '../../src/ops/math/histogram.ts';
import { ternarize } from '../../src/ops/quant/ternarize.ts';
import { hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { Random } from '../../src/tensor/random.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { fixedThreshold, tritOf } from './trits.ts';
import { value } from './values.ts';

export const tritCounts = suite('quant.trit-counts', {
  description: 'How many of 10,000 trits are -1, 0 and 1, counted on the device',
});

const COUNT = 10_000;
const LIMIT = Math.fround(0.33);

/** The device's counts of the trits of normal numbers, and those of the definition. */
async function counted(t: CaseContext, random: Random) {
  const host = hostTensorFrom(
    'f32',
    [COUNT],
    random.fill(COUNT, () => random.normal()),
  );
  using weight = Tensor.from(t.gpu, host);
  using threshold = Tensor.from(t.gpu, fixedThreshold(LIMIT));
  using trits = ternarize.forward(t.gpu, { weight, threshold }, {}).trits;
  using x = cast.forward(t.gpu, { x: trits }, { to: 'float32' }).y;
  using edges = Tensor.from(t.gpu, hostTensorFrom('f32', [4], [-1.5, -0.5, 0.5, 1.5]));
  using counts = histogram.forward(t.gpu, { x, edges }, {}).counts;
  const own = valuesOf(host).map((w) => tritOf(w, LIMIT));
  const expected = Float64Array.from(
    [-1, 0, 1],
    (trit) => own.filter((each) => each === trit).length,
  );
  return { counts: value(await counts.read()), expected };
}

tritCounts
  .case('counts')
  .covers('triton.quantization.value-distribution/counts-exact')
  .desc('The histogram of the device has the counts of the host, which add up to 10,000.')
  .control('the last element is not counted', (fault) =>
    fault.shader('math/histogram', 'if (i >= sizes.n) {', 'if (i + 1u >= sizes.n) {'),
  )
  .run(async (t) => {
    const { counts, expected } = await counted(t, t.random());
    t.expectEqual('counts', counts, { shape: [3], data: expected });
    const sum = counts.data.reduce((total, each) => total + each, 0);
    t.expect(sum === COUNT, () => `the counts add up to ${sum}`);
  });

/** The shares of normal numbers below -0.33, between and above 0.33. */
const SHARES = [0.371, 0.259, 0.371];

tritCounts
  .case('shares')
  .covers('triton.quantization.value-distribution/normal-fractions')
  .desc(
    'Of normal numbers at 0.33 the shares of -1, 0 and 1 are 0.371, 0.259 and 0.371 within 0.015.',
  )
  .control('a threshold a fifth smaller', (fault) =>
    fault.shader('quant/ternary_encode', 'abs(x) > limit', 'abs(x) > 0.8 * limit'),
  )
  .run(async (t) => {
    // What is drawn is the same for every seed of a run: a share is 3 deviations off now and then.
    const { counts } = await counted(t, new Random(1));
    SHARES.forEach((expected, i) => {
      const share = (counts.data[i] as number) / COUNT;
      t.metric(`share-${i - 1}`, share);
      t.expect(Math.abs(share - expected) <= 0.015, () => `${share} of the trits are ${i - 1}`);
    });
  });
