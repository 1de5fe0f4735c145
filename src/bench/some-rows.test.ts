import { describe, expect, test } from 'vitest';
import { type HostTensor, hostTensorFrom, valuesOf } from '../tensor/host.ts';
import { matmul } from '../vocabulary/matmul/matmul.ts';
import { rmsNorm } from '../vocabulary/nn/rms_norm.ts';
import { drawnCall } from './drawn.ts';
import { opWork } from './op-work.ts';
import { CallOracle } from './oracle.ts';
import { someRows } from './some-rows.ts';

const M = 40;
const SIDE = 8;
const COUNT = 6;
const call = drawnCall(
  opWork({
    op: matmul,
    sizes: { m: M },
    group: 'products',
    flops: 2 * M * SIDE * SIDE,
    inputs: { a: [M, SIDE], b: [SIDE, SIDE] },
    gives: { y: [M, SIDE] },
  }),
);

/** a b, with 1 added to all elements of some rows. */
function product(wrong: readonly number[] = []): HostTensor {
  const { a, b } = call.inputs as { readonly a: HostTensor; readonly b: HostTensor };
  const left = valuesOf(a);
  const right = valuesOf(b);
  const y = new Float64Array(M * SIDE);
  for (let i = 0; i < y.length; i++) {
    const row = Math.floor(i / SIDE);
    let sum = wrong.includes(row) ? 1 : 0;
    for (let k = 0; k < SIDE; k++)
      sum += (left[row * SIDE + k] as number) * (right[k * SIDE + (i % SIDE)] as number);
    y[i] = sum;
  }
  return hostTensorFrom('f32', [M, SIDE], y);
}

function judged(y: HostTensor) {
  const { call: few, cut } = someRows(call, COUNT);
  return new CallOracle(few).judge(cut({ outputs: { y }, gradients: {} }));
}

describe('some rows of a product', () => {
  test('are right where the product is', () => {
    expect(judged(product()).compared).toBe(COUNT * SIDE);
  });

  test('are wrong where the first, the last or any that was drawn is', () => {
    const seen = Array.from({ length: M }, (_, row) => row).filter((row) => {
      try {
        judged(product([row]));
        return false;
      } catch {
        return true;
      }
    });
    expect(seen).toHaveLength(COUNT);
    expect([seen[0], seen.at(-1)]).toEqual([0, M - 1]);
  });

  test('of a result of another shape are not cut to the right one', () => {
    const y = hostTensorFrom('f32', [SIDE, M], valuesOf(product()));
    expect(() => judged(y)).toThrow(/has shape/);
  });

  test('are not asked of another call', () => {
    const { op, inputs, params } = call;
    expect(() => someRows({ op, inputs, params: { ...params, transpose_a: true } }, 2)).toThrow(
      /not judged row by row/,
    );
  });
});

test('a number for each row is cut as rows are', () => {
  const { cut } = someRows(
    drawnCall(
      opWork({
        op: rmsNorm,
        sizes: { rows: M },
        group: 'rows',
        flops: 1,
        params: { eps: 1e-5 },
        inputs: { x: [M, SIDE], weight: [SIDE] },
        gives: { y: [M, SIDE] },
      }),
    ),
    COUNT,
  );
  const counted = hostTensorFrom(
    'f32',
    [M, 1],
    Float64Array.from({ length: M }, (_, i) => i),
  );
  const flat = hostTensorFrom('f32', [M], valuesOf(counted));
  const { rstd, rms } = cut({ outputs: { rstd: flat, rms: counted }, gradients: {} }).outputs;
  expect(rstd?.shape).toEqual([COUNT]);
  expect(rms?.shape).toEqual([COUNT, 1]);
  expect([rstd?.data[0], rstd?.data[1]]).toEqual([0, M - 1]);
  expect(rms?.data).toEqual(rstd?.data);
});
