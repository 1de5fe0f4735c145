import { FormatError } from '../formats/format-error.ts';
import { writeParityBundle } from '../formats/parity-bundle/write.ts';
import { readParityBundle } from '../formats/parity-bundle.ts';
import type { OpRecord, Values } from '../reference/record.ts';
import { type HostTensors, hostTensorFrom } from '../tensor/host.ts';
import { valuesOfHosts } from './parity/fit.ts';
import { recordableParams } from './parity/params.ts';
import type { Given } from './suite.ts';

/** What a case gives its op, and what the float64 oracle makes of it, as a parity bundle; undefined where the vocabulary has no such op. */
export function bundleOfGiven({ op, params, inputs, grads }: Given, record: OpRecord): Uint8Array<ArrayBuffer> | undefined {
  const values = valuesOfHosts(inputs);
  const gradients = grads && record.vjp?.(values, params as never, valuesOfHosts(grads));
  try {
    const bytes = writeParityBundle({
      ...{ op, params: recordableParams(record, params as Readonly<Record<string, unknown>>) },
      ...{ producer: 'gradproof float64 oracle', device: 'cpu', note: 'drawn from a seed' },
      ...{ inputs, gradsIn: grads ?? {} },
      outputs: gradients ? {} : stored(record.forward(values, params as never), record.outputs),
      gradsOut: gradients ? stored(gradients, record.inputs) : {},
    });
    readParityBundle(bytes);
    return bytes;
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

/** Only what the record declares: some oracles return more, for their acceptance. */
function stored(values: Values, specs: OpRecord['outputs']): HostTensors {
  const declared = Object.entries(values).filter(([name]) => specs[name]);
  return Object.fromEntries(
    declared.map(([name, { shape, data }]) => [name, hostTensorFrom(specs[name]?.dtypes[0] ?? 'f32', shape, data)]),
  );
}
