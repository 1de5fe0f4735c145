import type { Gpu } from '../gpu/gpu.ts';
import { type Call, callOf } from '../graph/call.ts';
import { launchers } from '../ops/registry.ts';
import { isQuantized } from '../quant/weight.ts';
import { truthOf } from '../reference/truth.ts';
import { valuesOfHosts } from '../reference/values.ts';
import { type HostTensor, hostTensorFrom, valuesOf } from '../tensor/host.ts';
import { frozenWeight } from '../vocabulary/lora/frozen-weight.ts';
import { loraLinear } from '../vocabulary/lora/lora_linear.ts';
import { matmul } from '../vocabulary/matmul/matmul.ts';
import { signatureOf } from '../vocabulary/registry.ts';
import { completed, type GivenParams } from '../vocabulary/signature.ts';
import type { FailedCall } from './failed-call.ts';
import { RerunnableCall } from './investigate.ts';

/**
 * An op that a composite op is made of, on its operands: the composite's own, or what the oracle
 * makes of them.
 */
type Part = Call<HostTensor>;

/** How composite ops are made of others; what they compute beside these is their own kernel's. */
const PARTS: Readonly<Record<string, (call: FailedCall) => readonly Part[]>> = {
  lora_linear: partsOfLora,
};

/**
 * Runs a composite op part by part against the oracle and says which is wrong, as the end of a
 * sentence about the composite: the first part outside its bound, or, when each is right, the
 * kernels that are left. Undefined for an op that is not composite.
 */
export async function wrongPart(
  gpu: Gpu,
  call: FailedCall,
  ieee: boolean,
): Promise<string | undefined> {
  const parts = PARTS[call.op.name]?.(call);
  if (!parts) return undefined;
  const left = new Set((await new RerunnableCall(call, ieee).run(gpu, call.variant)).kernels);
  for (const { op, params, inputs } of parts) {
    const known = Object.keys(launchers.get(op.name)?.variants ?? {});
    const variant = known.includes(call.variant) ? call.variant : (known[0] as string);
    const { judgement, kernels } = await new RerunnableCall(
      { op, params, inputs, variant, name: 'y', level: 'legal' },
      ieee,
    ).run(gpu, variant);
    const at = judgement?.firstWrong;
    if (at)
      return `its part ${op.name} (${variant}) is wrong: y[${at.index.join(', ')}] is ${at.actual} and should be ${at.expected}`;
    for (const kernel of kernels) left.delete(kernel);
  }
  return left.size > 0
    ? `its products are right alone, which leaves ${[...left].join(', ')}`
    : undefined;
}

/**
 * z = x W^T + s (x A^T) B^T, and the products of its gradients; y is z (+ bias), or with DoRA z
 * with its columns rescaled.
 */
function partsOfLora({ op, params, inputs, grads }: FailedCall): readonly Part[] {
  const { x, lora_A, lora_B, magnitude } = inputs;
  if (!x || !lora_A || !lora_B) return [];
  const weight = frozenWeight<HostTensor>(
    { ...inputs, x, lora_A, lora_B },
    completed(loraLinear, params as GivenParams<typeof loraLinear>),
  );
  const frozen = (operand: HostTensor, transposed: boolean): Part[] => {
    if (!weight) return [];
    if (!isQuantized(weight)) {
      return [callOf(matmul, { a: operand, b: weight }, { transpose_b: transposed })];
    }
    const { multiply } = weight.format.ops;
    if (!multiply) return [];
    const layout = { ...multiply.params(weight), transpose_weight: transposed };
    const op = signatureOf(multiply.op);
    return [{ op, params: layout, inputs: { x: operand, ...weight.parts } }];
  };
  const rows = (tensor: HostTensor): HostTensor => {
    const columns = tensor.shape.at(-1) as number;
    return { ...tensor, shape: [tensor.data.length / columns, columns] };
  };
  const intoRank = callOf(matmul, { a: x, b: lora_A }, { transpose_b: true });
  const dy = grads?.['y'];
  if (!dy) return [...frozen(x, true), intoRank];
  const dz = magnitude ? rescaled(dy, magnitude, roundedTruth({ op, params, inputs }, 'norm')) : dy;
  const outOfRank = callOf(matmul, { a: dz, b: lora_B }, {});
  const across = (a: HostTensor, b: HostTensor) =>
    callOf(matmul, { a: rows(a), b: rows(b) }, { transpose_a: true });
  return [
    outOfRank,
    intoRank,
    across(dz, roundedTruth(intoRank)),
    across(roundedTruth(outOfRank), x),
    ...frozen(dz, false),
  ];
}

/** The gradient of DoRA's z: that of y, times magnitude / norm column by column. */
function rescaled(dy: HostTensor, magnitude: HostTensor, norm: HostTensor): HostTensor {
  const values = valuesOf(dy);
  const gains = valuesOf(magnitude);
  const lengths = valuesOf(norm);
  const gainOf = (column: number) => (gains[column] as number) / (lengths[column] as number);
  return hostTensorFrom(
    'f32',
    dy.shape,
    values.map((v, i) => v * gainOf(i % gains.length)),
  );
}

/** What the oracle makes of a part, or of a whole, rounded to float32. */
function roundedTruth({ op, params, inputs }: Part, output = 'y'): HostTensor {
  const value = truthOf({ op, params, inputs: valuesOfHosts(inputs) })[output];
  return hostTensorFrom('f32', value?.shape ?? [], value?.data ?? []);
}
