import { WebGpuBackend } from '../../src/backends/webgpu.ts';
import { hostTensorFrom } from '../../src/tensor/host.ts';
import type { Random } from '../../src/tensor/random.ts';
import { type Shape, sizeOf } from '../../src/tensor/shape.ts';
import { judgeResults } from '../../src/testing/judge-call.ts';
import { suite } from '../../src/testing/suite.ts';
import { withSetting } from '../../src/testing/with-setting.ts';
import { signatureOf } from '../../src/vocabulary/registry.ts';

export const tiles = suite('matmul.tiles', {
  description:
    'Tiles that a table or a large result asks for: of each size, whole and cut, whatever way the operands lie',
});

/** Operands whose product is several tiles of 32, and of 64, and some of whose terms are no slab. */
const OPERANDS: Readonly<Record<string, { a: Shape; b: Shape; params: object }>> = {
  odd: { a: [70, 37], b: [37, 131], params: {} },
  fours: { a: [68, 40], b: [40, 132], params: {} },
  transposed: { a: [36, 65], b: [129, 36], params: { transpose_a: true, transpose_b: true } },
  batches: { a: [2, 33, 5], b: [2, 5, 66], params: {} },
};

const normals = (random: Random, shape: Shape) =>
  hostTensorFrom(
    'f32',
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => random.normal()),
  );

const ALL = Object.keys(OPERANDS);

/**
 * Each side and each span is of a quick run once, with the operands of other ways to lie by the
 * smaller, whose kernels compile faster.
 */
for (const [side, span, of, tier] of [
  [32, 1, ALL, 'quick'],
  [64, 2, ['odd', 'fours'], 'quick'],
  [64, 2, ['transposed', 'batches'], 'full'],
  [32, 2, ALL, 'full'],
  [64, 1, ALL, 'full'],
] as const)
  tiles
    .case('square', { side: [side], span: [span], of })
    .tier(tier)
    .desc(
      'A product by tiles of a size that a table asks for is right, and nothing else is written.',
    )
    .control('a term of a slab read in place of its neighbour', (fault) =>
      fault.shader(
        'matmul/workgroup',
        'let left = slab_a[place_of(t, y) + j * (TILE / 4u)];',
        'let left = slab_a[place_of(t, y) + (j ^ 1u) * (TILE / 4u)];',
      ),
    )
    .run(async (t) => {
      const { a, b, params } = OPERANDS[String(t.params['of'])] as (typeof OPERANDS)[string];
      // So that an element that is not written is a NaN and not what an earlier run left there.
      t.gpu.memory.guarded = true;
      const random = t.random();
      const call = {
        op: signatureOf('matmul'),
        params,
        inputs: { a: normals(random, a), b: normals(random, b) },
        level: 'legal',
        variant: 'tiled',
      } as const;
      const sizes = { TILE: Number(t.params['side']), SPAN: Number(t.params['span']) };
      const rows = [{ variant: 'tiled', sizes }];
      const results = await withSetting(t.gpu, 'tuned', rows, () =>
        new WebGpuBackend(t.gpu).run(call),
      );
      judgeResults(t, call, results);
    });
