import { describe, expect, test } from 'vitest';
import { copied } from '../fixtures/described-kernels.ts';
import { type CallRow, expectCall } from '../fixtures/expect-call.ts';
import { describedCall } from '../fixtures/launches.ts';

const parts = { x0: [2, 3], x1: [2, 4] };
const gathered = {
  inputs: { x: [2, 3, 5], indices: [2, 2] },
  dtypes: { indices: 'i32' },
  params: { axis: 1 },
} as const;
const rows = {
  kernel: 'shape/gather_rows',
  binds: 'indices [16]',
  uniforms: { count: 4, size: 3 },
};

describe('elements move to their places', () => {
  test.each<CallRow>([
    [
      'one part after the other',
      'concat',
      { inputs: parts, params: { axis: 1 } },
      [
        copied('x0 y', 6, [
          [3, 1, 1, 0],
          [2, 3, 7, 0],
        ]),
        copied(
          'x1 y',
          8,
          [
            [4, 1, 1, 0],
            [2, 4, 7, 0],
          ],
          { y_start: 3 },
        ),
      ],
      { y: 'f32 2x7' },
    ],
    [
      'of integers, along the first axis',
      'concat',
      {
        inputs: { x0: [2, 3], x1: [4, 3] },
        dtypes: { x0: 'i32', x1: 'i32' },
        params: { axis: -2 },
      },
      [copied('x0 y', 6, [[6, 1, 1, 0]]), copied('x1 y', 12, [[12, 1, 1, 0]], { y_start: 6 })],
      { y: 'i32 6x3' },
    ],
    [
      'a gradient to the part that wants it',
      'concat',
      { inputs: parts, params: { axis: 1 }, wants: ['x1'] },
      [
        copied(
          'dy dx1',
          8,
          [
            [4, 1, 1, 0],
            [2, 7, 4, 0],
          ],
          { x_start: 3 },
        ),
      ],
      { x1: 'f32 2x4' },
    ],
    [
      'dimensions in another order',
      'transpose',
      { inputs: { x: [2, 3, 5] }, params: { perm: [2, 0, 1] } },
      [
        copied('x y', 30, [
          [6, 5, 1, 0],
          [5, 1, 6, 0],
        ]),
      ],
      { y: 'f32 5x2x3' },
    ],
    [
      'a gradient back to its order',
      'transpose',
      { inputs: { x: [2, 3, 5] }, params: { perm: [2, 0, 1] }, wants: ['x'] },
      [
        copied('dy dx', 30, [
          [5, 6, 1, 0],
          [6, 1, 5, 0],
        ]),
      ],
      { x: 'f32 2x3x5' },
    ],
    [
      'no gradient that is not wanted',
      'transpose',
      { inputs: { x: [2, 3] }, params: { perm: [1, 0] }, wants: ['y'] },
      [],
      {},
    ],
    [
      'where indices along the axis say',
      'gather',
      gathered,
      [
        rows,
        {
          kernel: 'shape/take_along',
          binds: 'x [16] y',
          uniforms: {
            ...{ count: 40, rows: 3, row_stride: 5, scale: 1 },
            axes: [
              [5, 1, 0, 0],
              [4, 0, 1, 0],
              [2, 15, 0, 0],
            ],
          },
          constants: { SCALED: 0, FOURS: 0 },
        },
      ],
      { y: 'f32 2x2x2x5' },
    ],
    [
      'sums of the rows that were read',
      'gather',
      { ...gathered, wants: ['x'] },
      [
        rows,
        copied('dy [160]', 40, [
          [5, 1, 1, 0],
          [2, 20, 5, 0],
          [4, 5, 10, 0],
        ]),
        { kernel: 'nn/embedding_heads', binds: '[28]', uniforms: { rows: 4, vocabulary: 3 } },
        {
          kernel: 'nn/embedding_chain',
          binds: '[16] [28]',
          uniforms: { rows: 4, vocabulary: 3 },
          flops: 16,
        },
        {
          kernel: 'nn/embedding_backward',
          binds: '[160] [28] [120]',
          uniforms: { count: 30, width: 10, rows: 4, vocabulary: 3, padding: 3 },
          constants: { FOURS: 0 },
        },
        copied('[120] dx', 30, [
          [5, 1, 1, 0],
          [3, 10, 5, 0],
          [2, 5, 15, 0],
        ]),
      ],
      { x: 'f32 2x3x5' },
    ],
    [
      'sums of whole rows as they are',
      'gather',
      {
        inputs: { x: [3, 8], indices: [4] },
        dtypes: { indices: 'i32' },
        params: { axis: 0 },
        wants: ['x'],
      },
      [
        rows,
        { kernel: 'nn/embedding_heads', binds: '[28]', uniforms: { rows: 4, vocabulary: 3 } },
        {
          kernel: 'nn/embedding_chain',
          binds: '[16] [28]',
          uniforms: { rows: 4, vocabulary: 3 },
          flops: 16,
        },
        {
          kernel: 'nn/embedding_backward',
          binds: 'dy [28] dx',
          uniforms: { count: 24, width: 8, rows: 4, vocabulary: 3, padding: 3 },
          constants: { FOURS: 1 },
        },
      ],
      { x: 'f32 3x8' },
    ],
    ['no gradient that is not wanted', 'gather', { ...gathered, wants: ['indices'] }, [], {}],
  ])('%s: %s', (_, ...call) => expectCall(...call));
});

