import { type HostTensor, type HostTensors, hostTensor } from '../tensor/host.ts';
import { sizeOf } from '../tensor/shape.ts';
import type { FailedCall } from './failed-call.ts';

/**
 * The call with one row of every tensor that has as many rows as the wrong tensor; undefined when
 * nothing would be cut.
 */
export function rowOf(call: FailedCall, row: number): FailedCall | undefined {
  const { inputs, grads, name } = call;
  const rows = (grads ? inputs[name] : rowwise(inputs))?.shape[0];
  if (rows === undefined || rows <= 1 || row >= rows) return undefined;
  const cut = (tensors: HostTensors) =>
    Object.fromEntries(
      Object.entries(tensors).map(([key, tensor]) => [
        key,
        tensor.shape[0] === rows ? rowAt(tensor, row) : tensor,
      ]),
    );
  return { ...call, inputs: cut(inputs), ...(grads ? { grads: cut(grads) } : {}) };
}

/** The input whose rows are the output's in ops that work row by row. */
function rowwise({ x, logits, ids }: HostTensors): HostTensor | undefined {
  return x ?? logits ?? ids;
}

function rowAt({ dtype, shape, data }: HostTensor, row: number): HostTensor {
  const size = sizeOf(shape.slice(1));
  return hostTensor(dtype, [1, ...shape.slice(1)], data.slice(row * size, (row + 1) * size));
}
