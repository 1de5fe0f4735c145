import countShader from '../../../shaders/math/quantile_count.wgsl';
import descendShader from '../../../shaders/math/quantile_descend.wgsl';
import { type Gpu, hasFewLanes } from '../../gpu/gpu.ts';
import { linearGrid, u32 } from '../../gpu/shader.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { filled } from '../shape/fill.ts';

/** The kernels of {@link selectRank}. */
export const SELECT_KERNELS = ['shape/fill', countShader.file, descendShader.file] as const;

/**
 * Elements of a row that a workgroup takes: many where a workgroup that waits for its lanes costs as
 * much as thousands of elements.
 */
const ELEMENTS = { few: 65_536, many: 4096 } as const;

/** From which bit on a round looks at 8 bits of the keys. */
const ROUNDS = [24, 16, 8, 0];

/** The bits of a key above the eight from bit `shift` on. */
const above = (shift: number): number => 2 ** 32 - 2 ** (shift + 8);

/** Rows whose elements are ordered, by value or by magnitude. */
interface Rows {
  readonly rows: number;
  readonly width: number;
  readonly absolute: boolean;
}

/** Workgroups of kernels that walk rows: rows are the second dimension. */
export const groupsOfRows = (gpu: Gpu, { rows, width }: Rows) =>
  [Math.ceil(width / ELEMENTS[hasFewLanes(gpu) ? 'few' : 'many']), rows, 1] as const;

/**
 * Three words for each row of x (f32 [rows, width], without NaN): the key of its element of this rank,
 * the element's rank among equal ones, and how many these are. Nothing is read back. The caller owns
 * them.
 */
export function selectRank(gpu: Gpu, x: Tensor, rows: Rows, rank: number): Tensor {
  // The first round finds the rank here, and writes the two others.
  const found = filled(gpu, 'u32', [3 * rows.rows], rank);
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
  using bins = filled(gpu, 'u32', [256 * rows.rows], 0);
  for (const shift of ROUNDS) {
    gpu.dispatch({
      shader: countShader,
      constants: {
        ABSOLUTE: Number(rows.absolute),
        TIES: Number(chosen !== undefined),
        SHIFT: shift,
      },
      // Of all elements the kernel reads no choice; a binding must be there all the same.
      bindings: [x, found, chosen ?? found, bins].map((tensor) => tensor.binding),
      uniforms: [u32(rows.width), u32(above(shift))],
      workgroups: groupsOfRows(gpu, rows),
    });
    gpu.dispatch({
      shader: descendShader,
      bindings: [bins.binding, found.binding],
      uniforms: [u32(rows.rows), u32(shift)],
      workgroups: linearGrid(rows.rows),
    });
  }
}
