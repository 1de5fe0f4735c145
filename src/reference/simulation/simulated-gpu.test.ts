import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../../tensor/random.ts';
import { floorTo32, neighbour, ROUNDINGS, ulp } from './rounding.ts';
import { SimulatedGpu, simulatedGpus } from './simulated-gpu.ts';

/** Every finite float32 and every sum of products of them is a whole number of 2^-298. */
const UNIT = 298n;

/** The float32 or float64 `x` times 2^298, exactly. */
function exact(x: number): bigint {
  let mantissa = x;
  let exponent = UNIT;
  while (!Number.isInteger(mantissa)) {
    mantissa *= 2;
    exponent--;
  }
  return BigInt(mantissa) << exponent;
}

const float = fc.float({
  noNaN: true,
  noDefaultInfinity: true,
  min: Math.fround(-(2 ** 60)),
  max: 2 ** 60,
});
const magnitude = (x: bigint) => (x < 0n ? -x : x);

/** Checks that `actual` is how `rounding` rounds the number that is `truth` units. */
function expectRounded(actual: number, truth: bigint, rounding: string): void {
  const distance = (x: number) => magnitude(exact(x) - truth);
  if (rounding === 'nearest') {
    for (const other of [neighbour(actual, true), neighbour(actual, false)])
      expect(distance(actual)).toBeLessThanOrEqual(distance(other));
  }
  if (rounding === 'up') {
    expect(exact(actual)).toBeGreaterThanOrEqual(truth);
    expect(exact(neighbour(actual, false))).toBeLessThan(truth);
  }
  if (rounding === 'truncate') {
    expect(magnitude(exact(actual))).toBeLessThanOrEqual(magnitude(truth));
    expect(magnitude(exact(neighbour(actual, truth > 0n)))).toBeGreaterThan(
      truth === 0n ? -1n : magnitude(truth),
    );
  }
  if (exact(actual) !== truth) {
    // One of the two neighbours: nothing lies between.
    expect(exact(neighbour(actual, exact(actual) < truth)) > truth).toBe(exact(actual) < truth);
  }
}

describe.each(ROUNDINGS)('a simulated GPU that rounds: %s', (rounding) => {
  const gpu = new SimulatedGpu({ rounding, contraction: false, flush: false }, 0);
  const fused = new SimulatedGpu({ rounding, contraction: true, flush: false }, 0);

  test('adds, subtracts and multiplies to a neighbour of the exact result', () => {
    fc.assert(
      fc.property(float, float, (a, b) => {
        expectRounded(gpu.add(a, b), exact(a) + exact(b), rounding);
        expectRounded(gpu.sub(a, b), exact(a) - exact(b), rounding);
        expectRounded(gpu.mul(a, b), (exact(a) * exact(b)) >> UNIT, rounding);
      }),
    );
  });

  test('rounds once where it contracts, twice where it does not', () => {
    fc.assert(
      fc.property(float, float, float, (a, b, c) => {
        expectRounded(fused.mulAdd(a, b, c), ((exact(a) * exact(b)) >> UNIT) + exact(c), rounding);
        if (rounding !== 'random') expect(gpu.mulAdd(a, b, c)).toBe(gpu.add(gpu.mul(a, b), c));
      }),
    );
  });

  test('keeps the allowances of division, roots, exp and log', () => {
    const positive = fc.float({ noNaN: true, min: Math.fround(1e-6), max: Math.fround(1e6) });
    const within = (actual: number, truth: number, ulps: number) => {
      expect(Math.fround(actual)).toBe(actual);
      expect(Math.abs(actual - truth)).toBeLessThanOrEqual(ulps * ulp(truth));
    };
    fc.assert(
      fc.property(positive, positive, fc.float({ noNaN: true, min: -80, max: 80 }), (a, b, x) => {
        within(gpu.div(a, b), a / b, 2.5);
        within(gpu.inverseSqrt(a), 1 / Math.sqrt(a), 2);
        // 4.5 eps: 2 of inverseSqrt and 2.5 of the division; eps is up to two units.
        within(gpu.sqrt(a), Math.sqrt(a), 9);
        within(gpu.exp(x), Math.exp(x), 3 + 2 * Math.abs(x));
        const logarithm = gpu.log(a);
        if (a < 0.5 || a > 2) within(logarithm, Math.log(a), 3);
        else expect(Math.abs(logarithm - Math.log(a))).toBeLessThanOrEqual(2 ** -21);
      }),
    );
  });
});

