import { decodeWeight } from '../../matmul/matmul_4bit.ts';
import { product } from '../../matmul/product.ts';
import type { Value, Values } from '../../record.ts';
import { flatRows } from '../rows.ts';
import type { LoraLinearParams } from './samples.ts';

/** alpha / r, or alpha / sqrt(r) with rsLoRA (Kalajdzievski 2023). */
export function scaleOf({ r, alpha, use_rslora = false }: LoraLinearParams): number {
  return alpha / (use_rslora ? Math.sqrt(r) : r);
}

/** Operands as matrices, and what several results share. */
export interface Stages {
  readonly x: Value;
  readonly A: Value;
  readonly B: Value;
  /** The frozen weight, decoded where it is in 4 bits; `decoded` is then 1: its elements were rounded once. */
  readonly W: Value;
  readonly decoded: number;
  /** x A^T. */
  readonly xa: Value;
  readonly s: number;
}

/** Decodes the weight and computes what is shared. */
export function stagesOf(inputs: Values, params: LoraLinearParams): Stages {
  const [x, A, B] = [flatRows(inputs['x'] as Value), inputs['lora_A'] as Value, inputs['lora_B'] as Value];
  const shape = [B.shape[0] as number, A.shape[1] as number];
  const { base = 'dense', blocksize = 64 } = params;
  const W =
    base === 'dense'
      ? (inputs['weight'] as Value)
      : decodeWeight(inputs['packed'] as Value, inputs['absmax'] as Value, { quant_type: base, blocksize, shape });
  return { x, A, B, W, xa: product(x, A, false, true), s: scaleOf(params), decoded: base === 'dense' ? 0 : 1 };
}

/** Every element times `factor`. */
export function scaled(value: Value, factor: number): Value {
  return { ...value, data: value.data.map((v) => v * factor) };
}

/** a + b, element by element. */
export function plus(a: Value, b: Value): Value {
  return { ...a, data: a.data.map((v, i) => v + (b.data[i] as number)) };
}
