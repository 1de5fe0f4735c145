import { describe, expect, test } from 'vitest';
import { type CallRow, expectCall } from '../fixtures/expect-call.ts';
import { describedCall } from '../fixtures/launches.ts';

/** Four heads of queries share two of keys: 24 queries, 28 keys. */
const QKV = { q: [2, 4, 3, 5], k: [2, 2, 7, 5], v: [2, 2, 7, 6] };
const HEADS = { q: [60, 15, 5, 5], k: [70, 35, 5, 5], v: [84, 42, 6, 6], y: [72, 18, 6, 6] };
const SCALE = Math.fround(1 / Math.sqrt(5));
const sizes = { heads: 4, group: 2, queries: 3, keys: 7 };
const told = (mask = [0, 0, 0, 0], mask_kind = 0) => ({
  ...{ ...HEADS, mask, ...sizes, rows: 24, kv_rows: 28 },
  ...{ causal: 0, mask_kind, scale: SCALE, softcap: 0 },
});
const launch = (kernel: string, binds: string, flops?: number, more: object = {}) => ({
  kernel: `attention/${kernel}`,
  binds,
  uniforms: told(),
  ...(flops === undefined ? {} : { flops }),
  ...more,
});
/** A sum and a product for each of 168 scores and each column. */
const scores = (columns: number) => 2 * 168 * columns;
const weighted = (
  kernel: string,
  binds: string,
  heads: Readonly<Record<'x' | 'y', number[]>>,
  { rows, scale, columns }: Readonly<Record<'rows' | 'scale' | 'columns', number>>,
) => ({
  kernel: `attention/${kernel}`,
  binds,
  uniforms: { ...heads, ...sizes, rows, scale },
  flops: scores(columns),
});
const flash = { inputs: QKV, variant: 'flash' };
const naive = { inputs: QKV, variant: 'naive' };

