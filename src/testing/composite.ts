import type { Gpu } from '../gpu/gpu.ts';
import type { LoraLinearParams } from '../ops/lora/lora_linear.ts';
import { launchers } from '../ops/registry.ts';
import { records } from '../reference/registry.ts';
import { type HostTensor, type HostTensors, hostTensorFrom, valuesOf } from '../tensor/host.ts';
import type { Accusation } from './accusation.ts';
import { Suspect } from './investigate.ts';
import { valuesOfHosts } from './parity/fit.ts';

/** An op that a composite op is made of, on its operands: the composite's own, or what the oracle makes of them. */
type Part = Pick<Accusation, 'op' | 'params' | 'inputs'>;

/** How composite ops are made of others; what they compute beside these is their own kernel's. */
const PARTS: Readonly<Record<string, (accusation: Accusation) => readonly Part[]>> = { lora_linear: partsOfLora };

/**
 * Runs a composite op part by part against the oracle and says which is wrong, as the end of a sentence about the composite: the first
 * part outside its bound, or, when each is right, the kernels that are left. Undefined for an op that is not composite.
 */
export async function wrongPart(gpu: Gpu, accusation: Accusation, ieee: boolean): Promise<string | undefined> {
  const parts = PARTS[accusation.op]?.(accusation);
  if (!parts) return undefined;
  const left = new Set((await new Suspect(accusation, ieee).run(gpu, accusation.variant)).kernels);
  for (const { op, params, inputs } of parts) {
    const known = Object.keys(launchers.get(op)?.variants ?? {});
    const variant = known.includes(accusation.variant) ? accusation.variant : (known[0] as string);
    const { verdict, kernels } = await new Suspect({ op, params, inputs, variant, name: 'y', layer: 'legal' }, ieee).run(gpu, variant);
    const at = verdict?.firstWrong;
    if (at) return `of its parts, ${op} (${variant}) is wrong: y[${at.index.join(', ')}] is ${at.actual} and should be ${at.expected}`;
    for (const kernel of kernels) left.delete(kernel);
  }
  return left.size > 0 ? `its products are right alone, which leaves ${[...left].join(', ')}` : undefined;
}

/** z = x W^T + s (x A^T) B^T, and the products of its gradients; y is z (+ bias), or with DoRA z with its columns rescaled. */
function partsOfLora({ op, params, inputs, grads }: Accusation): readonly Part[] {
  const { base = 'dense', blocksize = 64 } = params as LoraLinearParams;
  const { x, weight, packed, absmax, lora_A, lora_B, magnitude } = inputs;
  if (!x || !lora_A || !lora_B) return [];
  const [out_features, in_features] = [lora_B.shape[0] as number, lora_A.shape[1] as number];
  const frozen = (operand: HostTensor, transpose_weight: boolean): Part[] => {
    if (weight) return [{ op: 'matmul', params: { transpose_b: transpose_weight }, inputs: { a: operand, b: weight } }];
    if (!packed || !absmax) return [];
    const layout = { quant_type: base, blocksize, out_features, in_features, transpose_weight };
    return [{ op: 'matmul_4bit', params: layout, inputs: { x: operand, packed, absmax } }];
  };
  const rows = (tensor: HostTensor): HostTensor => {
    const columns = tensor.shape.at(-1) as number;
    return { ...tensor, shape: [tensor.data.length / columns, columns] };
  };
  const intoRank: Part = { op: 'matmul', params: { transpose_b: true }, inputs: { a: x, b: lora_A } };
  const dy = grads?.['y'];
  if (!dy) return [...frozen(x, true), intoRank];
  const dz = magnitude ? rescaled(dy, magnitude, truthOf({ op, params, inputs }, 'norm')) : dy;
  const outOfRank: Part = { op: 'matmul', params: {}, inputs: { a: dz, b: lora_B } };
  const across = (a: HostTensor, b: HostTensor): Part => ({
    op: 'matmul',
    params: { transpose_a: true },
    inputs: { a: rows(a), b: rows(b) },
  });
  return [outOfRank, intoRank, across(dz, truthOf(intoRank)), across(truthOf(outOfRank), x), ...frozen(dz, false)];
}

/** The gradient of DoRA's z: that of y, times magnitude / norm column by column. */
function rescaled(dy: HostTensor, magnitude: HostTensor, norm: HostTensor): HostTensor {
  const [values, gains, lengths] = [valuesOf(dy), valuesOf(magnitude), valuesOf(norm)];
  const gainOf = (column: number) => (gains[column] as number) / (lengths[column] as number);
  return hostTensorFrom(
    'f32',
    dy.shape,
    values.map((v, i) => v * gainOf(i % gains.length)),
  );
}

/** What the oracle makes of a part, or of a whole, rounded to float32. */
function truthOf({ op, params, inputs }: Part, output = 'y'): HostTensor {
  const value = records.get(op)?.forward(valuesOfHosts(inputs as HostTensors), params as never)[output];
  return hostTensorFrom('f32', value?.shape ?? [], value?.data ?? []);
}
