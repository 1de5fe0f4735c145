import { FormatError } from '../formats/format-error.ts';
import { writeParityBundle } from '../formats/parity-bundle/write.ts';
import { readParityBundle } from '../formats/parity-bundle.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { launchers } from '../ops/registry.ts';
import { chooseVariant } from '../ops/variants.ts';
import { recordOf } from '../reference/registry.ts';
import type { DType } from '../tensor/dtype.ts';
import { hostTensorFrom, ShapeError } from '../tensor/host.ts';
import type { FailedCall } from './failed-call.ts';
import { RerunnableCall } from './investigate.ts';
import { rowOf } from './one-row.ts';
import { recordableParams } from './parity/params.ts';

/** A larger file is not minimal. */
const MOST_BYTES = 2 ** 22;

/**
 * A parity bundle that fails when it is replayed: the inputs of the failed call, cut to the row of
 * the wrong element where the op still fails with it, and what the float64 oracle makes of them.
 * Undefined when the replay would not fail, as for another variant than the one that the adapter
 * prefers or an error that does not repeat, or when the vocabulary has no such op.
 */
export async function reproduce(
  gpu: Gpu,
  call: FailedCall,
  index: readonly number[],
  ieee: boolean,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const launcher = launchers.get(call.op.name);
  if (!launcher || chooseVariant(gpu, launcher, call.inputs) !== call.variant) return undefined;
  const whole: FailedCall = { ...call, level: 'legal' };
  for (const candidate of [rowOf(whole, index[0] ?? 0), whole]) {
    const bundle = candidate && (await bundleOf(gpu, candidate, ieee));
    if (bundle) return bundle;
  }
  return undefined;
}

async function bundleOf(
  gpu: Gpu,
  call: FailedCall,
  ieee: boolean,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { op, params, inputs, grads = {}, name } = call;
  try {
    const { judgement, question } = await new RerunnableCall(call, ieee).run(gpu, call.variant);
    if (!question || !judgement || judgement.ok) return undefined;
    const { shape, data } = question.truth;
    const right = { [name]: hostTensorFrom(question.actual.dtype as DType, shape, data) };
    const file = writeParityBundle({
      op: op.name,
      params: recordableParams(recordOf(op.name), params),
      producer: 'gradproof float64 oracle',
      device: 'cpu',
      note: `a wrong element of ${call.grads ? 'the gradient of ' : ''}${name}, alone`,
      inputs,
      gradsIn: grads,
      ...(call.grads ? { outputs: {}, gradsOut: right } : { outputs: right, gradsOut: {} }),
    });
    readParityBundle(file);
    return file.byteLength > MOST_BYTES ? undefined : file;
  } catch (error) {
    // What the vocabulary lacks has no bundle, and rows that do not stand alone do not fit.
    if (error instanceof FormatError || error instanceof ShapeError) return undefined;
    throw error;
  }
}
