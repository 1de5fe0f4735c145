import { type Call, mapped } from '../../graph/call.ts';
import { isRight } from '../../reference/judge.ts';
import type { Acceptance, Value } from '../../reference/record.ts';
import { truthOf } from '../../reference/truth.ts';
import { seam } from '../../seam.ts';
import { ruleOf, type Signature } from '../../vocabulary/signature.ts';
import { dependentMasks, type Masks } from './dependence.ts';

/** By tensor the elements that are no finite number, by their index. */
type NonFinite = Readonly<Record<string, ReadonlyMap<number, number>>>;

const isMasked = (x: number): boolean => x === Number.NEGATIVE_INFINITY;

/** Whether -inf in input `name` means "masked". */
const takesMasks = ({ inputs }: Signature, name: string): boolean =>
  ruleOf(inputs, name)?.maskedOver !== undefined;

/** The call with `change` of each input in which -inf means "masked", and `others` of the rest. */
function changed(
  call: Call<Value>,
  change: (x: number) => number,
  others: (x: number) => number = (x) => x,
): Call<Value> {
  const { op, inputs, grads } = call;
  const apply = (value: Value, f: (x: number) => number) => ({ ...value, data: value.data.map(f) });
  return {
    ...call,
    inputs: mapped(inputs, (value, name) => apply(value, takesMasks(op, name) ? change : others)),
    ...(grads ? { grads: mapped(grads, (value) => apply(value, others)) } : {}),
  };
}

/** Whether logits of the call are masked. */
const hasMasked = ({ op, inputs }: Call<Value>): boolean =>
  Object.entries(inputs).some(([name, { data }]) => takesMasks(op, name) && data.some(isMasked));

/**
 * What an op's definition gives with -inf as it stands, where that is no finite number and nothing
 * else than a -inf that means "masked" is the reason: -inf of log_softmax at a masked logit, NaN of
 * a softmax and -inf of a logsumexp over a row that is masked whole. `given` has the numbers as they
 * were recorded, `read` those in which only rows that are masked whole still hold -inf; `masks`
 * are the elements that depend on these and on what is not finite besides.
 */
export const definedOf = seam(
  'parity.definedOf',
  (given: Call<Value>, read: Call<Value>, masks: Masks): NonFinite => {
    if (!hasMasked(given)) return {};
    const elsewhere = dependentMasks(
      changed(read, (x) => (isMasked(x) ? 0 : x)),
      'recorded',
    );
    const orZero = (x: number) => (Number.isFinite(x) ? x : 0);
    const limit = truthOf(changed(given, (x) => (isMasked(x) ? x : orZero(x)), orZero));
    return mapped(limit, ({ data }, name) => {
      const found = new Map<number, number>();
      for (const [i, x] of data.entries()) {
        if (Number.isFinite(x) || elsewhere[name]?.[i]) continue;
        // Only a row that is masked whole has a NaN by definition; others are of the oracle's steps.
        if (!Number.isNaN(x) || masks[name]?.[i]) found.set(i, x);
      }
      return found;
    });
  },
);

/**
 * The masks with what lies in a row that is masked whole: of its gradient, where the definition has
 * no NaN, as of a row without a label, libraries have one or 0.
 */
export const withWholeRows = ({ op, inputs, grads }: Call<Value>, masks: Masks): Masks =>
  grads
    ? mapped(masks, (mask, name) => {
        const row = takesMasks(op, name) ? inputs[name]?.data : undefined;
        return row ? mask.map((marked, i) => marked || Number(isMasked(row[i] as number))) : mask;
      })
    : masks;

/**
 * When a value is right that is `limit` by definition, no finite number: as that, or as `lowest`
 * accepts a number made of the lowest one, to which a -inf may be read, if its bound tells it from
 * 0. Of what `whole` marks, which follows from a row that is masked whole, no such number is made;
 * `orZero`: there 0 is right for NaN too.
 */
export function acceptanceOfLimit(
  limit: ReadonlyMap<number, number>,
  lowest: { readonly truth: Value; readonly acceptance: Acceptance },
  { whole, orZero }: { readonly whole: Uint8Array | undefined; readonly orZero: boolean },
): Acceptance {
  const { truth, acceptance } = lowest;
  const fromLowest = (i: number, actual: number) =>
    !whole?.[i] &&
    acceptance.kind === 'within' &&
    (acceptance.bound[i] as number) < Math.abs(truth.data[i] as number) &&
    isRight(i, actual, truth, acceptance);
  const accepts = (i: number, actual: number) => {
    const right = limit.get(i) as number;
    if (Object.is(actual, right)) return true;
    if (Number.isNaN(right)) return orZero && actual === 0;
    return Number.isFinite(actual) && fromLowest(i, actual);
  };
  return { kind: 'codes', accepts, inBand: 0 };
}

/**
 * Whether libraries give 0 too where the definition has NaN, in a row that is masked whole: torch's
 * softmaxes with a guard (`_safe_softmax`) are recorded by the name of the one without, and what
 * flows back through the mask itself is 0.
 */
export const isZeroToo = ({ op, grads }: Call<Value>): boolean =>
  grads !== undefined || op.name === 'softmax';
