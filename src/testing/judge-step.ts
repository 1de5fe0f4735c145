import { type Application, mapped } from '../graph/call.ts';
import { specOf, type Value, type Values } from '../reference/record.ts';
import { recordOf } from '../reference/registry.ts';
import { hostTensorFrom, valuesOf } from '../tensor/host.ts';
import type { Tensor, Tensors } from '../tensor/tensor.ts';
import type { CaseContext } from './context.ts';
import type { FailedCall } from './failed-call.ts';
import { judgeCall } from './judge-call.ts';

/**
 * Judges every call of a training step by its record, each from the very tensors that the GPU had,
 * so that the first op outside its bound is named with step, layer and element. Throws
 * AssertionError at the first wrong element, InvariantError when a call cannot be judged. Evidence
 * goes to `t`. Returns the largest share of a bound that was used.
 */
export async function judgeApplications(
  t: CaseContext,
  step: number,
  applications: readonly Application<Tensor>[],
): Promise<number> {
  const read = new Map<Tensor, Value>();
  let boundUsed = 0;
  for (const application of applications) {
    const { layer, op, variant, params, grads } = application;
    const call = {
      op,
      variant,
      params,
      inputs: await readAll(application.inputs, read),
      ...(grads ? { grads: await readAll(grads, read) } : {}),
    };
    const judged = await readAll(judgedOf(application), read);
    const used = judgeCall(t, {
      call,
      results: grads ? { outputs: {}, gradients: judged } : { outputs: judged, gradients: {} },
      level: 'legal',
      isWhole: false,
      where: `step ${step}, layer ${layer}, ${op.name} (${variant}): `,
      failed: () => failedCallOf(application, read),
    });
    boundUsed = Math.max(boundUsed, used);
  }
  return boundUsed;
}

/** Auxiliary outputs, which only the backward pass sees, are judged through it. */
function judgedOf({ op, outputs, grads, gradients = {} }: Application<Tensor>): Tensors {
  if (grads) return gradients;
  const specs = recordOf(op.name).outputs;
  return Object.fromEntries(Object.entries(outputs).filter(([name]) => specOf(specs, name)));
}

/** The application with its tensors as they were read: all that it takes to run it again. */
function failedCallOf(
  { op, variant, params, inputs, grads }: Application<Tensor>,
  read: ReadonlyMap<Tensor, Value>,
): Omit<FailedCall, 'name'> {
  const hosts = (tensors: Tensors) =>
    mapped(tensors, (tensor) =>
      hostTensorFrom(tensor.dtype, tensor.shape, (read.get(tensor) as Value).data),
    );
  return {
    op,
    variant,
    params,
    inputs: hosts(inputs),
    ...(grads ? { grads: hosts(grads) } : {}),
    level: 'legal',
  };
}

/** Reads each tensor once: most are an output here and an input there. */
async function readAll(tensors: Tensors, read: Map<Tensor, Value>): Promise<Values> {
  const values: Record<string, Value> = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    let value = read.get(tensor);
    if (!value) {
      const host = await tensor.read();
      value = { shape: host.shape, dtype: host.dtype, data: valuesOf(host) };
      read.set(tensor, value);
    }
    values[name] = value;
  }
  return values;
}
