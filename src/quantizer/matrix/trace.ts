import { Tape } from '../../autograd/tape.ts';
import { InvariantError } from '../../errors.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { type Application, mapped } from '../../graph/call.ts';
import { cast } from '../../ops/math/cast.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { calibrate, type DeviceWeight, decodedWeight, multiplied } from '../coding.ts';
import { createQuantizer, type QuantizerBackend } from '../quantizer.ts';
import { COMPUTE } from './columns.ts';
import type { Direction } from './directions.ts';
import type { GivenToCell } from './given.ts';

/** A direction of a method as it ran on the device. */
export interface TracedCell extends Disposable {
  /** The calls that the direction made, in order, and none that only led there. */
  readonly calls: readonly Application<Tensor>[];
  /** What is compared with floats: the decoded weight, the product, or the gradient of x. */
  readonly result: Tensor;
}

/** Which cell of the device, and what it is given. */
export interface AskedCell {
  readonly method: string;
  readonly direction: Direction;
  readonly column: keyof typeof COMPUTE;
  readonly given: GivenToCell;
}

/**
 * Executes a cell on the device: the weight is quantized, then decoded, multiplied, or multiplied
 * and differentiated, as the direction says. In halves the weight comes in halves, and so do x, the
 * decoded weight and the gradient. Throws {@link QuantizerError} `quant-unsupported` for a method
 * whose ops the backend lacks, and what the ops throw.
 */
export function tracedCell(
  gpu: Gpu,
  backend: QuantizerBackend,
  { method, direction, column, given }: AskedCell,
): TracedCell {
  using scope = new Scope();
  const computeDtype = COMPUTE[column];
  const inHalves = computeDtype !== 'float32';
  const quantizer = createQuantizer(backend, { method, computeDtype });
  const { weight, x, dy } = mapped({ ...given }, (host) => scope.add(Tensor.from(gpu, host)));
  const calls: Application<Tensor>[] = [];
  const quantized = (trace: Application<Tensor>[]): DeviceWeight => {
    const tape = scope.add(new Tape(gpu, [], { trace }));
    const wide = inHalves
      ? tape.apply(cast, { x: weight }, { to: 'float32' }, 'fc.widen').y
      : weight;
    const made = quantizer.quantizeWeight(tape, wide, 'fc');
    scope.addAll(made.parts);
    return made;
  };
  const decoded = (made: DeviceWeight, trace: Application<Tensor>[]): Tensor => {
    const tape = scope.add(new Tape(gpu, [], { trace }));
    const wide = decodedWeight(tape, made, 'fc');
    return inHalves ? tape.apply(cast, { x: wide }, { to: computeDtype }, 'fc.compute').y : wide;
  };
  const result = (): Tensor => {
    if (direction === 'quantize') return decoded(quantized(calls), []);
    const made = quantized([]);
    if (direction === 'dequantize') return decoded(made, calls);
    calibrate(scope.add(new Tape(gpu)), made, x, 'fc');
    const trace: Application<Tensor>[] = [];
    const tape = scope.add(new Tape(gpu, [x], { trace }));
    const y = multiplied(tape, made, x, 'fc');
    if (direction === 'product') {
      calls.push(...trace);
      return y;
    }
    const dx = tape.backward(y, dy).get(x);
    if (!dx) throw new InvariantError(`the product of ${method} gave x no gradient`);
    calls.push(...trace.filter(({ grads }) => grads));
    return dx;
  };
  const made = result();
  const owned = scope.move();
  return { calls, result: made, [Symbol.dispose]: () => owned[Symbol.dispose]() };
}
