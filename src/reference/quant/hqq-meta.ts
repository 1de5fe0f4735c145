import { mapped } from '../../graph/call.ts';
import {
  HQQ_META,
  hqqMeta,
  hqqMetaParams,
  type hqqQuantize as signature,
} from '../../vocabulary/quant/hqq_quantize.ts';
import type { OutputsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, SECOND_ORDER } from '../bounds.ts';
import type { Acceptance, Acceptances, Arithmetic, Value, Values } from '../record.ts';
import { acceptanceOf } from './hqq-acceptance.ts';
import { type Asked, askedOf, ownAnswer } from './hqq-asked.ts';
import { groupsOf, type HqqParams } from './hqq-groups.ts';

type Outputs = OutputsOf<typeof signature, Value>;

/** Scales or zeros that are quantized in turn. */
interface Meta {
  readonly part: 'scale' | 'zero';
  /** Those that the codes are made of. */
  readonly given: Value;
  readonly asked: Asked;
  readonly params: HqqParams;
}

/** What is asked of a party besides, where scales or zeros are quantized in turn. */
export function withMeta(weight: Value, whole: Asked, actual: Values, params: HqqParams): Asked {
  const metas = metasOf(whole, actual, params);
  if (metas.length === 0) return whole;
  const stored = metas.flatMap(({ part, given, asked }) => {
    const { codes, scale, zero } = HQQ_META[part];
    // Of one scale for all zeros no axis is left.
    const as = ({ shape, data }: Value, alone: Value['shape']) => ({
      shape: part === 'zero' ? alone : shape,
      data,
    });
    return [
      [codes, as(asked.packed, given.shape)],
      [scale, as(asked.scale, [1])],
      [zero, as(asked.zero, [1])],
    ] as const;
  });
  const given = metas.flatMap(({ part }) =>
    [HQQ_META[part].scale, HQQ_META[part].zero].flatMap((name) =>
      actual[name] ? [[`given_${name}`, actual[name]] as const] : [],
    ),
  );
  return {
    ...whole,
    ...Object.fromEntries([...stored, ...given]),
    dequant: { shape: weight.shape, data: decoded(weight, whole, metas, params).value },
  };
}

/**
 * How the codes of scales and zeros are judged: as those of a weight, by what the party made them
 * of. What the weight decodes to is off by what these restore to, besides.
 */
export function metaAcceptances(
  weight: Value,
  asked: Outputs,
  params: HqqParams,
  arithmetic: Arithmetic,
): Acceptances {
  const metas = metasOf(asked, partyOf(asked), params);
  if (metas.length === 0) return {};
  const judged = metas.map(({ part, given, asked: of, params: by }) => {
    const { packed, scale, zero, dequant } = acceptanceOf(given, of, by, arithmetic);
    // Zeros that a recording does not hold may be others than ours: nothing follows from them.
    const isOpen = part === 'zero' && !givenOf(asked, 'zero');
    return {
      part,
      accepted: mapped({ packed, scale, zero, dequant }, (one) => (isOpen ? OPEN : one)),
    };
  });
  const bounds = Object.fromEntries(
    judged.map(({ part, accepted: { dequant } }) => [
      part,
      dequant.kind === 'within' ? dequant.bound : undefined,
    ]),
  );
  const isKnown = judged.every(({ accepted }) => accepted.dequant !== OPEN);
  const stored = judged.flatMap(({ part, accepted: { packed, scale, zero } }) => {
    const names = HQQ_META[part];
    return [
      [names.codes, packed],
      [names.scale, scale],
      [names.zero, zero],
    ] as const;
  });
  const bound = decoded(weight, asked, metas, params, bounds).error;
  return {
    ...Object.fromEntries(stored),
    dequant: isKnown ? { kind: 'within', bound } : OPEN,
  };
}

const OPEN: Acceptance = { kind: 'codes', accepts: () => true, inBand: 0 };

function metasOf(whole: Outputs, actual: Values, params: HqqParams): readonly Meta[] {
  return hqqMeta(params).map((part) => {
    const given = actual[part] ?? givenOf(whole, part) ?? whole[part];
    const own = hqqMetaParams(part, given.data.length);
    const { codes, scale, zero } = HQQ_META[part];
    const found = Object.entries({ packed: codes, scale, zero }).flatMap(([name, stored]) =>
      actual[stored] ? [[name, actual[stored]] as const] : [],
    );
    const asked =
      found.length > 0 ? askedOf(given, Object.fromEntries(found), own) : ownAnswer(given, own);
    return { part, given, asked, params: own };
  });
}

/** What a party gave of that from which the rest follows, as it stands beside what is asked. */
const givenOf = (asked: Outputs, name: string): Value | undefined =>
  (asked as Partial<Values>)[`given_${name}`];

/** All of that, with the codes that were right. */
function partyOf(asked: Outputs): Values {
  const names = Object.values(HQQ_META).flatMap(({ scale, zero }) => [scale, zero]);
  const given = ['scale', 'zero', ...names].flatMap((name) => {
    const value = givenOf(asked, name);
    return value ? [[name, value] as const] : [];
  });
  const { zero_q, scale_q } = asked;
  return {
    ...Object.fromEntries(given),
    ...(zero_q && { zero_q }),
    ...(scale_q && { scale_q }),
  };
}

/** (code - zero) scale with what is restored of both, and how far it may be off by their `bounds`. */
function decoded(
  weight: Value,
  asked: Outputs,
  metas: readonly Meta[],
  params: HqqParams,
  bounds: Readonly<Record<string, Float64Array | undefined>> = {},
): { readonly value: Float64Array; readonly error: Float64Array } {
  const { groupOf } = groupsOf(weight, params);
  const restoredOf = (part: Meta['part']) => {
    const meta = metas.find((one) => one.part === part);
    return (meta?.asked.dequant ?? givenOf(asked, part) ?? asked[part]).data;
  };
  const scales = restoredOf('scale');
  const zeros = restoredOf('zero');
  const error = new Float64Array(weight.data.length);
  const value = asked.unpacked.data.map((code, i) => {
    const j = groupOf(i);
    const scale = scales[j] as number;
    const steps = code - (zeros[j] as number);
    const ofZero = bounds['zero']?.[j] ?? 0;
    const ofScale = bounds['scale']?.[j] ?? 0;
    const carried = (Math.abs(scale) + ofScale) * ofZero + Math.abs(steps) * ofScale;
    const rounded = 2 * EPS * Math.abs(steps * scale) + FLUSH * (1 + Math.abs(scale));
    error[i] = (carried + rounded) * SECOND_ORDER;
    return steps * scale;
  });
  return { value, error };
}
