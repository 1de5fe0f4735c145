import { referenceResults } from '../backends/reference.ts';
import { FormatError } from '../formats/format-error.ts';
import { writeParityBundle } from '../formats/parity-bundle/write.ts';
import { readParityBundle } from '../formats/parity-bundle.ts';
import type { OpRecord } from '../reference/record.ts';
import { recordableParams } from './parity/params.ts';
import type { Given } from './suite.ts';

/**
 * What a case gives its op, and what the float64 oracle makes of it, as a parity bundle; undefined
 * where the vocabulary has no such op.
 */
export function bundleOfGiven(
  { op, params, inputs, grads }: Given,
  record: OpRecord,
): Uint8Array<ArrayBuffer> | undefined {
  const call = { op, params, inputs };
  const { outputs, gradients } = referenceResults(grads ? { grads, ...call } : call);
  try {
    const bytes = writeParityBundle({
      op: op.name,
      params: recordableParams(record, params),
      producer: 'gradproof float64 oracle',
      device: 'cpu',
      note: 'drawn from a seed',
      inputs,
      gradsIn: grads ?? {},
      outputs: grads ? {} : outputs,
      gradsOut: gradients,
    });
    readParityBundle(bytes);
    return bytes;
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}
