import { FormatError } from '../formats/format-error.ts';
import { writeParityBundle } from '../formats/parity-bundle/write.ts';
import { readParityBundle } from '../formats/parity-bundle.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { chooseVariant } from '../ops/op.ts';
import { launchers } from '../ops/registry.ts';
import type { OpRecord } from '../reference/record.ts';
import { records } from '../reference/registry.ts';
import { type HostTensor, type HostTensors, hostTensor, hostTensorFrom, ShapeError } from '../tensor/host.ts';
import { sizeOf } from '../tensor/shape.ts';
import type { Accusation } from './accusation.ts';
import { Suspect } from './investigate.ts';
import { recordableParams } from './parity/params.ts';

/** A larger file is not minimal. */
const MOST_BYTES = 2 ** 22;

/**
 * A parity bundle that fails when it is replayed: the inputs of the accused op, cut to the row of the wrong element where the op still
 * fails with it, and what the float64 oracle makes of them. Undefined when the replay would not fail, as for another variant than the
 * one that the adapter prefers or an error that does not repeat, or when the vocabulary has no such op.
 */
export async function reproduce(
  gpu: Gpu,
  accusation: Accusation,
  index: readonly number[],
  ieee: boolean,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (chooseVariant(gpu, launchers.get(accusation.op)?.variants ?? {}) !== accusation.variant) return undefined;
  const whole: Accusation = { ...accusation, layer: 'legal' };
  for (const candidate of [rowOf(whole, index[0] ?? 0), whole]) {
    const bundle = candidate && (await bundleOf(gpu, candidate, ieee));
    if (bundle) return bundle;
  }
  return undefined;
}

async function bundleOf(gpu: Gpu, accusation: Accusation, ieee: boolean): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { op, params, inputs, grads = {}, name } = accusation;
  try {
    const { verdict, question } = await new Suspect(accusation, ieee).run(gpu, accusation.variant);
    if (!question || !verdict || verdict.ok) return undefined;
    const truth = hostTensorFrom(question.actual.dtype ?? 'f32', question.truth.shape, question.truth.data);
    const right = { [name]: truth };
    const file = writeParityBundle({
      ...{
        op,
        params: recordableParams(records.get(op) as OpRecord, params as Readonly<Record<string, unknown>>),
        producer: 'gradproof float64 oracle',
        device: 'cpu',
      },
      note: `a wrong element of ${accusation.grads ? 'the gradient of ' : ''}${name}, alone`,
      ...{ inputs, gradsIn: grads },
      ...(accusation.grads ? { outputs: {}, gradsOut: right } : { outputs: right, gradsOut: {} }),
    });
    readParityBundle(file);
    return file.byteLength > MOST_BYTES ? undefined : file;
  } catch (error) {
    // What the vocabulary lacks has no bundle, and rows that do not stand alone do not fit.
    if (error instanceof FormatError || error instanceof ShapeError) return undefined;
    throw error;
  }
}

/** The accusation with one row of every tensor that has as many rows as the accused one; undefined when nothing would be cut. */
function rowOf(accusation: Accusation, row: number): Accusation | undefined {
  const { inputs, grads, name } = accusation;
  const rows = (grads ? inputs[name] : rowwise(inputs))?.shape[0] ?? 1;
  if (rows <= 1 || row >= rows) return undefined;
  const cut = (tensors: HostTensors) =>
    Object.fromEntries(Object.entries(tensors).map(([key, tensor]) => [key, tensor.shape[0] === rows ? rowAt(tensor, row) : tensor]));
  return { ...accusation, inputs: cut(inputs), ...(grads ? { grads: cut(grads) } : {}) };
}

/** The input whose rows are the output's in ops that work row by row. */
function rowwise({ x, logits, ids }: HostTensors): HostTensor | undefined {
  return x ?? logits ?? ids;
}

function rowAt({ dtype, shape, data }: HostTensor, row: number): HostTensor {
  const size = sizeOf(shape.slice(1));
  return hostTensor(dtype, [1, ...shape.slice(1)], data.slice(row * size, (row + 1) * size));
}
