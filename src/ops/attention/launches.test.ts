import { describe, expect, test } from 'vitest';
import { type CallRow, expectCall } from '../fixtures/expect-call.ts';
import { describedCall } from '../fixtures/launches.ts';

/** Four heads of queries share two of keys: 24 queries, 28 keys. Columns are whole vectors. */
const QKV = { q: [2, 4, 3, 8], k: [2, 2, 7, 8], v: [2, 2, 7, 20] };
const HEADS = {
  q: [96, 24, 8, 8],
  k: [112, 56, 8, 8],
  v: [280, 140, 20, 20],
  y: [240, 60, 20, 20],
};
const sizes = { heads: 4, group: 2, queries: 3, keys: 7, rows: 24, kv_rows: 28 };
const SCALE = Math.fround(1 / Math.sqrt(8));
const told = (mask = [0, 0, 0, 0], mask_kind = 0) => ({
  ...{ ...HEADS, mask, ...sizes, causal: 0, mask_kind },
  ...{ key_width: 8, value_width: 20, scale: SCALE, softcap: 0 },
});
const launch = (kernel: string, binds: string, more: object = {}) => ({
  kernel: `attention/${kernel}`,
  binds,
  uniforms: told(),
  ...more,
});
/** A sum and a product for each of 168 scores and each column. */
const scores = (columns: number) => 2 * 168 * columns;
const DELTA = launch('attention_delta', 'y dy row_stats [384]');
/** Of 20 columns of values a lane sums two vectors, of 8 of keys one. */
const CONSTANTS = {
  flash: { keys: { COLUMNS: 1 }, values: { COLUMNS: 2 } },
  tiled: { keys: {}, values: {} },
} as const;

describe.each(['flash', 'tiled'] as const)('attention, %s', (variant) => {
  const kernel = `attention_${variant}`;
  const { keys, values } = CONSTANTS[variant];
  const call = { inputs: QKV, variant };

  test.each<CallRow>([
    [
      'without storing a score',
      'scaled_dot_product_attention',
      call,
      [launch(kernel, 'q k v q y row_stats', { constants: values, flops: scores(28) })],
      { y: 'f32 2x4x3x20', row_stats: 'f32 2x4x3x2' },
    ],
    [
      'with a mask',
      'scaled_dot_product_attention',
      { ...call, inputs: { ...QKV, mask: [3, 7] }, dtypes: { mask: 'u8' } },
      [
        {
          ...launch(kernel, 'q k v mask y row_stats', { constants: values, flops: scores(28) }),
          uniforms: told([0, 0, 7, 1], 1),
        },
      ],
      { y: 'f32 2x4x3x20', row_stats: 'f32 2x4x3x2' },
    ],
    [
      'all gradients without a score',
      'scaled_dot_product_attention',
      { ...call, wants: ['q', 'k', 'v'] },
      [
        DELTA,
        launch(`${kernel}_backward_q`, 'q k v q [384] dy dq', {
          ...{ constants: keys, flops: scores(36) },
        }),
        launch(`${kernel}_backward_kv`, 'q k v q [384] dy dk', {
          ...{ constants: { ...keys, OF_VALUES: 0 }, flops: scores(36) },
        }),
        launch(`${kernel}_backward_kv`, 'q k v q [384] dy dv', {
          ...{ constants: { ...values, OF_VALUES: 1 }, flops: scores(28) },
        }),
      ],
      { q: 'f32 2x4x3x8', k: 'f32 2x2x7x8', v: 'f32 2x2x7x20' },
    ],
    [
      'the gradient of the values alone, with a mask',
      'scaled_dot_product_attention',
      { ...call, inputs: { ...QKV, mask: [2, 1, 3, 7] }, wants: ['v'] },
      [
        { ...DELTA, uniforms: told([21, 0, 7, 1], 2) },
        {
          ...launch(`${kernel}_backward_kv`, 'q k v mask [384] dy dv', { flops: scores(28) }),
          uniforms: told([21, 0, 7, 1], 2),
          constants: { ...values, OF_VALUES: 1 },
        },
      ],
      { v: 'f32 2x2x7x20' },
    ],
    [
      'the gradient of a mask, before a cap',
      'scaled_dot_product_attention',
      {
        ...call,
        inputs: { ...QKV, mask: [3, 7] },
        params: { softcap: 2 },
        wants: ['mask'],
      },
      (() => {
        const uniforms = { ...told([0, 0, 7, 1], 2), softcap: 2 };
        return [
          { ...DELTA, uniforms },
          {
            ...launch('attention_mask_backward', 'q k v mask [384] dy [672]', { uniforms }),
            flops: scores(28),
          },
          {
            ...{ kernel: 'math/reduce_sum', binds: '[672] dmask' },
            constants: { INNER_KEPT: 1, ROOT: 0, SQUARES: 0 },
            uniforms: {
              ...{ count: 21, terms: 8, kept: 1, parts: 1, scale: 1 },
              ...{ apart: 1, step: 1, reach: 8 },
              axes: [
                [21, 1, 0, 0],
                [8, 21, 0, 0],
              ],
            },
          },
        ];
      })(),
      { mask: 'f32 3x7' },
    ],
    [
      'no gradient that is not wanted, and none of bytes',
      'scaled_dot_product_attention',
      { ...call, inputs: { ...QKV, mask: [3, 7] }, dtypes: { mask: 'u8' }, wants: ['mask'] },
      [],
      {},
    ],
  ])('%s: %s', (_, ...row) => expectCall(...row));
});