test('the modes use up what they may', () => {
  const [up, down] = (['up', 'truncate'] as const).map(
    (rounding) => new SimulatedGpu({ rounding, contraction: false, flush: false }, 0),
  );
  expect(up?.div(1, 3)).toBe(floorTo32(1 / 3 + 2.5 * 2 ** -25));
  expect(down?.div(1, 3)).toBe(-floorTo32(-(1 / 3 - 2.5 * 2 ** -25)));
  expect(up?.add(1, 2 ** -40)).toBe(1 + 2 ** -23);
  expect(down?.add(1, -(2 ** -40))).toBe(1 - 2 ** -24);
});

test('what chance leaves where it is goes to the number above', () => {
  const below = floorTo32(1 / 3);
  const above = -floorTo32(-1 / 3);
  expect(below).toBeLessThan(above);
  // The first number that this seed draws is the middle, 0.
  const seed = 515_707;
  expect(new Random(seed).uniform(-1)).toBe(0);
  const third = (a: number) =>
    new SimulatedGpu({ rounding: 'random', contraction: false, flush: false }, seed).div(a, 3);
  expect([third(1), third(-1)]).toEqual([above, -below]);
});

/** A simulated GPU that keeps denormals and rounds twice, of one mode. */
const gpuOf = (rounding: (typeof ROUNDINGS)[number]) =>
  new SimulatedGpu({ rounding, contraction: false, flush: false }, 0);

describe('what WGSL grants', () => {
  const up = gpuOf('up');
  const down = gpuOf('truncate');
  /** 2^-k: an ulp of what is tested. */
  const ulps = (k: number) => 2 ** -k;

  test.each([
    // 7 / 5 lies 0.4 units above a number: 2.9 are not three.
    ['a division', up.div(7, 5), 1.4 + 2.5 * ulps(23)],
    ['a division of thirds', up.div(4, 3), 4 / 3 + 2.5 * ulps(23)],
    ['an inverse root', up.inverseSqrt(3), 1 / Math.sqrt(3) + 2 * ulps(24)],
    ['exp', up.exp(1.5), Math.exp(1.5) + 6 * ulps(21)],
    ['exp of 0', up.exp(0.25), Math.exp(0.25) + 3.5 * ulps(23)],
    ['exp of a negative number', up.exp(-3), Math.exp(-3) + 9 * ulps(28)],
    ['log of 3', up.log(3), Math.log(3) + 3 * ulps(23)],
    ['log of 2.5', up.log(2.5), Math.log(2.5) + 3 * ulps(24)],
    ['log of 2', up.log(2), Math.LN2 + ulps(21)],
    ['log of 1.5', up.log(1.5), Math.log(1.5) + ulps(21)],
    ['log of a half', up.log(0.5), -Math.LN2 + ulps(21)],
    ['log above a half', up.log(0.5 + 2 ** -12), Math.log(0.5 + 2 ** -12) + ulps(21)],
    ['log below a half', up.log(0.25), Math.log(0.25) + 3 * ulps(23)],
  ])('is used up by %s', (_, actual, most) => {
    // Towards the exact result: above it that is downward.
    expect(actual).toBe(floorTo32(most));
  });

  test('is used up downward too', () => {
    expect(down.div(7, 5)).toBe(-floorTo32(-(1.4 - 2.5 * ulps(23))));
    expect(down.exp(1.5)).toBe(-floorTo32(-(Math.exp(1.5) - 6 * ulps(21))));
    expect(down.log(0.5)).toBe(floorTo32(-Math.LN2 + ulps(21)));
  });

  test('is 2.5 units of a division, and not a thousandth more', () => {
    // 0.498 of a unit above a number: 2.5 units more are just below the third.
    const truth = 253 / 251;
    const units = truth * 2 ** 23;
    expect(units % 1).toBeGreaterThan(0.4975);
    expect(units % 1).toBeLessThan(0.5);
    expect(up.div(253, 251) * 2 ** 23).toBe(Math.floor(units) + 2);
  });

  test('of a random GPU is used to both sides', () => {
    const gpu = gpuOf('random');
    const off = Array.from({ length: 400 }, () => (gpu.exp(10) - Math.exp(10)) / (23 * ulps(9)));
    expect(Math.min(...off)).toBeLessThan(-0.9);
    expect(Math.max(...off)).toBeGreaterThan(0.9);
    expect(Math.max(...off.map(Math.abs))).toBeLessThanOrEqual(1);
    expect(off.filter((share) => share > 0).length).toBeGreaterThan(150);
    expect(off.filter((share) => share < 0).length).toBeGreaterThan(150);
  });

  test('is nothing at 0 and at what is not finite', () => {
    for (const rounding of ROUNDINGS) {
      const gpu = gpuOf(rounding);
      expect([gpu.sqrt(0), gpu.div(1, 0), gpu.add(Infinity, 1), gpu.log(0)]).toEqual([
        0,
        Infinity,
        Infinity,
        -Infinity,
      ]);
      expect(gpu.add(-Infinity, 1)).toBe(-Infinity);
    }
  });
});

