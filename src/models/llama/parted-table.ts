import type { Tape } from '../../autograd/tape.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { cast } from '../../ops/math/cast.ts';
import { clip } from '../../ops/math/clip.ts';
import { sub } from '../../ops/math/sub.ts';
import { where } from '../../ops/math/where.ts';
import { matmul } from '../../ops/matmul/matmul.ts';
import { embedding } from '../../ops/nn/embedding.ts';
import { concat } from '../../ops/shape/concat.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import type { ModelValues } from '../values.ts';
import { partName } from './row-parts.ts';

/**
 * A table [V, H] that no kernel reaches at once: tensors of whole rows, which follow each other.
 * It owns none of them.
 */
export class PartedTable implements Disposable {
  readonly rows: number;
  readonly parts: readonly Tensor[];
  /** The first row of each part, i32 [1]. */
  readonly #starts: readonly Tensor[];
  readonly #isTrained: boolean;
  readonly #owned: Scope;

  private constructor(gpu: Gpu, parts: readonly Tensor[], isTrained: boolean) {
    using owned = new Scope();
    let rows = 0;
    this.parts = parts;
    this.#isTrained = isTrained;
    this.#starts = parts.map(({ shape }) => {
      const start = owned.add(Tensor.from(gpu, hostTensorFrom('i32', [1], [rows])));
      rows += shape[0] as number;
      return start;
    });
    this.rows = rows;
    this.#owned = owned.move();
  }

  /** The table of this name among the values; undefined where it does not lie in parts. */
  static of(gpu: Gpu, values: ModelValues, name: string): PartedTable | undefined {
    const names = new Set(values.names);
    const { parameters } = values;
    if (parameters.names.includes(name)) {
      const parts = parameters.tensors(name);
      return parts.length > 1 ? new PartedTable(gpu, parts, true) : undefined;
    }
    const parts: Tensor[] = [];
    for (let i = 0; names.has(partName(name, i)); i++)
      parts.push(values.view(partName(name, i)) as Tensor);
    return parts.length > 0 ? new PartedTable(gpu, parts, false) : undefined;
  }

  /**
   * The rows of ids i32 [...], f32 [..., H]: of each part in turn, and an id before it keeps what it
   * has. As in `embedding`, an id outside of the table reads the nearest row. The parts are held by
   * `hold` while they are read, and again while that is undone.
   */
  lookUp(tape: Tape, ids: Tensor, layer: string, hold: () => Disposable): Tensor {
    const read = () => tape.checkpoint((on) => this.#rowsAt(on, ids, layer), layer, hold);
    return this.#isTrained ? read() : tape.noGrad(read);
  }

  #rowsAt(tape: Tape, ids: Tensor, layer: string): Tensor {
    const [first, ...later] = this.parts as [Tensor, ...Tensor[]];
    let y = tape.apply(embedding, { weight: first, ids }, {}, layer).y;
    for (const [i, weight] of later.entries()) {
      const name = `${layer}.part_${i + 1}`;
      const b = this.#starts[i + 1] as Tensor;
      const own = tape.apply(sub, { a: ids, b }, {}, `${name}.ids`).y;
      const below = tape.apply(clip, { x: own }, { min: -1, max: 0 }, `${name}.below`).y;
      const isBefore = tape.apply(cast, { x: below }, { to: 'bool' }, `${name}.before`).y;
      const condition = tape.view(isBefore, [...ids.shape, 1]);
      const read = tape.apply(embedding, { weight, ids: own }, {}, name).y;
      y = tape.apply(where, { condition, a: y, b: read }, {}, `${name}.chosen`).y;
    }
    return y;
  }

  /** x [..., H] times the transposed table, [..., V]. */
  product(tape: Tape, x: Tensor, layer: string): Tensor {
    const products = this.parts.map((b, i) => {
      const name = `${layer}.part_${i}`;
      return [`x${i}`, tape.apply(matmul, { a: x, b }, { transpose_b: true }, name).y] as const;
    });
    return tape.apply(concat, Object.fromEntries(products), { axis: -1 }, layer).y;
  }

  [Symbol.dispose](): void {
    this.#owned[Symbol.dispose]();
  }
}
