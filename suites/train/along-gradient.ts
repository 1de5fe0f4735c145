import type { Application } from '../../src/graph/call.ts';
import type { Value, Values } from '../../src/reference/record.ts';
import { records } from '../../src/reference/registry.ts';
import { valuesOf } from '../../src/tensor/host.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

/** Half the distance of the central differences: their error is of the order of its square. */
const STEP = 1e-4;

/**
 * Takes the traced passes of a training step and compares the gradient with the loss itself: the
 * norm of the gradient, and the slope of the loss in its direction by central differences of all
 * ops' float64 functions, one after the other. Equal where the gradient is.
 */
export async function alongGradient(
  applications: readonly Application<Tensor>[],
): Promise<{ readonly norm: number; readonly slope: number }> {
  const read = await readInputs(applications);
  const gradients = new Map<Tensor, Value>();
  for (const { inputs, gradients: computed } of applications) {
    for (const [name, gradient] of Object.entries(computed ?? {})) {
      if (name.startsWith('lora_')) gradients.set(inputs[name] as Tensor, await download(gradient));
    }
  }
  const norm = Math.sqrt(
    [...gradients.values()].reduce(
      (sum, { data }) => sum + data.reduce((part, x) => part + x * x, 0),
      0,
    ),
  );
  const lossAt = (distance: number) => {
    const moved = [...gradients].map(([tensor, gradient]) => {
      const at = read.get(tensor) as Value;
      return [
        tensor,
        {
          ...at,
          data: at.data.map((x, i) => x + (distance / norm) * (gradient.data[i] as number)),
        },
      ] as const;
    });
    return lossOf(applications, new Map([...read, ...moved]));
  };
  return { norm, slope: (lossAt(STEP) - lossAt(-STEP)) / (2 * STEP) };
}

/**
 * The loss in float64: each op's function on what the ops before it gave, and on `given` where none
 * gave it.
 */
function lossOf(
  applications: readonly Application<Tensor>[],
  given: ReadonlyMap<Tensor, Value>,
): number {
  const values = new Map(given);
  let last: Values = {};
  for (const { op, params, inputs, outputs, grads } of applications) {
    if (grads) continue;
    const operands = Object.fromEntries(
      Object.entries(inputs).map(([name, tensor]) => [name, values.get(tensor) as Value]),
    );
    last = records.get(op.name)?.forward(operands, params) ?? {};
    for (const [name, value] of Object.entries(last)) {
      const tensor = outputs[name];
      if (tensor) values.set(tensor, value);
    }
  }
  return last['loss']?.data[0] as number;
}

async function readInputs(
  applications: readonly Application<Tensor>[],
): Promise<Map<Tensor, Value>> {
  const read = new Map<Tensor, Value>();
  for (const tensor of applications.flatMap(({ inputs, grads }) =>
    grads ? [] : Object.values(inputs),
  )) {
    if (!read.has(tensor)) read.set(tensor, await download(tensor));
  }
  return read;
}

async function download(tensor: Tensor): Promise<Value> {
  const host = await tensor.read();
  return { shape: host.shape, dtype: host.dtype, data: valuesOf(host) };
}
