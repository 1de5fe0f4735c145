import type { Call } from '../../graph/call.ts';
import { mapped } from '../../graph/call.ts';
import { type DType, isHalf } from '../../tensor/dtype.ts';
import { heldAs } from '../../tensor/half.ts';
import { storedAs } from '../autocast.ts';
import type { DifferentiableRunner } from '../backward.ts';
import type { Value } from '../record.ts';
import { truthOf } from '../truth.ts';

/**
 * Runs calls by the records, and rounds what they give as it is stored: to halves where operands
 * are, a gradient as what it is the gradient of. All else is rounded to float32 or, in a run that
 * others are measured by, stays as it is where float32 reaches so far.
 */
export function storedRunner(others: 'float32' | 'float64'): DifferentiableRunner {
  const stored = others === 'float32' ? Math.fround : inRange;
  return {
    run: (call) =>
      mapped(truthOf(call), ({ shape, data }, name): Value => {
        const dtype = call.grads ? (call.inputs[name]?.dtype ?? 'f32') : outputType(call);
        return { shape, dtype, data: data.map(isHalf(dtype) ? (x) => heldAs(dtype, x) : stored) };
      }),
    view: (value, shape) => ({ ...value, shape }),
    add: (a, b) => stored(a + b),
    stored,
  };
}

function outputType({ op, params, inputs }: Call<Value>): DType {
  if (op.name !== 'cast') return storedAs(op.name, inputs);
  const { to } = params as { readonly to: string };
  return to === 'float16' ? 'f16' : to === 'bfloat16' ? 'bf16' : 'f32';
}

/** x itself, or an infinity where float32 ends: a scaled loss may overflow there too. */
const inRange = (x: number): number => (Number.isFinite(Math.fround(x)) ? x : x * Infinity);