const ids = { position_ids: 'i32' } as const;
const rotary = {
  inputs: { q: [2, 4, 3, 2], k: [2, 1, 3, 2], position_ids: [2, 3] },
  dtypes: ids,
  params: { head_dim: 2, theta: 4 },
};
/** Powers 4^-(2^j) as fractions of 2^64, and the first 53 bits of 1 / (2 pi). */
const angles = {
  kernel: 'attention/rotary_angles',
  binds: 'position_ids [24] [24]#2',
  uniforms: {
    powers: [
      [2 ** 30, 0, 2 ** 28, 0],
      [2 ** 24, 0, 2 ** 16, 0],
      [1, 0, 0, 1],
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ],
    turn: [0x28be60db, 0x93910600],
    ...{ count: 6, pairs: 1 },
  },
};
const rotated = (binds: string, x: number[], uniforms: Readonly<Record<string, number>>) => ({
  kernel: 'attention/rotary_embedding_cache',
  binds,
  uniforms: { x, ...uniforms },
});
const turned = { length: 3, pairs: 1, interleaved: 0, positions: 0, positions_batch: 3 };
const cached = {
  inputs: { x: [2, 3, 8], cos: [9, 1], sin: [9, 1], position_ids: [2, 3] },
  dtypes: ids,
  params: { heads: 2, convention: 'interleaved' },
};
const byTable = { heads: 2, length: 3, count: 48, pairs: 1, positions_batch: 3 };

describe('rotary embedding', () => {
  test.each<CallRow>([
    [
      'of queries and keys',
      'rotary_embedding',
      rotary,
      [
        angles,
        rotated("q [24] [24]#2 [24] q'", [24, 6, 2, 2], {
          ...{ ...turned, heads: 4, count: 48, sign: 1 },
        }),
        rotated("k [24] [24]#2 [24] k'", [6, 6, 2, 2], {
          ...{ ...turned, heads: 1, count: 12, sign: 1 },
        }),
      ],
      { q: 'f32 2x4x3x2', k: 'f32 2x1x3x2' },
    ],
    [
      'back, of neighbours',
      'rotary_embedding',
      { ...rotary, params: { ...rotary.params, convention: 'interleaved' }, wants: ['q'] },
      [
        angles,
        rotated("dq' [24] [24]#2 [24] dq", [24, 6, 2, 2], {
          ...{ ...turned, heads: 4, count: 48, interleaved: 1, sign: -1 },
        }),
      ],
      { q: 'f32 2x4x3x2' },
    ],
    [
      'no gradient that is not wanted',
      'rotary_embedding',
      { ...rotary, wants: ['position_ids'] },
      [],
      {},
    ],
    [
      'nothing flows to what got no gradient',
      'rotary_embedding',
      { ...rotary, wants: ['k'] },
      [angles],
      { k: 'f32 2x1x3x2' },
      { dk: new Array(12).fill(0) },
    ],
    [
      'by rows of tables',
      'rotary_embedding_cache',
      cached,
      [
        rotated('x cos sin position_ids y', [24, 4, 8, 4], {
          ...{ ...byTable, interleaved: 1, positions: 9, sign: 1 },
        }),
      ],
      { y: 'f32 2x3x8' },
    ],
    [
      'by rows of tables, back',
      'rotary_embedding_cache',
      { ...cached, wants: ['x'] },
      [
        rotated('dy cos sin position_ids dx', [24, 4, 8, 4], {
          ...{ ...byTable, interleaved: 1, positions: 9, sign: -1 },
        }),
      ],
      { x: 'f32 2x3x8' },
    ],
    [
      'by a table of each position',
      'rotary_embedding_cache',
      { inputs: { x: [2, 2, 3, 4], cos: [2, 3, 2], sin: [2, 3, 2] } },
      [
        rotated('x cos sin cos y', [24, 12, 4, 4], {
          ...{ ...byTable, pairs: 2, interleaved: 0, positions: 0, sign: 1 },
        }),
      ],
      { y: 'f32 2x2x3x4' },
    ],
    [
      'no gradient that is not wanted',
      'rotary_embedding_cache',
      { ...cached, wants: ['cos'] },
      [],
      {},
    ],
  ])('%s: %s', (_, ...call) => expectCall(...call));

  test.each([
    [{ cos: [2, 9, 1], sin: [2, 9, 1] }, 'cos 2x9x1, sin 2x9x1 and position_ids 2x3'],
    [{ sin: [9, 2] }, 'cos 9x1, sin 9x2 and position_ids 2x3'],
    [{ position_ids: [3, 2] }, 'cos 9x1, sin 9x1 and position_ids 3x2'],
    [{ cos: [9, 3], sin: [9, 3] }, 'cos 9x3, sin 9x3 and position_ids 2x3'],
  ])('by tables of %j is refused', async (other, message) => {
    const call = { ...cached, inputs: { ...cached.inputs, ...other } };
    await expect(describedCall('rotary_embedding_cache', call)).rejects.toThrow(
      `rotary_embedding_cache: ${message} do not fit x of 2 batches, 3 positions, 4 columns`,
    );
  });

  test('by tables of another length is refused', async () => {
    const inputs = { x: [2, 2, 3, 4], cos: [2, 4, 2], sin: [2, 4, 2] };
    await expect(describedCall('rotary_embedding_cache', { inputs })).rejects.toThrow(
      'cos 2x4x2, sin 2x4x2 do not fit x of 2 batches, 3 positions, 4 columns',
    );
  });
});
