import { EPS, FLUSH } from '../../reference/bounds.ts';
import type { Acceptance, Value, Values } from '../../reference/record.ts';
import { records } from '../../reference/registry.ts';
import { acceptanceOfStored } from '../../reference/stored.ts';

/** What an output must be, given what the same party produced beside it. */
export interface OwnOutput {
  readonly truth: Value;
  readonly acceptance: Acceptance;
  readonly basis: string;
}

type Params = Readonly<Record<string, unknown>>;

/**
 * What a quantizer's op says of a dequantized weight, given codes and scales; undefined when the
 * party lacks one of them.
 */
type Decoder = (inputs: Values, produced: Values, params: Params) => Float64Array | undefined;

/** Trits times their one scale. */
const ofTrits: Decoder = (_inputs, { trits, scale }) =>
  trits && scale && trits.data.map((trit) => trit * (scale.data[0] as number));

const DECODERS: Readonly<Record<string, Decoder>> = {
  quantize_4bit: (inputs, { packed, absmax }, params) => {
    const decoder = records.get('dequantize_4bit');
    if (!decoder || !packed || !absmax) return undefined;
    return decoder.forward(
      { packed, absmax },
      {
        ...params,
        shape: inputs['weight']?.shape,
      },
    )['y']?.data;
  },
  quantize_blockwise: ({ code }, { q, absmax }, { blocksize }) =>
    code &&
    q &&
    absmax &&
    q.data.map(
      (k, i) =>
        (code.data[k] as number) * (absmax.data[Math.floor(i / Number(blocksize))] as number),
    ),
  ternary_quantize: ofTrits,
  bitnet_quantize: ofTrits,
};

/**
 * A dequantized weight is judged against the codes and scales of the party that dequantized it:
 * whether those are right is a question of its own. Undefined when the op does not quantize or the
 * party has no codes.
 */
export function ownDequant(
  op: string,
  inputs: Values,
  produced: Values,
  params: object,
): OwnOutput | undefined {
  const actual = produced['dequant'];
  const data = actual && DECODERS[op]?.(inputs, produced, params as Params);
  if (!actual || !data) return undefined;
  const truth = { shape: actual.shape, data };
  const bound = data.map((y) => EPS * Math.abs(y) + FLUSH);
  return {
    truth,
    acceptance: acceptanceOfStored({ kind: 'within', bound }, truth, actual.dtype, undefined),
    basis: 'its own codes and scales give',
  };
}
