import deltaShader from '../../../shaders/attention/attention_delta.wgsl';
import flashShader from '../../../shaders/attention/attention_flash.wgsl';
import flashKeysShader from '../../../shaders/attention/attention_flash_backward_kv.wgsl';
import flashQueriesShader from '../../../shaders/attention/attention_flash_backward_q.wgsl';
import maskShader from '../../../shaders/attention/attention_mask_backward.wgsl';
import tiledShader from '../../../shaders/attention/attention_tiled.wgsl';
import tiledKeysShader from '../../../shaders/attention/attention_tiled_backward_kv.wgsl';
import tiledQueriesShader from '../../../shaders/attention/attention_tiled_backward_q.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import type { Constants } from '../../gpu/pipelines.ts';
import { linearGrid, type Shader, spread, type Workgroups } from '../../gpu/shader.ts';
import type { Shape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { sumToSize } from '../math/sum.ts';
import type { AttentionLayout, Heads, Operands } from './layout.ts';

/** Kernels that share out the rows of heads in tiles, and the columns that they sum in blocks. */
interface Tiles {
  readonly forward: Shader;
  readonly queries: Shader;
  readonly keys: Shader;
  /** Rows of a tile. */
  readonly rows: number;
  readonly tilesOfGroup: number;
  /** Blocks of columns for a width, and the constants of the kernel that sums so many. */
  readonly columns: (width: number) => { readonly blocks: number; readonly constants: Constants };
}

/** Columns that a quad sums at most: 8 vectors of four in each of its lanes. */
const MOST_COLUMNS = 128;
/** Columns that the lanes of a quad have in a vector each. */
const QUAD_COLUMNS = 16;

/** By variant: tiles in the registers of a quad, and in workgroup memory. */
const TILES = {
  flash: {
    forward: flashShader,
    queries: flashQueriesShader,
    keys: flashKeysShader,
    rows: 16,
    tilesOfGroup: 16,
    columns: (width) => {
      const blocks = Math.max(1, Math.ceil(width / MOST_COLUMNS));
      const vectors = Math.ceil(width / blocks / QUAD_COLUMNS);
      return { blocks, constants: { COLUMNS: Math.max(1, vectors) } };
    },
  },
  tiled: {
    forward: tiledShader,
    queries: tiledQueriesShader,
    keys: tiledKeysShader,
    rows: 32,
    tilesOfGroup: 1,
    columns: (width) => ({ blocks: Math.max(1, Math.ceil(width / 64)), constants: {} }),
  },
} as const satisfies Readonly<Record<string, Tiles>>;

/** A way to run the kernels. */
export type Tiling = keyof typeof TILES;

const BACKWARD = ['attention/attention_delta', 'attention/attention_mask_backward'];

/** Kernels of each way. */
export const KERNELS: Readonly<Record<Tiling, readonly string[]>> = {
  flash: [...filesOf(TILES.flash), ...BACKWARD],
  tiled: [...filesOf(TILES.tiled), ...BACKWARD],
};

function filesOf({ forward, queries, keys }: Tiles): string[] {
  return [forward, queries, keys].map(({ file }) => file);
}

/**
 * Bindings of operands that are filled up as the layout says. Without a mask the kernels use none; a
 * binding must be there all the same.
 */
function bindingsOf({ q, k, v, mask }: Operands, ...more: readonly Tensor[]) {
  return [q, k, v, mask ?? q, ...more].map((tensor) => tensor.binding);
}

/**
 * y as a tensor of `shape`, and of each row of [B, H, Q] the largest score and the sum of exp(score -
 * largest).
 */
export function flashForward(
  gpu: Gpu,
  tiling: Tiling,
  operands: Operands,
  layout: AttentionLayout,
  shape: Shape = layout.shape,
): { y: Tensor; row_stats: Tensor } {
  const tiles: Tiles = TILES[tiling];
  const y = Tensor.empty(gpu, 'f32', shape);
  const [batch, heads, queries, keys] = layout.scores;
  const row_stats = Tensor.empty(gpu, 'f32', [batch, heads, queries, 2]);
  const { blocks, constants } = tiles.columns(layout.valueWidth);
  gpu.dispatch({
    shader: tiles.forward,
    constants,
    bindings: bindingsOf(operands, y, row_stats),
    uniforms: layout.uniforms.forward,
    workgroups: gridOf(tiles, layout.q, blocks),
    flops: 2 * layout.rows * keys * (layout.keyWidth + layout.valueWidth),
  });
  return { y, row_stats };
}

/** A tile of a head after the other, and blocks of columns in the third dimension. */
function gridOf({ rows, tilesOfGroup }: Tiles, heads: Heads, blocks: number): Workgroups {
  const tiles = heads.batch * heads.heads * Math.ceil(heads.length / rows);
  const [x, y] = spread(Math.ceil(tiles / tilesOfGroup));
  return [x, y, blocks];
}

/**
 * What the backward pass needs of each row of [B, H, Q]: its row_stats, delta = the sum over the
 * columns of dy * y, and a 0.
 */
export function rowFactsOf(
  gpu: Gpu,
  { y, dy, row_stats }: Readonly<Record<'y' | 'dy' | 'row_stats', Tensor>>,
  { rows, uniforms, scores }: AttentionLayout,
): Tensor {
  const facts = Tensor.empty(gpu, 'f32', [...scores.slice(0, -1), 4]);
  gpu.dispatch({
    shader: deltaShader,
    bindings: [y, dy, row_stats, facts].map((tensor) => tensor.binding),
    uniforms: uniforms.backward,
    workgroups: linearGrid(rows),
  });
  return facts;
}

/** What flows back: the facts of rows, and dy filled up as the layout says. */
interface Flow {
  readonly facts: Tensor;
  readonly dy: Tensor;
}

/** The gradient of q, k or v, of a shape that is laid out so. */
export function flashGradient(
  gpu: Gpu,
  tiling: Tiling,
  { of, shape }: { readonly of: 'q' | 'k' | 'v'; readonly shape: Shape },
  operands: Operands,
  { facts, dy }: Flow,
  layout: AttentionLayout,
): Tensor {
  const tiles: Tiles = TILES[tiling];
  const gradient = Tensor.empty(gpu, 'f32', shape);
  const { blocks, constants } = tiles.columns(layout[of].width);
  const terms = of === 'v' ? layout.keyWidth : 2 * layout.keyWidth;
  gpu.dispatch({
    ...(of === 'q'
      ? { shader: tiles.queries, constants }
      : { shader: tiles.keys, constants: { ...constants, OF_VALUES: Number(of === 'v') } }),
    bindings: bindingsOf(operands, facts, dy, gradient),
    uniforms: layout.uniforms.backward,
    workgroups: gridOf(tiles, layout[of], blocks),
    flops: 2 * layout.rows * layout.scores[3] * (terms + layout.valueWidth),
  });
  return gradient;
}

/**
 * The gradient of a mask that is added to the scores: theirs, as a tensor of `shape`, summed over
 * what it was repeated for.
 */
export function maskGradient(
  gpu: Gpu,
  mask: Tensor,
  operands: Operands,
  { facts, dy }: Flow,
  { rows, scores, keyWidth, valueWidth, uniforms }: AttentionLayout,
  shape: Shape = scores,
): Tensor {
  using dscores = Tensor.empty(gpu, 'f32', shape);
  gpu.dispatch({
    shader: maskShader,
    bindings: bindingsOf(operands, facts, dy, dscores),
    uniforms: uniforms.backward,
    workgroups: linearGrid(rows * Math.ceil(scores[3] / 4)),
    flops: 2 * dscores.size * (keyWidth + valueWidth),
  });
  return sumToSize(gpu, dscores, mask.shape);
}
