import { ternaryMatmul as signature } from '../../vocabulary/quant/ternary_matmul.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { flushOfProducts, gamma, maxAbs, typicalSum } from '../bounds.ts';
import { defineRecord } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Acceptance, Arithmetic, RecordFault, Value } from '../record.ts';
import { loaderFaults } from './decoded-product.ts';
import { samples } from './ternary_matmul.samples.ts';
import { tritAt } from './ternary_pack.ts';

type Inputs = InputsOf<typeof signature, Value>;
type Params = ParamsOf<typeof signature>;

/** Rows of x, columns of T and of x. */
function dimensions({ x: { shape, data } }: Pick<Inputs, 'x'>): { m: number; k: number } {
  const k = shape.at(-1) as number;
  return { m: data.length / k, k };
}

/** Scale of output `n`. */
export function scaleOf({ scale }: Pick<Inputs, 'scale'>, n: number): number {
  return scale ? (scale.data[scale.data.length > 1 ? n : 0] as number) : 1;
}

/** (x T^T) * scale; `absolute` sums absolute terms, as condition numbers need. */
function product(inputs: Inputs, { out_features, order }: Params, absolute?: boolean): Value {
  const { m, k } = dimensions(inputs);
  const { x, packed } = inputs;
  const rows = [...new Array(m).keys()];
  const data = new Float64Array(m * out_features);
  for (let n = 0; n < out_features; n++) {
    for (let t = 0; t < k; t++) {
      const weight = tritAt(packed, n * k + t, order) * scaleOf(inputs, n);
      for (const i of rows) {
        const term = (x.data[i * k + t] as number) * weight;
        data[i * out_features + n] =
          (data[i * out_features + n] as number) + (absolute ? Math.abs(term) : term);
      }
    }
  }
  return { shape: [...x.shape.slice(0, -1), out_features], data };
}

/** What a gradient flows through. */
type Trits = Pick<Inputs, 'x' | 'packed' | 'scale'>;

/** (dy * scale) T. */
export function tritsGradient(
  inputs: Trits,
  dy: Value,
  { out_features, order }: Params,
  absolute?: boolean,
): Value {
  const { m, k } = dimensions(inputs);
  const rows = [...new Array(m).keys()];
  const data = new Float64Array(m * k);
  for (let n = 0; n < out_features; n++) {
    for (let t = 0; t < k; t++) {
      const weight = tritAt(inputs.packed, n * k + t, order) * scaleOf(inputs, n);
      for (const i of rows) {
        const term = (dy.data[i * out_features + n] as number) * weight;
        data[i * k + t] = (data[i * k + t] as number) + (absolute ? Math.abs(term) : term);
      }
    }
  }
  return { shape: inputs.x.shape, data };
}

/**
 * gamma of the sum times the sum of absolute terms: a trit times its scale is exact, so that a term
 * rounds once; where the scale follows the sum, its terms are exact.
 */
function within(
  condition: Value,
  terms: number,
  largest: number,
  { scale }: Trits,
  { depth }: Arithmetic,
): Acceptance {
  const c = depth(terms);
  const flush = flushOfProducts(terms + 1, largest, scale ? maxAbs(scale.data) : 1);
  return {
    kind: 'within',
    bound: condition.data.map((x) => gamma(c) * x + flush),
    typical: condition.data.map((x) => typicalSum(c, x)),
  };
}

/** How far {@link tritsGradient} may be off. */
export const tritsGradientAcceptance = (
  inputs: Trits,
  dy: Value,
  params: Params,
  arithmetic: Arithmetic,
): Acceptance =>
  within(
    tritsGradient(inputs, dy, params, true),
    params.out_features,
    maxAbs(dy.data),
    inputs,
    arithmetic,
  );

/** Of the loader of trits (matmul/right/trits): what it gives, and by mistake. */
const CODES = ['codes - vec4f(1.0)', 'codes'] as const;
export const TRITS_FAULTS: readonly RecordFault[] = loaderFaults('codes taken for trits', ...CODES);

/** A linear layer with weights of -1, 0 and 1, straight from their packed form. */
export const record = defineRecord(signature, {
  summary: 'y = (x T^T) * scale with T of packed trits',
  forward: (inputs, params) => ({ y: product(inputs, params) }),
  acceptance: (inputs, _outputs, params, arithmetic) => ({
    y: within(
      product(inputs, params, true),
      dimensions(inputs).k,
      maxAbs(inputs.x.data),
      inputs,
      arithmetic,
    ),
  }),
  vjp: (inputs, params, grads) => ({ x: tritsGradient(inputs, grads.y, params) }),
  vjpAcceptance: (inputs, _gradients, params, { y: dy }, arithmetic) => ({
    x: tritsGradientAcceptance(inputs, dy, params, arithmetic),
  }),
  samples,
  faults: [
    ...TRITS_FAULTS,
    {
      name: 'minus ones taken for ones',
      direction: 'forward',
      variants: ['skip-zeros'],
      shader: {
        file: 'quant/ternary_matmul_sparse',
        from: 'f32(trit_at(word, bit))',
        to: 'abs(f32(trit_at(word, bit)))',
      },
    },
    {
      name: 'codes taken for trits',
      direction: 'backward',
      variants: ['skip-zeros'],
      shader: { file: 'matmul/register', from: CODES[0], to: CODES[1] },
    },
  ],
  plausibleBugs: [
    inputBug('last row of packed trits zero', 'packed', (b, i, { data }) =>
      i === data.length - 1 ? 0x55 : b,
    ),
    inputBug('x wrong by 2e-5', 'x', (v) => v * (1 + 2e-5)),
    inputBug('trits in the other order', 'packed', reversed),
    paramsBug('the other order', ({ order, ...params }) => ({ ...params, order: OTHER[order] })),
    inputBug("neighbour's scale", 'scale', (s, i, { data }) => data[i ^ 1] ?? s),
    inputBug('scale wrong by 2e-5', 'scale', (s) => s * (1 + 2e-5)),
  ],
});

/** Of packings with as many bytes. */
const OTHER = { low: 'high', high: 'low', base3: 'base3' } as const;

/** A byte with its four codes in reverse. */
function reversed(byte: number): number {
  return [0, 1, 2, 3].reduce(
    (result, k) => result + (Math.floor(byte / 4 ** k) % 4) * 4 ** (3 - k),
    0,
  );
}
