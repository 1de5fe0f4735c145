import { InvariantError } from '../../../errors.ts';
import { decoded, isQuantized, type QuantizedWeight } from '../../../quant/weight.ts';
import { frozenWeight } from '../../../vocabulary/lora/frozen-weight.ts';
import type { loraLinear } from '../../../vocabulary/lora/lora_linear.ts';
import type { InputsOf, ParamsOf } from '../../../vocabulary/signature.ts';
import { product } from '../../matmul/product.ts';
import { flatRows } from '../../matmul/rows.ts';
import type { Value } from '../../record.ts';

export type Inputs = InputsOf<typeof loraLinear, Value>;
export type Params = ParamsOf<typeof loraLinear>;

/** alpha / r, or alpha / sqrt(r) with rsLoRA (Kalajdzievski 2023). */
export function scaleOf({ r, alpha, use_rslora }: Params): number {
  return alpha / (use_rslora ? Math.sqrt(r) : r);
}

/** Operands as matrices, and what several results share. */
export interface Stages {
  readonly x: Value;
  readonly A: Value;
  readonly B: Value;
  /**
   * The frozen weight, decoded where it is in 4 bits; `decoded` is then 1: its elements were
   * rounded once.
   */
  readonly W: Value;
  readonly decoded: number;
  /** x A^T. */
  readonly xa: Value;
  readonly s: number;
}

/** Decodes the weight and computes what is shared. */
export function stagesOf(inputs: Inputs, params: Params): Stages {
  const { lora_A: A, lora_B: B } = inputs;
  const x = flatRows(inputs.x);
  const W = dense(weightOf(inputs, params));
  return {
    x,
    A,
    B,
    W,
    xa: product(x, A, false, true),
    s: scaleOf(params),
    decoded: params.base === 'dense' ? 0 : 1,
  };
}

/** The frozen weight, dense or quantized. */
export function weightOf(inputs: Inputs, params: Params): Value | QuantizedWeight<Value> {
  const weight = frozenWeight<Value>(inputs, params);
  if (!weight)
    throw new InvariantError(`lora_linear: the weight of a base in ${params.base} is missing`);
  return weight;
}

/** A weight in float64, decoded where it is quantized. */
function dense(weight: Value | QuantizedWeight<Value>): Value {
  return isQuantized(weight) ? { shape: weight.shape, data: decoded(weight) } : weight;
}

/** Every element times `factor`. */
export function scaled(value: Value, factor: number): Value {
  return { ...value, data: value.data.map((v) => v * factor) };
}

/** a + b, element by element. */
export function plus(a: Value, b: Pick<Value, 'data'>): Value {
  return { ...a, data: a.data.map((v, i) => v + (b.data[i] as number)) };
}
