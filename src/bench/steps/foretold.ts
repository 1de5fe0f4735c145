import { sizeOf } from '../../tensor/shape.ts';
import { scaledDotProductAttention } from '../../vocabulary/attention/scaled_dot_product_attention.ts';
import { loraLinear } from '../../vocabulary/lora/lora_linear.ts';
import { matmul } from '../../vocabulary/matmul/matmul.ts';
import { opWork } from '../op-work.ts';
import type { LlamaStep, OpWork, WorkGroup } from '../work.ts';
import { fourBit } from '../works/four-bit.ts';
import { BLOCK, llamaLinears } from './shapes.ts';

/** A part of a step that is timed, forward and backward together, and how many of it a step takes. */
interface StepSample {
  readonly work: OpWork;
  readonly times: number;
}

/** The most rows, and classes, of what is timed: a step of more takes as many times as long. */
const MOST = { rows: 64, classes: 2048 } as const;
/** Heads of attention that are timed: two threads have one each. */
const HEADS = 2;

/**
 * What is timed to foretell a step: its widest linear, in the format of its base and with its adapter
 * where all have one, the head, and some heads of attention. All other linears count by their
 * weights; norms, activations and the optimizer are left out, which are a few hundredths of a step.
 */
export function samplesOf(step: LlamaStep): readonly StepSample[] {
  const { batch, tokens, width, intermediate, layers, heads, vocabulary } = step;
  const rows = batch * tokens;
  const m = Math.min(rows, MOST.rows);
  const classes = Math.min(vocabulary, MOST.classes);
  const weights = Object.values(llamaLinears(step)).reduce((sum, shape) => sum + sizeOf(shape), 0);
  const share = rows / m;
  const head = [1, HEADS, tokens, width / heads];
  return [
    { work: linear(step, m), times: (share * layers * weights) / (width * intermediate) },
    {
      work: product(m, [width, classes], 'products'),
      times: (share * vocabulary) / classes,
    },
    {
      work: opWork({
        op: scaledDotProductAttention,
        sizes: { heads: HEADS, tokens, width: width / heads, causal: true },
        ...{ group: 'attention', flops: 7 * HEADS * tokens * tokens * (width / heads) },
        params: { causal: true },
        inputs: { q: head, k: head, v: head },
        gives: { y: head },
        wants: ['q', 'k', 'v'],
      }),
      times: (batch * layers * heads) / HEADS,
    },
  ];
}

/** Rows times a weight in float32, [out, in], with the gradient of the rows. */
const product = (
  m: number,
  [k, n]: readonly [inFeatures: number, outFeatures: number],
  group: WorkGroup,
): OpWork =>
  opWork({
    op: matmul,
    sizes: { m, n, k, transposed: 'b' },
    ...{ group, flops: 4 * m * n * k },
    params: { transpose_b: true },
    inputs: { a: [m, k], b: [n, k] },
    gives: { y: [m, n] },
    wants: ['a'],
  });

/** The widest linear of a block, of so many rows, with its adapter where all linears have one. */
function linear({ width, intermediate, rank, base, adapted }: LlamaStep, m: number): OpWork {
  const group = 'fine-tuning';
  if (!adapted && !base) return product(m, [width, intermediate], group);
  const weight = base
    ? fourBit(width * intermediate, BLOCK, base)
    : { weight: [intermediate, width] };
  return opWork({
    op: loraLinear,
    dtype: base ?? 'f32',
    sizes: { m, n: intermediate, k: width, r: rank },
    ...{ group, flops: 4 * m * width * intermediate },
    params: { r: rank, alpha: 2 * rank, ...(base ? { base, blocksize: BLOCK } : {}) },
    inputs: { x: [m, width], lora_A: [rank, width], lora_B: [intermediate, rank], ...weight },
    gives: { y: [m, intermediate] },
    wants: ['x', 'lora_A', 'lora_B'],
  });
}

/** Milliseconds that a step should take, from those of each of its samples. */
export const foretoldMs = (samples: readonly StepSample[], ms: readonly number[]): number =>
  samples.reduce((sum, { times }, i) => sum + times * (ms[i] as number), 0);
