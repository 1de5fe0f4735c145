import { describe, expect, test } from 'vitest';
import { heldAs } from '../tensor/half.ts';
import { Random } from '../tensor/random.ts';
import type { Range } from './foreseen.ts';
import { stepsIn } from './steps.ts';

const { fround } = Math;
const random = new Random(7);
const normals = random.fill(400, () => fround(random.normal(3)));
const positives = normals.map((x) => fround(Math.exp(x)));
const steps = stepsIn('bf16');
const exactly = (x: number) => steps.exactly(x);
const holds = ({ low, high }: Range, x: number): boolean => low <= x && x <= high;
const pairs = (of: Float64Array): [number, number][] =>
  Array.from(of.slice(1), (x, i) => [x, of[i] as number]);

describe('a range', () => {
  test('holds what float32 gives of two numbers, and no number far beside it', () => {
    const operations = {
      add: [steps.add, (a: number, b: number) => a + b],
      sub: [steps.sub, (a: number, b: number) => a - b],
      mul: [steps.mul, (a: number, b: number) => a * b],
      div: [steps.div, (a: number, b: number) => a / b],
    } as const;
    for (const [name, [range, operation]] of Object.entries(operations)) {
      for (const [a, b] of pairs(normals)) {
        const y = fround(operation(a, b));
        const found = range(exactly(a), exactly(b));
        expect(holds(found, y), `${name} of ${a}, ${b}`).toBe(true);
        expect(holds(found, y * (1 + 2 ** -21))).toBe(false);
        expect(holds(found, y * (1 - 2 ** -21))).toBe(false);
      }
    }
  });

  test('holds what float32 gives of functions that are 4 ULP off, and not 16', () => {
    for (const [x, y] of pairs(positives)) {
      const of = [
        [steps.log(exactly(x)), Math.log(x)],
        [steps.pow(exactly(x), exactly(0.37)), x ** 0.37],
        [steps.exp(exactly(fround(-y / 1e4))), Math.exp(fround(-y / 1e4))],
        [steps.ascending(exactly(x), Math.tanh), Math.tanh(x)],
      ] as const;
      for (const [found, exact] of of) {
        expect([2 ** -22, -(2 ** -22)].map((off) => holds(found, exact * (1 + off)))).toEqual([
          true,
          true,
        ]);
        expect(holds(found, exact * (1 + 2 ** -20)) && exact !== 0).toBe(false);
      }
      expect(holds(steps.root(exactly(x)), fround(Math.sqrt(x)))).toBe(true);
    }
  });

  test('of a sum holds the sums in any order', () => {
    const forward = normals.reduce((sum, x) => fround(sum + x), 0);
    const backward = normals.toReversed().reduce((sum, x) => fround(sum + x), 0);
    const found = steps.sum(Array.from(normals, exactly));
    expect([forward, backward].map((y) => holds(found, y))).toEqual([true, true]);
    expect(forward).not.toBe(backward);
    expect(found.high - found.low).toBeLessThan(
      2 ** -14 * normals.reduce((s, x) => s + Math.abs(x), 0),
    );
  });

  test('of ranges holds what any of their numbers gives', () => {
    const a = { low: -2, high: 3 };
    const b = { low: 0.5, high: 4 };
    for (const x of [-2, 0, 3]) {
      for (const y of [0.5, 1, 4]) {
        expect(holds(steps.mul(a, b), x * y)).toBe(true);
        expect(holds(steps.div(a, b), x / y)).toBe(true);
        expect(holds(steps.sub(a, b), x - y)).toBe(true);
        expect(holds(steps.pow(b, a), y ** x)).toBe(true);
        expect(holds(steps.either(exactly(x), exactly(y)), x)).toBe(true);
      }
    }
    expect(steps.neg(a)).toEqual({ low: -3, high: 2 });
    // A divisor that may be 0 leaves everything open.
    expect(steps.div(b, a)).toEqual({ low: -Infinity, high: Infinity });
  });
});

test.each(['f16', 'bf16'] as const)('what is stored in %s is one number, but for ties', (half) => {
  const { stored, mul, exactly: known } = stepsIn(half);
  const found = pairs(normals).map(([a, b]) => ({
    range: stored(mul(known(a), known(b))),
    y: heldAs(half, fround(a * b)),
  }));
  expect(found.every(({ range, y }) => holds(range, y))).toBe(true);
  const single = found.filter(({ range }) => range.low === range.high);
  expect(single.length).toBeGreaterThan(0.97 * found.length);
  // Between 1 and the next number of bfloat16 and of float16: either, where float32 may be off.
  const unit = half === 'bf16' ? 2 ** -7 : 2 ** -10;
  const tie = { low: 1 + unit / 2 - 2 ** -23, high: 1 + unit / 2 + 2 ** -23 };
  expect(stored(tie)).toEqual({ low: 1, high: 1 + unit });
});
