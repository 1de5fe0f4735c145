import { describe, expect, test } from 'vitest';
import { hostTensorFrom, valuesOf } from '../tensor/host.ts';
import type { Shape } from '../tensor/shape.ts';
import { FLUSH, gamma } from './bounds.ts';
import type { Value } from './record.ts';
import { records } from './registry.ts';

/** Operands whose result has 7 rows or positions of 3 columns or channels, or one. */
const operands = (
  rows: number,
): Readonly<
  Record<string, { readonly inputs: Readonly<Record<string, Shape>>; readonly y: Shape }>
> => ({
  matmul: { inputs: { a: [rows, 2], b: [2, 3], bias: [3] }, y: [rows, 3] },
  conv2d: { inputs: { x: [1, 1, rows, 1], weight: [3, 1, 1, 1], bias: [3] }, y: [1, 3, rows, 1] },
  layer_norm: { inputs: { x: [rows, 3], weight: [3], bias: [3] }, y: [rows, 3] },
  rms_norm: { inputs: { x: [rows, 3], weight: [3], bias: [3] }, y: [rows, 3] },
});

const ones = (shape: Shape): Value => {
  const size = shape.reduce((a, b) => a * b, 1);
  return { shape, data: valuesOf(hostTensorFrom('f32', shape, Array(size).fill(1))) };
};

/** What the ops are told, all of it. */
const PARAMS = { eps: 1e-5, alpha: 1, beta: 1 };

/** The bound of the gradient of the bias where every element that flows in is 1. */
function boundOf(op: string, rows: number): number {
  const { inputs, y } = operands(rows)[op] as ReturnType<typeof operands>[string];
  const values = Object.fromEntries(
    Object.entries(inputs).map(([name, shape]) => [name, ones(shape)]),
  );
  const arithmetic = { depth: (terms: number) => terms, ieee: false };
  const record = records.get(op);
  const given = [values, PARAMS as never, { y: ones(y) }] as const;
  const gradients = record?.vjp?.(...given) ?? {};
  const acceptance = record?.vjpAcceptance?.(values, gradients, given[1], given[2], arithmetic)[
    'bias'
  ];
  return acceptance?.kind === 'within' ? (acceptance.bound[0] as number) : Number.NaN;
}

describe.each(['matmul', 'conv2d', 'layer_norm', 'rms_norm'])(
  'the gradient of the bias of %s',
  (op) => {
    test('is a copy where there is one row, which no rounding changes', () => {
      expect(boundOf(op, 1)).toBe(FLUSH);
    });

    test('has one rounding less than there are rows', () => {
      expect(boundOf(op, 7)).toBe(gamma(6) * 7 + 7 * FLUSH);
    });
  },
);
