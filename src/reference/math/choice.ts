import { filledTensor } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { FLUSH, gamma, SECOND_ORDER, sumLevels } from '../bounds.ts';
import { broadcastIndex, broadcastShape, sumTo } from '../broadcast.ts';
import type { Acceptance, Depth, Value } from '../record.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { sharedSum } from '../simulation/sums.ts';

/** The element of `value` that stands at `index` once it is broadcast to `shape`. */
const at = ({ data, shape: own }: Value, index: number, shape: Shape): number =>
  data[broadcastIndex(index, shape, own)] as number;

/** What a condition chooses element by element, all broadcast: the first where it is not 0. */
export function chosenBy(condition: Value, first: Value, second: Value): Value {
  const shape = broadcastShape(broadcastShape(condition.shape, first.shape), second.shape);
  const choose = (_: unknown, i: number) =>
    at(at(condition, i, shape) === 0 ? second : first, i, shape);
  return { shape, data: Float64Array.from({ length: sizeOf(shape) }, choose) };
}

const NOTHING: Value = { shape: [1], data: Float64Array.of(0) };

/** What of dy flows to an operand of `shape` that is taken where the condition is `when`. */
export function passedBy(condition: Value, when: boolean, dy: Value): Value {
  return when ? chosenBy(condition, dy, NOTHING) : chosenBy(condition, NOTHING, dy);
}

/** The bound of a gradient that sums what passed. */
export function passedBound(passed: Value, shape: Shape, depth: Depth): Acceptance {
  const count = passed.data.length / sizeOf(shape);
  const sizes = sumTo({ ...passed, data: passed.data.map(Math.abs) }, shape);
  const levels = gamma(sumLevels(count, depth)) * SECOND_ORDER;
  return { kind: 'within', bound: sizes.data.map((size) => levels * size + count * 2 * FLUSH) };
}

/** The sum as the kernels take it. */
export function passedSum(gpu: SimulatedGpu, passed: Value, shape: Shape): Value {
  const own = Array.from({ length: sizeOf(shape) }, (): number[] => []);
  passed.data.forEach((value, i) => {
    own[broadcastIndex(i, passed.shape, shape)]?.push(value);
  });
  return { shape, data: Float64Array.from(own, (terms) => sharedSum(gpu, terms)) };
}

/** Bytes of a condition: what is not 0 is true. */
export const drawCondition = (random: Random, shape: Shape) =>
  filledTensor('u8', shape, () => [0, 1, 0, 255, 0, 2][random.integer(0, 5)] as number);

/** Numbers: integers where `level` is exact; all positive, so that roundings add up. */
export const drawNumbers = (random: Random, shape: Shape, how: 'exact' | 'legal' | 'positive') =>
  filledTensor('f32', shape, () =>
    how === 'exact'
      ? random.integer(-99, 99)
      : how === 'legal'
        ? random.normal()
        : random.uniform(0.5),
  );
