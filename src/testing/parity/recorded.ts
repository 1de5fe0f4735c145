import type { ParityBundle } from '../../formats/parity-bundle.ts';
import type { StoredDType } from '../../formats/safetensors/stored.ts';
import type { Results } from '../../graph/call.ts';
import { EPS, storageStep } from '../../reference/bounds.ts';
import { acceptingOverflow, acceptingOverflowOfCodes } from '../../reference/overflow.ts';
import type { Acceptance, Arithmetic, Value } from '../../reference/record.ts';
import { recordOf } from '../../reference/registry.ts';
import { IN_HALVES } from '../../reference/rounding.ts';
import { acceptanceOfStored, type Storing, storingError } from '../../reference/stored.ts';
import { seam } from '../../seam.ts';
import { sameShape, sizeOf } from '../../tensor/shape.ts';
import { divisionOn } from './division.ts';
import type { Oracle, Question } from './oracle.ts';

/** Sums beyond 2^22 terms have no useful bound in any order; the cap keeps gamma defined. */
const LARGEST_DEPTH = 2 ** 22;

/**
 * The arithmetic of a producer whose order of summation is unknown. In any order a product of a sum
 * of n terms goes through its own rounding and at most n - 1 additions; BLAS may scale the result
 * (alpha) and add it to what was there (beta), which are two more. Torch folds the statistics of a
 * batch into one factor and one summand a channel.
 */
export const ANY_ORDER: Arithmetic = {
  depth: (terms) => Math.min(terms + 2, LARGEST_DEPTH),
  ieee: false,
  otherFormulas: true,
};

/** The element types that halves have in bundles. */
export const HALVES: Partial<Record<StoredDType, 'f16' | 'bf16'>> = { F16: 'f16', BF16: 'bf16' };

/**
 * As {@link ANY_ORDER}, where everything that was recorded is stored in one half format: in that
 * format, but for what the producer says that it adds up in float32. One number in float32 beside
 * tensors, as a product over the steps, tells nothing of these.
 */
export function arithmeticOfRecorded({
  accumulate,
  tensors: { outputs, gradsOut },
}: Pick<ParityBundle, 'accumulate' | 'tensors'>): Arithmetic {
  const all = [...Object.values(outputs), ...Object.values(gradsOut)];
  const tensors = all.filter(({ dtype, shape }) => dtype !== 'F32' || sizeOf(shape) !== 1);
  const stored = tensors.length > 0 ? tensors : all;
  const [only, ...others] = new Set(stored.map(({ dtype }) => dtype));
  const half = only && others.length === 0 ? HALVES[only] : undefined;
  if (!half) return ANY_ORDER;
  return { ...ANY_ORDER, [accumulate === 'float32' ? 'between' : 'halves']: half };
}

/**
 * Whether one sum in float32 gives a recorded tensor, rounded once to halves, as its producer says
 * of it by name, or of all outputs: then of every output, and of the gradients of a product whose
 * operands are not broadcast. Other gradients are made of what was stored in halves before.
 */
export function isRoundedOnce(
  { accumulate, op, tensors: { inputs } }: ParityBundle,
  { name, isGradient }: Pick<Question, 'name' | 'isGradient'>,
): boolean {
  if (typeof accumulate === 'object')
    return accumulate[isGradient ? `grad.${name}` : name] === 'float32';
  if (accumulate === undefined) return false;
  const { a, b, bias } = inputs;
  const isPlain =
    op === 'matmul' && !bias && a && b && sameShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  return !isGradient || Boolean(isPlain && Math.min(a.shape.length, b.shape.length) > 1);
}

/** A question, and where halves may stand between what is right if none does. */
export interface QuestionOfRecorded extends Question {
  readonly inFloat32?: Acceptance;
}

/**
 * What is asked of recorded values, each tensor in the arithmetic that its producer says: what is
 * named as rounded once was never in halves before.
 */
