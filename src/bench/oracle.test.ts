import { describe, expect, test } from 'vitest';
import type { Call } from '../graph/call.ts';
import { type HostTensor, hostTensorFrom, valuesOf } from '../tensor/host.ts';
import { Random } from '../tensor/random.ts';
import { cast } from '../vocabulary/math/cast.ts';
import { tanh } from '../vocabulary/math/tanh.ts';
import { matmul } from '../vocabulary/matmul/matmul.ts';
import { coarserOf } from './coarser-functions.ts';
import { CallOracle } from './oracle.ts';
import type { Work } from './work.ts';

const random = new Random(5);
const drawn = (...shape: number[]) =>
  hostTensorFrom(
    'f32',
    shape,
    random.fill(
      shape.reduce((a, b) => a * b),
      () => random.normal(),
    ),
  );
const M = 3;
const K = 37;
const N = 5;
const a = drawn(M, K);
const b = drawn(K, N);
const call: Call<HostTensor> = { op: matmul, params: {}, inputs: { a, b } };
const backward: Call<HostTensor> = { ...call, grads: { y: drawn(M, N) }, wants: ['b'] };

/** a b, added up in float32, and each number then changed. */
function product(change = (y: number, _index: number) => y, x = a.data): HostTensor {
  const y = new Float32Array(M * N);
  for (let i = 0; i < M * N; i++) {
    let sum = 0;
    for (let k = 0; k < K; k++) {
      const term = (x[Math.floor(i / N) * K + k] as number) * (b.data[k * N + (i % N)] as number);
      sum = Math.fround(sum + term);
    }
    y[i] = change(sum, i);
  }
  return hostTensorFrom('f32', [M, N], y);
}

const results = (y: HostTensor, gradients = {}) => ({ outputs: { y }, gradients });

describe('what a call gave', () => {
  test('is right where all of it is within the bound of sums in any order', () => {
    const { compared, accuracy } = new CallOracle(call).judge(results(product()));
    expect(compared).toBe(M * N);
    expect(accuracy?.boundUsed).toBeGreaterThan(0);
    expect(accuracy?.boundUsed).toBeLessThan(1);
  });

  test('is wrong where one element is, and that one is named', () => {
    const oracle = new CallOracle(call);
    const last = product((y, i) => (i === M * N - 1 ? y + 1e-3 : y));
    expect(() => oracle.judge(results(last))).toThrow(
      /^y\[2, 4\] is .* 1 of 15 elements are wrong$/,
    );
    expect(() => oracle.judge(results(product()))).not.toThrow();
    const nan = product((y, i) => (i === 0 ? Number.NaN : y));
    expect(() => oracle.judge(results(nan))).toThrow(/not finite/);
  });

  test('is wrong where it is not there or of another shape', () => {
    const oracle = new CallOracle(call);
    expect(() => oracle.judge({ outputs: {}, gradients: {} })).toThrow('y was not computed');
    const flat = { ...product(), shape: [M * N] };
    expect(() => oracle.judge(results(flat))).toThrow('y has shape 15 and should have 3x5');
  });

  test('may have more beside it, which is not judged', () => {
    const outputs = { y: product(), saved: drawn(7) };
    expect(new CallOracle(call).judge({ outputs, gradients: {} }).compared).toBe(M * N);
  });

  test('needs its wanted gradients, which are judged too', () => {
    const oracle = new CallOracle(backward);
    expect(() => oracle.judge(results(product()))).toThrow('gradient of b was not computed');
    const dy = valuesOf(backward.grads?.['y'] as HostTensor);
    const db = Float64Array.from({ length: K * N }, (_, i) => {
      const k = Math.floor(i / N);
      const n = i % N;
      return Array.from({ length: M }).reduce<number>(
        (sum, _, m) => sum + (a.data[m * K + k] as number) * (dy[m * N + n] as number),
        0,
      );
    });
    const gradient = hostTensorFrom('f32', [K, N], db);
    const { compared } = oracle.judge(results(product(), { b: gradient }));
    expect(compared).toBe(M * N + K * N);
    db[7] = (db[7] as number) + 1e-3;
    const wrong = hostTensorFrom('f32', [K, N], db);
    expect(() => oracle.judge(results(product(), { b: wrong }))).toThrow(/^gradient of b\[1, 2\]/);
  });
});

describe('a coarser bound', () => {
  /** a with each row rounded to whole shares of its largest number. */
  const rounded = (levels: number) => {
    const x = Float32Array.from(a.data);
    for (let row = 0; row < M; row++) {
      const part = x.subarray(row * K, (row + 1) * K);
      const step = Math.max(...part.map(Math.abs)) / levels;
      part.set(part.map((value) => Math.round(value / step) * step));
    }
    return product(undefined, x);
  };
  const coarser = { relative: 1 / 254, source: 'its documentation' };

  test('takes activations of 8 bits and no fewer', () => {
    const oracle = new CallOracle(call);
    expect(() => oracle.judge(results(rounded(127)))).toThrow(/elements are wrong$/);
    expect(oracle.judge(results(rounded(127)), coarser).accuracy?.boundUsed).toBeLessThan(1);
    expect(() => oracle.judge(results(rounded(3)), coarser)).toThrow(/elements are wrong$/);
  });

  test('takes as much of a number as is documented, and of a gradient nothing', () => {
    const x = hostTensorFrom('f32', [2], [0.5, -3]);
    const y = [Math.tanh(0.5), Math.tanh(-3)] as const;
    const dy = hostTensorFrom('f32', [2], [1, 1]);
    const one = { op: tanh, params: {}, inputs: { x } };
    const off = (by: number) => hostTensorFrom('f32', [2], [y[0] + by, y[1]]);
    const tanhs = coarserOf({ name: 'tfjs-webgpu' }, {}, { kind: 'op', op: 'tanh' } as Work);
    expect(() => new CallOracle(one).judge(results(off(9e-6)))).toThrow(/elements are wrong$/);
    expect(new CallOracle(one).judge(results(off(9e-6)), tanhs).compared).toBe(2);
    expect(() => new CallOracle(one).judge(results(off(1.2e-5)), tanhs)).toThrow(/^y\[0\] is/);
    const slopes = (by: number) => ({
      dx: hostTensorFrom('f32', [2], [1 - y[0] ** 2 + by, 1 - y[1] ** 2]),
    });
    const back = new CallOracle({ ...one, grads: { y: dy } });
    const given = (by: number) => results(off(0), { x: slopes(by).dx });
    expect(back.judge(given(0), tanhs).compared).toBe(4);
    expect(() => back.judge(given(9e-6), tanhs)).toThrow(/^gradient of x\[0\] is/);
  });

  test('is of libraries alone, and of functions that are documented', () => {
    const tanhWork = { kind: 'op', op: 'tanh' } as Work;
    expect(coarserOf({ name: 'webgpu' }, {}, tanhWork)).toBeUndefined();
    expect(coarserOf({ name: 'tfjs-webgpu' }, {}, { kind: 'op', op: 'exp' } as Work)).toBe(
      undefined,
    );
    expect(coarserOf({ name: 'tfjs-webgpu' }, { coarser }, tanhWork)).toBe(coarser);
  });

  test('leaves what is equal as it is', () => {
    const x = hostTensorFrom('f32', [2], [1, 2]);
    const oracle = new CallOracle({ op: cast, params: { to: 'int32' }, inputs: { x } });
    const y = hostTensorFrom('i32', [2], [1, 3]);
    expect(() => oracle.judge(results(y), coarser)).toThrow(/should be 2/);
  });
});
