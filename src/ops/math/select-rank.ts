import countShader from '../../../shaders/math/quantile_count.wgsl';
import descendShader from '../../../shaders/math/quantile_descend.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { linearGrid, u32 } from '../../gpu/shader.ts';
import { hostTensor } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';

/** The kernels of {@link selectRank}. */
export const SELECT_KERNELS = [countShader.file, descendShader.file] as const;

/** Elements of a row that a workgroup takes. */
const GROUP = 256 * 16;

/** From which bit on a round looks at 8 bits of the keys. */
const ROUNDS = [24, 16, 8, 0];

/** Rows whose elements are ordered, by value or by magnitude. */
interface Rows {
  readonly rows: number;
  readonly width: number;
  readonly absolute: boolean;
}

/** Workgroups of kernels that walk rows: rows are the second dimension. */
export const groupsOfRows = ({ rows, width }: Rows) => [Math.ceil(width / GROUP), rows, 1] as const;

/**
 * Three words for each row of x (f32 [rows, width], without NaN): the key of its element of this rank,
 * the element's rank among equal ones, and how many these are. Nothing is read back. The caller owns
 * them.
 */
export function selectRank(gpu: Gpu, x: Tensor, rows: Rows, rank: number): Tensor {
  const found = repeated(gpu, rows.rows, [0, rank, 0]);
  descend(gpu, x, rows, found);
  return found;
}

/**
 * The same of places: of the elements that are equal to the one that was found, the place in its row
 * of the one of that rank among them.
 */
export function selectTie(gpu: Gpu, x: Tensor, rows: Rows, found: Tensor): Tensor {
  const places = found.clone();
  descend(gpu, x, rows, places, found);
  return places;
}

function descend(gpu: Gpu, x: Tensor, rows: Rows, found: Tensor, chosen?: Tensor): void {
  using bins = repeated(gpu, rows.rows, new Array<number>(256).fill(0));
  for (const shift of ROUNDS) {
    gpu.dispatch({
      shader: countShader,
      constants: { ABSOLUTE: Number(rows.absolute), TIES: Number(chosen !== undefined) },
      // Of all elements the kernel reads no choice; a binding must be there all the same.
      bindings: [x, found, chosen ?? found, bins].map((tensor) => tensor.binding),
      uniforms: [u32(rows.width), u32(shift)],
      workgroups: groupsOfRows(rows),
    });
    gpu.dispatch({
      shader: descendShader,
      bindings: [bins.binding, found.binding],
      uniforms: [u32(rows.rows), u32(shift)],
      workgroups: linearGrid(rows.rows),
    });
  }
}

/** The same words for every row. The caller owns them. */
export function repeated(gpu: Gpu, rows: number, words: readonly number[]): Tensor {
  const data = new Uint32Array(rows * words.length);
  for (let row = 0; row < rows; row++) data.set(words, row * words.length);
  return Tensor.from(gpu, hostTensor('u32', [data.length], data));
}
