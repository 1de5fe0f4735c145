import { InvariantError } from '../errors.ts';
import type { Application } from '../nn/tape.ts';
import type { Acceptances, OpRecord, Value, Values } from '../reference/record.ts';
import { records } from '../reference/registry.ts';
import { type HostTensors, hostTensorFrom, valuesOf } from '../tensor/host.ts';
import type { Tensor, Tensors } from '../tensor/tensor.ts';
import type { Accusation } from './accusation.ts';
import type { CaseContext } from './context.ts';
import { acceptanceOfStored } from './stored.ts';

/** What one application gave, what it should have given, and how far off it may be, by output or by input for gradients. */
interface Judged {
  readonly actual: Values;
  readonly oracle: Values;
  readonly acceptances: Acceptances;
}

/**
 * Judges every op of a training step by its record, each from the very tensors that the GPU had, so that the first op outside its bound
 * is named with step, layer and element. Throws AssertionError at the first wrong element, InvariantError when an op cannot be judged.
 * Evidence goes to `t`. Returns the largest share of a bound that was used.
 */
export async function judgeApplications(t: CaseContext, step: number, applications: readonly Application[]): Promise<number> {
  const read = new Map<Tensor, Value>();
  let boundUsed = 0;
  for (const application of applications) {
    const { layer, op, variant, grads } = application;
    const judged = grads ? await judgeBackward(t, application, grads, read) : await judgeForward(t, application, read);
    const specs = recordOf(application)[grads ? 'inputs' : 'outputs'];
    for (const [name, actual] of Object.entries(judged.actual)) {
      const what = `step ${step}, layer ${layer}, ${op.name} (${variant}): ${grads ? 'gradient of ' : ''}${name}`;
      const [oracle, acceptance] = [judged.oracle[name], judged.acceptances[name]];
      if (!oracle || !acceptance) throw new InvariantError(`${what} has no bound to be judged by`);
      const { accuracy } = t.accusing(
        () => accusationOf(application, name, read),
        () => t.expectAccepted(what, actual, oracle, acceptanceOfStored(acceptance, oracle, actual.dtype, specs[name])),
      );
      boundUsed = Math.max(boundUsed, accuracy?.boundUsed ?? 0);
    }
  }
  return boundUsed;
}

/** The application with its tensors as they were read: all that it takes to run it again. */
function accusationOf(application: Application, name: string, read: ReadonlyMap<Tensor, Value>): Accusation {
  const { op, variant, params, inputs, grads } = application;
  const hosts = (tensors: Tensors): HostTensors =>
    Object.fromEntries(
      Object.entries(tensors).map(([key, tensor]) => [key, hostTensorFrom(tensor.dtype, tensor.shape, (read.get(tensor) as Value).data)]),
    );
  return { op: op.name, variant, params, inputs: hosts(inputs), ...(grads ? { grads: hosts(grads) } : {}), name, layer: 'legal' };
}

/** Auxiliary outputs, which only the backward pass sees, are judged through it. */
async function judgeForward(t: CaseContext, application: Application, read: Map<Tensor, Value>): Promise<Judged> {
  const record = recordOf(application);
  const inputs = await readAll(application.inputs, read);
  const outputs = Object.entries(application.outputs).filter(([name]) => record.outputs[name]);
  const oracle = record.forward(inputs, application.params as never);
  const acceptances = record.acceptance(inputs, oracle, application.params as never, arithmeticOf(t, application));
  return { actual: await readAll(Object.fromEntries(outputs), read), oracle, acceptances };
}

async function judgeBackward(t: CaseContext, application: Application, grads: Tensors, read: Map<Tensor, Value>): Promise<Judged> {
  const { vjp, vjpAcceptance } = recordOf(application);
  if (!vjp || !vjpAcceptance) throw new InvariantError(`record ${application.op.name} has no VJP`);
  const [inputs, flowing] = [await readAll(application.inputs, read), await readAll(grads, read)];
  const params = application.params as never;
  const oracle = vjp(inputs, params, flowing);
  const acceptances = vjpAcceptance(inputs, oracle, params, flowing, arithmeticOf(t, application));
  return { actual: await readAll(application.gradients ?? {}, read), oracle, acceptances };
}

function recordOf({ op, layer }: Application): OpRecord {
  const record = records.get(op.name);
  if (!record) throw new InvariantError(`${op.name} of layer ${layer} has no record to be judged by`);
  return record;
}

function arithmeticOf({ ieee }: CaseContext, { op, variant }: Application): { depth: (terms: number) => number; ieee: boolean } {
  return { depth: op.variants[variant]?.depth ?? ((terms) => terms), ieee };
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
