import { STORED_DTYPE, type StoredDType } from '../formats/safetensors/stored.ts';
import { type Call, mapped, type Named, type Results } from '../graph/call.ts';
import { type OpRecord, specOf, type Values } from '../reference/record.ts';
import { recordOf, records } from '../reference/registry.ts';
import { truthOf } from '../reference/truth.ts';
import { valuesOfHosts } from '../reference/values.ts';
import { seam } from '../seam.ts';
import type { DType } from '../tensor/dtype.ts';
import { type HostTensor, hostTensorFrom } from '../tensor/host.ts';
import { resultTypes } from '../vocabulary/promotion.ts';
import type { BundleDType } from '../vocabulary/rules.ts';
import { completed } from '../vocabulary/signature.ts';
import type { Backend } from './backend.ts';

const HALVES = ['f16', 'bf16'] as const;

/** Runs ops by their records in float64, and rounds what they give to how it is stored. */
export class ReferenceBackend implements Backend {
  readonly name = 'reference';

  supports(op: string): boolean {
    return records.has(op);
  }

  async run(call: Call<HostTensor>): Promise<Results<HostTensor>> {
    return referenceResults(call);
  }
}

/**
 * What the records give of a call: outputs and, given their gradients, those of the inputs, each in
 * the first element type that the record declares and the signature allows, or halves where it demands
 * them. What an oracle returns beside these is left out.
 * Throws InvariantError for an op without a record, or gradients of one without a VJP.
 */
export function referenceResults({
  op,
  params,
  inputs,
  grads,
  wants,
}: Call<HostTensor>): Results<HostTensor> {
  const record = recordOf(op.name);
  const forward = { op, params, inputs: valuesOfHosts(inputs) };
  const given = mapped(inputs, ({ dtype }) => STORED_DTYPE[dtype] as BundleDType);
  const outputs = stored(truthOf(forward), record.outputs, (name) => {
    const types: readonly StoredDType[] = resultTypes(op, name, given, completed(op, params));
    const isOne = (dtype: DType) => types.includes(STORED_DTYPE[dtype]);
    return specOf(record.outputs, name)?.dtypes.find(isOne) ?? HALVES.find(isOne);
  });
  if (!grads) return { outputs, gradients: {} };
  const all = stored(truthOf({ ...forward, grads: valuesOfHosts(grads) }), record.inputs);
  const wanted = Object.entries(all).filter(([name]) => wants?.includes(name) ?? true);
  return { outputs, gradients: Object.fromEntries(wanted) };
}

function stored(
  values: Values,
  specs: OpRecord['outputs'],
  typeOf: (name: string) => DType | undefined = (name) => specOf(specs, name)?.dtypes[0],
): Named<HostTensor> {
  const declared = Object.entries(values).filter(([name]) => specOf(specs, name));
  return mapped(Object.fromEntries(declared), ({ shape, data }, name) =>
    rounded(typeOf(name) ?? 'f32', shape, data),
  );
}

const rounded = seam('reference.rounded', hostTensorFrom);