describe('attention', () => {
  test.each<CallRow>([
    [
      'without storing a score',
      'scaled_dot_product_attention',
      flash,
      [launch('attention_flash', 'q k v q y row_stats', scores(11))],
      { y: 'f32 2x4x3x6', row_stats: 'f32 2x4x3x2' },
    ],
    [
      'with a mask',
      'scaled_dot_product_attention',
      { ...flash, inputs: { ...QKV, mask: [3, 7] }, dtypes: { mask: 'u8' } },
      [
        {
          ...launch('attention_flash', 'q k v mask y row_stats', scores(11)),
          uniforms: told([0, 0, 7, 1], 1),
        },
      ],
      { y: 'f32 2x4x3x6', row_stats: 'f32 2x4x3x2' },
    ],
    [
      'all gradients without a score',
      'scaled_dot_product_attention',
      { ...flash, wants: ['q', 'k', 'v'] },
      [
        launch('attention_delta', 'y dy [96]'),
        launch('attention_flash_backward_q', 'q k v q row_stats [96] dy dq', scores(16)),
        launch('attention_flash_backward_kv', 'q k v q row_stats [96] dy dk', scores(16), {
          constants: { OF_VALUES: 0 },
        }),
        launch('attention_flash_backward_kv', 'q k v q row_stats [96] dy dv', scores(16), {
          constants: { OF_VALUES: 1 },
        }),
      ],
      { q: 'f32 2x4x3x5', k: 'f32 2x2x7x5', v: 'f32 2x2x7x6' },
    ],
    [
      'the gradient of the values alone, with a mask',
      'scaled_dot_product_attention',
      { ...flash, inputs: { ...QKV, mask: [2, 1, 3, 7] }, wants: ['v'] },
      [
        {
          ...launch('attention_flash_backward_kv', 'q k v mask row_stats dy dy dv', scores(16)),
          uniforms: told([21, 0, 7, 1], 2),
          constants: { OF_VALUES: 1 },
        },
      ],
      { v: 'f32 2x2x7x6' },
    ],
    [
      'by stored scores',
      'scaled_dot_product_attention',
      naive,
      [
        launch('attention_scores', 'q k weights', scores(5)),
        launch('attention_weights', 'q weights'),
        weighted(
          'attention_values',
          'weights v y',
          { x: HEADS.v, y: HEADS.y },
          { rows: 24, scale: 1, columns: 6 },
        ),
      ],
      { y: 'f32 2x4x3x6', weights: 'f32 2x4x3x7' },
    ],
    [
      'by stored scores, with a mask',
      'scaled_dot_product_attention',
      { ...naive, inputs: { ...QKV, mask: [2, 1, 3, 7] } },
      [
        {
          ...launch('attention_scores', 'q k weights', scores(5)),
          uniforms: told([21, 0, 7, 1], 2),
        },
        { ...launch('attention_weights', 'mask weights'), uniforms: told([21, 0, 7, 1], 2) },
        weighted(
          'attention_values',
          'weights v y',
          { x: HEADS.v, y: HEADS.y },
          { rows: 24, scale: 1, columns: 6 },
        ),
      ],
      { y: 'f32 2x4x3x6', weights: 'f32 2x4x3x7' },
    ],
    [
      'all gradients by stored scores',
      'scaled_dot_product_attention',
      { ...naive, wants: ['q', 'k', 'v'] },
      [
        launch('attention_delta', 'y dy [96]'),
        launch('attention_scores_backward', 'q k v weights [96] dy [672]', scores(11)),
        weighted(
          'attention_values',
          '[672] k dq',
          { x: HEADS.k, y: HEADS.q },
          { rows: 24, scale: SCALE, columns: 5 },
        ),
        weighted(
          'attention_values_transposed',
          '[672] q dk',
          { x: HEADS.q, y: HEADS.k },
          { rows: 28, scale: SCALE, columns: 5 },
        ),
        weighted(
          'attention_values_transposed',
          'weights dy dv',
          { x: HEADS.y, y: HEADS.v },
          { rows: 28, scale: 1, columns: 6 },
        ),
      ],
      { q: 'f32 2x4x3x5', k: 'f32 2x2x7x5', v: 'f32 2x2x7x6' },
    ],
    [
      'the gradient of the values alone, by stored scores',
      'scaled_dot_product_attention',
      { ...naive, wants: ['v'] },
      [
        weighted(
          'attention_values_transposed',
          'weights dy dv',
          { x: HEADS.y, y: HEADS.v },
          { rows: 28, scale: 1, columns: 6 },
        ),
      ],
      { v: 'f32 2x2x7x6' },
    ],
    ...([flash, naive] as const).map(
      (call): CallRow => [
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
          const again = [
            { ...launch('attention_scores', 'q k [672]', scores(5)), uniforms },
            { ...launch('attention_weights', 'mask [672]'), uniforms },
          ];
          const [weights, dscores] = call === flash ? ['[672]', '[672]#2'] : ['weights', '[672]'];
          return [
            { ...launch('attention_delta', 'y dy [96]'), uniforms },
            ...(call === flash ? again : []),
            {
              ...launch('attention_scores_backward', `q k v ${weights} [96] dy ${dscores}`),
              ...{ flops: scores(11), uniforms: { ...uniforms, softcap: 0 } },
            },
            {
              ...{ kernel: 'math/reduce_sum', binds: `${dscores} dmask` },
              constants: { INNER_KEPT: 1, ROOT: 0, SQUARES: 0 },
              uniforms: {
                ...{ count: 21, terms: 8, kept: 1, parts: 1, scale: 1 },
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
    ),
    ...([flash, naive] as const).map(
      (call): CallRow => [
        'no gradient that is not wanted, and none of bytes',
        'scaled_dot_product_attention',
        { ...call, inputs: { ...QKV, mask: [3, 7] }, dtypes: { mask: 'u8' }, wants: ['mask'] },
        [],
        {},
      ],
    ),
  ])('%s: %s', (_, ...call) => expectCall(...call));
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