const deep = [2, 1, 1, 1, 1, 1, 1, 1, 1];

describe('what cannot be moved is refused', () => {
  test.each<[op: string, inputs: object, params: object, message: string]>([
    ['concat', {}, { axis: 0 }, 'concat: there is no x0, and nothing to put together'],
    [
      'concat',
      { x0: [2, 3], x1: [4, 4] },
      { axis: 0 },
      'concat: x1 of 4x4 does not continue 2x3 along axis 0',
    ],
    [
      'concat',
      { x0: [2, 3], x1: [2, 3, 1] },
      { axis: 1 },
      'concat: x1 of 2x3x1 does not continue 2x3 along axis 1',
    ],
    ['concat', { x0: deep }, { axis: 0 }, 'concat: 2x1x1x1x1x1x1x1x1 has more than 8 dimensions'],
    ['concat', { x0: [2, 3] }, { axis: 2 }, 'concat: a tensor of 2x3 has no axis 2'],
    [
      'transpose',
      { x: [2, 3] },
      { perm: [0, 0] },
      'transpose: [0, 0] is no order of the dimensions of 2x3',
    ],
    [
      'transpose',
      { x: [2, 3] },
      { perm: [0, 1, 2] },
      'transpose: [0, 1, 2] is no order of the dimensions of 2x3',
    ],
    [
      'transpose',
      { x: deep },
      { perm: [...deep.keys()] },
      'transpose: 2x1x1x1x1x1x1x1x1 has more than 8 dimensions',
    ],
  ])('%s of %j by %j', async (op, inputs, params, message) => {
    const call = { inputs: inputs as Record<string, number[]>, params };
    await expect(describedCall(op, call)).rejects.toThrow(message);
  });

  test('parts of types that meet in none', async () => {
    const call = { inputs: parts, dtypes: { x0: 'u8', x1: 'i8' } as const, params: { axis: 1 } };
    await expect(describedCall('concat', call)).rejects.toThrow(
      'concat: no tensor has the type that torch gives u8 with i8: cast one first',
    );
  });

  test('eight dimensions are moved', async () => {
    const x = [2, 1, 1, 1, 1, 1, 1, 3];
    const call = { inputs: { x }, params: { perm: [7, 1, 2, 3, 4, 5, 6, 0] } };
    await expectCall(
      'transpose',
      call,
      [
        copied('x y', 6, [
          [2, 3, 1, 0],
          [3, 1, 2, 0],
        ]),
      ],
      { y: 'f32 3x1x1x1x1x1x1x2' },
    );
  });
});
