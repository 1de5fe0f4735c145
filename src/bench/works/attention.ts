import { scaledDotProductAttention } from '../../vocabulary/attention/scaled_dot_product_attention.ts';
import { opWork } from '../op-work.ts';
import type { OpWork } from '../work.ts';

const HEADS = 8;
const WIDTH = 64;
/** The length that stands in the table; the others tell how the time grows. */
const USUAL = 512;
const QUICK = 128;

interface Attention {
  readonly tokens: number;
  readonly causal: boolean;
  readonly backward: boolean;
}

/**
 * Forward takes two products of tokens x tokens x width a head. Backward takes five: of scores
 * again, and of the gradients of q, k, v and scores.
 */
function attention({ tokens, causal, backward }: Attention): OpWork {
  const shape = [1, HEADS, tokens, WIDTH];
  const products = backward ? 7 : 2;
  const seen = causal ? (tokens + 1) / (2 * tokens) : 1;
  const of = backward ? 'attention with backward' : 'attention';
  return opWork({
    op: scaledDotProductAttention,
    sizes: { heads: HEADS, tokens, width: WIDTH, ...(causal ? { causal } : {}) },
    group: tokens === USUAL ? 'attention' : 'growth',
    quick: tokens === QUICK && !backward,
    flops: Math.floor(2 * products * HEADS * tokens * tokens * WIDTH * seen),
    params: { causal },
    inputs: { q: shape, k: shape, v: shape },
    gives: { y: shape },
    ...(backward ? { wants: ['q', 'k', 'v'] } : {}),
    ...(causal ? {} : { growth: [{ of, size: tokens }] }),
  });
}

const ON_OFF = [false, true];

/** Attention of eight heads, forward alone and with its gradients, and how its time grows. */
export const works: readonly OpWork[] = [
  ...ON_OFF.flatMap((causal) =>
    ON_OFF.map((backward) => attention({ tokens: USUAL, causal, backward })),
  ),
  ...[64, 128, 256, 1024].flatMap((tokens) =>
    ON_OFF.map((backward) => attention({ tokens, causal: false, backward })),
  ),
];