export function questionsOfRecorded(
  oracle: Pick<Oracle, 'questions'>,
  bundle: ParityBundle,
  recorded: Results<Value>,
): readonly QuestionOfRecorded[] {
  const division = divisionOn(bundle.device);
  const ieee = division === 'nearest' && recordOf(bundle.op).asWritten === true;
  const asked = (arithmetic: Arithmetic) =>
    oracle.questions(recorded, {
      arithmetic: { ...arithmetic, ieee, ...(division && { division }) },
      level: 'legal',
    });
  const arithmetic = arithmeticOfRecorded(bundle);
  const inFloat32 = asked(ANY_ORDER);
  if (arithmetic === ANY_ORDER) return inFloat32;
  return asked(arithmetic).map((question, i) => {
    const single = inFloat32[i] as Question;
    const isNamed = typeof bundle.accumulate === 'object' && isRoundedOnce(bundle, question);
    return isNamed ? single : { ...question, inFloat32: single.acceptance };
  });
}

/**
 * Devices on which halves are rounded to the nearest, ties to even: every number between two halves
 * was tried with torch, ml_dtypes, numpy, ONNX Runtime and MLX on processors; CUDA's conversions
 * are documented so. Elsewhere a half may be either neighbour.
 */
const TO_NEAREST = /^(?:cpu|cuda)\b/;

/** How the producer of a recording stores halves. */
export const storingOf = ({ device }: Pick<ParityBundle, 'device'>): Storing =>
  TO_NEAREST.test(device) ? 'nearest' : 'either';

/**
 * How a recorded value is accepted: as the record says, and a half-precision value also when it is
 * as near as its format stores it, or within the same bound in half-precision arithmetic (whose
 * unit of rounding takes the place of float32's). Where a value within that bound is beyond the
 * format's range, the format's largest number and infinity are right too. A gradient may be
 * computed from outputs as they are stored, half a step of the format off where they are small:
 * `flowing` is the largest gradient that multiplies such an error, twice where it is compared with
 * a mean of others. What is `roundedOnce` has float32's bound and that rounding.
 */
export const acceptanceOfRecorded = seam(
  'parity.acceptanceOfRecorded',
  (
    acceptance: Acceptance,
    dtype: StoredDType | undefined,
    oracle: Value,
    { flowing = 0, roundedOnce = false, storing = 'either' as Storing } = {},
  ): Acceptance => {
    const half = dtype && HALVES[dtype];
    if (!half) return acceptance;
    if (acceptance.kind === 'codes') return acceptingOverflowOfCodes(acceptance, oracle, half);
    if (roundedOnce) return acceptanceOfStored(acceptance, oracle, half, undefined, storing);
    if (acceptance.kind === 'within' && acceptance.computedIn === half)
      return acceptingOverflow(acceptance, oracle, half, acceptance.bound);
    const stored = storageStep(0, half) * flowing;
    const coarser = (storing === 'nearest' ? IN_HALVES[half].eps : storageStep(1, half)) / EPS;
    const before = acceptance.kind === 'within' ? acceptance.bound : oracle.data.map(() => 0);
    const lost = (acceptance.kind === 'within' && acceptance.underflow) || undefined;
    const apart = (i: number) => stored + (lost?.[i] ?? 0);
    const reach = before.map((x, i) => x * coarser + apart(i));
    const bound = oracle.data.map((y, i) => {
      const off = (before[i] as number) + apart(i);
      const last = storingError(y, off, half, storing);
      // The last of the units is that of storing, but near 0, where that is a step of the smallest.
      const more = Math.max(0, last - coarser * EPS * Math.abs(y));
      return Math.max(off + last, (reach[i] as number) + more);
    });
    const nearest = acceptance.kind === 'within' ? acceptance.nearest : undefined;
    const wider = { kind: 'within', bound, ...(nearest ? { nearest } : {}) } as const;
    return acceptingOverflow(wider, oracle, half, reach);
  },
);