test('of two neighbours as near the even one is nearest, unless the exact result is beside the middle', () => {
  const gpu = gpuOf('nearest');
  const half = 2 ** -24;
  const unit = 2 ** -23;
  expect(gpu.add(1, half)).toBe(1);
  expect(gpu.add(1 + unit, half)).toBe(1 + 2 * unit);
  expect(gpu.add(1 + 2 * unit, half)).toBe(1 + 2 * unit);
  expect(gpu.sub(-1 - unit, half)).toBe(-1 - 2 * unit);
  expect(gpu.mul(-1, 0)).toBe(-0);
  // Half a number that is odd in the last place of all.
  expect(gpu.div(5 * 2 ** -149, 2)).toBe(2 * 2 ** -149);
  expect(gpu.div(7 * 2 ** -149, 2)).toBe(4 * 2 ** -149);
  const fused = new SimulatedGpu({ rounding: 'nearest', contraction: true, flush: false }, 0);
  // (2^-12 + 2^-30) (2^-12 - 2^-30) is 2^-24 less 2^-60, which no float64 beside 1 can show.
  const [a, b] = [2 ** -12 + 2 ** -30, 2 ** -12 - 2 ** -30];
  expect(fused.mulAdd(a, b, 1)).toBe(1);
  expect(fused.mulAdd(a, b, 1 + unit)).toBe(1 + unit);
  expect(fused.mulAdd(-a, b, 1 + 2 * unit)).toBe(1 + 2 * unit);
  expect(fused.mulAdd(-a, b, -1)).toBe(-1);
  expect(fused.mulAdd(-a, b, -1 - unit)).toBe(-1 - unit);
});

test('what is cut off below the smallest number is 0, and above the largest that', () => {
  const [up, down] = [gpuOf('up'), gpuOf('truncate')];
  const largest = (2 - 2 ** -23) * 2 ** 127;
  expect([down.mul(2 ** -100, 2 ** -60), down.mul(-(2 ** -100), 2 ** -60)]).toEqual([0, -0]);
  expect(up.mul(2 ** -100, 2 ** -60)).toBe(2 ** -149);
  expect(up.mul(-(2 ** -100), 2 ** -60)).toBe(-0);
  expect([down.add(3e38, 3e38), up.add(-3e38, -3e38)]).toEqual([largest, -largest]);
  expect([up.add(3e38, 3e38), down.sub(-3e38, 3e38)]).toEqual([Infinity, -largest]);
});

