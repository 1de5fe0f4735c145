import { type Call, callOf } from '../graph/call.ts';
import type { Format } from '../quant/format.ts';
import { isQuantized } from '../quant/weight.ts';
import type { Value } from '../reference/record.ts';
import { truthOf } from '../reference/truth.ts';
import { valuesOfHosts } from '../reference/values.ts';
import { type HostTensor, hostTensorFrom, valuesOf } from '../tensor/host.ts';
import { frozenWeight } from '../vocabulary/lora/frozen-weight.ts';
import { loraLinear } from '../vocabulary/lora/lora_linear.ts';
import { matmul } from '../vocabulary/matmul/matmul.ts';
import { signatureOf } from '../vocabulary/registry.ts';
import { completed, type GivenParams, type InputsOf } from '../vocabulary/signature.ts';
import type { FailedCall } from './failed-call.ts';

/**
 * An op that a composite op is made of, on its operands: the composite's own, or what the oracle
 * makes of them.
 */
export type Part = Call<HostTensor>;

/**
 * z = x W^T + s (x A^T) B^T, and the products of its gradients; y is z (+ bias), or with DoRA z
 * with its columns rescaled.
 */
export function partsOfLora({ op, params, inputs, grads }: FailedCall): readonly Part[] {
  const operands = inputs as InputsOf<typeof loraLinear, HostTensor>;
  const { x, lora_A, lora_B, magnitude } = operands;
  const weight = frozenWeight<HostTensor>(
    operands,
    completed(loraLinear, params as GivenParams<typeof loraLinear>),
  );
  const frozen = (operand: HostTensor, transposed: boolean): Part[] => {
    if (!weight) return [];
    if (!isQuantized(weight)) {
      return [callOf(matmul, { a: operand, b: weight }, { transpose_b: transposed })];
    }
    // Only formats that multiply are those of a frozen weight.
    const { multiply } = weight.format.ops as Required<Format['ops']>;
    const layout = { ...multiply.params(weight), transpose_weight: transposed };
    const product = signatureOf(multiply.op);
    return [{ op: product, params: layout, inputs: { x: operand, ...weight.parts } }];
  };
  const intoRank = callOf(matmul, { a: x, b: lora_A }, { transpose_b: true });
  const dy = grads?.['y'];
  if (!dy) return [...frozen(x, true), intoRank];
  const dz = magnitude ? rescaled(dy, magnitude, roundedTruth({ op, params, inputs }, 'norm')) : dy;
  const outOfRank = callOf(matmul, { a: dz, b: lora_B }, {});
  const across = (a: HostTensor, b: HostTensor) =>
    callOf(matmul, { a: rowsOf(a), b: rowsOf(b) }, { transpose_a: true });
  return [
    outOfRank,
    intoRank,
    across(dz, roundedTruth(intoRank, 'y')),
    across(roundedTruth(outOfRank, 'y'), x),
    ...frozen(dz, false),
  ];
}

/** All leading dimensions as one. */
function rowsOf({ dtype, shape, data }: HostTensor): HostTensor {
  const columns = shape.at(-1) as number;
  return { dtype, shape: [data.length / columns, columns], data } as HostTensor;
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
function roundedTruth({ op, params, inputs }: Part, output: string): HostTensor {
  const { shape, data } = truthOf({ op, params, inputs: valuesOfHosts(inputs) })[output] as Value;
  return hostTensorFrom('f32', shape, data);
}