test.each([
  [0, 2 ** -149, -(2 ** -149)],
  [1, 1 + 2 ** -23, 1 - 2 ** -24],
  [-1, -1 + 2 ** -24, -1 - 2 ** -23],
  [2 ** -149, 2 ** -148, 0],
  [-(2 ** -149), -0, -(2 ** -148)],
  [0.75, 0.75 + 2 ** -24, 0.75 - 2 ** -24],
])('the neighbours of %d', (x, above, below) => {
  expect([neighbour(x, true), neighbour(x, false)]).toEqual([above, below]);
});

test('the largest float32 that is not above a number may be the number', () => {
  expect([1, 1 + 2 ** -30, 1 - 2 ** -30, -1 - 2 ** -30].map(floorTo32)).toEqual([
    1,
    1,
    1 - 2 ** -24,
    -1 - 2 ** -23,
  ]);
});

test('the combinations of contraction and flushing follow one another', () => {
  const tell = (turn: number) =>
    simulatedGpus(turn).map(({ environment: { rounding, contraction, flush } }) =>
      [rounding, ...(contraction ? ['fused'] : []), ...(flush ? ['flushed'] : [])].join(' '),
    );
  expect(tell(0)).toEqual(['nearest', 'random', 'truncate', 'up']);
  expect([1, 2, 3, 4, 5].map((turn) => tell(turn)[0])).toEqual([
    'nearest fused',
    'nearest flushed',
    'nearest fused flushed',
    'nearest',
    'nearest fused',
  ]);
});

test('a coin is tossed for each bit of a word, the lowest first', () => {
  const gpu = new SimulatedGpu({ rounding: 'random', contraction: false, flush: false }, 7);
  const random = new Random(7);
  const bits = [random.word(), random.word(), random.word()]
    .flatMap((word) => [...word.toString(2).padStart(32, '0')].reverse())
    .map(Number);
  const sums = bits.map(() => gpu.add(1, 2 ** -40));
  expect(sums).toEqual(bits.map((bit) => (bit === 1 ? 1 : 1 + 2 ** -23)));
});

test('a random GPU rounds both ways, the same ways for the same seed', () => {
  const sums = (seed: number) => {
    const gpu = new SimulatedGpu({ rounding: 'random', contraction: false, flush: false }, seed);
    return Array.from({ length: 64 }, () => gpu.add(1, 2 ** -40));
  };
  expect(new Set(sums(1))).toEqual(new Set([1, 1 + 2 ** -23]));
  expect(sums(1)).toEqual(sums(1));
  expect(sums(1)).not.toEqual(sums(2));
});

test('denormals are kept or flushed, as operands and as results', () => {
  const [kept, flushed] = [false, true].map(
    (flush) => new SimulatedGpu({ rounding: 'nearest', contraction: false, flush }, 0),
  );
  expect(kept?.mul(2 ** -100, 2 ** -30)).toBe(2 ** -130);
  expect(flushed?.mul(2 ** -100, 2 ** -30)).toBe(0);
  expect(kept?.mul(2 ** -130, 2 ** 30)).toBe(2 ** -100);
  expect(flushed?.mul(2 ** -130, 2 ** 30)).toBe(0);
  expect(flushed?.mul(2 ** -126, 1)).toBe(2 ** -126);
  expect([flushed?.sqrt(2 ** -130), kept?.sqrt(2 ** -130)]).toEqual([0, 2 ** -65]);
});

test('a unit in the last place is the smaller one at a power of two, and the smallest denormal near zero', () => {
  expect([ulp(1 + 2 ** -23), ulp(2 ** -126), ulp(2 ** -125)]).toEqual([
    2 ** -23,
    2 ** -149,
    2 ** -149,
  ]);
  expect([ulp(1), ulp(1.5), ulp(-2), ulp(3), ulp(2 ** -140), ulp(0)]).toEqual([
    2 ** -24,
    2 ** -23,
    2 ** -23,
    2 ** -22,
    2 ** -149,
    2 ** -149,
  ]);
});

test('beside 0 are the least denormals', () => {
  expect([neighbour(0, true), neighbour(0, false)]).toEqual([2 ** -149, -(2 ** -149)]);
  expect(neighbour(-(2 ** -149), true)).toBe(-0);
});
