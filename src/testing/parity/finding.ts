import type { ParityBundle } from '../../formats/parity-bundle.ts';
import { storageStep } from '../../reference/bounds.ts';
import {
  type Judgement,
  judge,
  measureWithin,
  type WrongElement,
  wrongElement,
} from '../../reference/judge.ts';
import type { Value, Values } from '../../reference/record.ts';
import type { CaseContext } from '../context.ts';
import { closestOf, type Way } from './closest.ts';
import { valuesOfStored } from './fit.ts';
import type { Question } from './oracle.ts';
import { type Asked, plantOne, worthOf } from './planted.ts';
import {
  acceptanceOfRecorded,
  HALVES,
  isRoundedOnce,
  type QuestionOfRecorded,
  storingOf,
} from './recorded.ts';

/** Under this share of planted errors a bound is loose. */
const ENOUGH = 0.95;

/** A recorded tensor with its verdict. */
interface Judged {
  readonly question: Question;
  readonly asked: Asked;
  readonly judgement: Judgement;
  /** Where the bound of that may say too little, the way that comes closest to it. */
  readonly way: Way | undefined;
  /** Whether its bound says too little, and no way that is known is tighter. */
  readonly isLoose: boolean;
}

/** What {@link findDeviation} found. */
interface Found {
  /** Names of tensors. */
  readonly deviating: ReadonlySet<string>;
  /** The questions, with what no way that is known told anything of. */
  readonly asked: readonly Question[];
}

/**
 * Asks of every recorded tensor whether the oracle accepts it; the first that it does not is the
 * finding, which names the others. Where all are right by a bound that would let too many errors
 * pass, that is the finding. What a planted error would show is in the metrics. Returns the names
 * of all that are not right, and what of each tensor was not asked.
 */
export function findDeviation(
  t: CaseContext,
  bundle: ParityBundle,
  questions: readonly QuestionOfRecorded[],
): Found {
  const all = judgeRecorded(bundle, questions);
  const right = all.filter(({ judgement }) => judgement.ok);
  const wrong = all.filter(({ judgement }) => !judgement.ok);
  const planted = plantOne(
    right.map(({ asked }) => asked),
    t.random(),
  );
  if (planted) {
    t.metric(`planted.${planted.dtype}`, planted.planted);
    t.metric(`noticed.${planted.dtype}`, planted.noticed);
  }
  const [first, ...others] = wrong;
  if (first) {
    const more = new Set(others.map(({ question }) => labelOf(question)));
    more.delete(labelOf(first.question));
    const also = more.size > 0 ? `; also ${[...more].join(', ')}` : '';
    t.finding(
      'producer-deviates',
      deviation(bundle, first.question, first.judgement) + also,
      first.judgement.firstWrong,
    );
  } else {
    findLooseBound(t, right);
  }
  return {
    deviating: new Set(wrong.map(({ question }) => labelOf(question))),
    asked: all.map(({ question, asked: { unjudged } }) => ({ ...question, unjudged })),
  };
}

function judgeRecorded(
  bundle: ParityBundle,
  questions: readonly QuestionOfRecorded[],
): readonly Judged[] {
  const { outputs, gradsIn, gradsOut } = bundle.tensors;
  const storing = storingOf(bundle);
  const flowing = largestOf(valuesOfStored(gradsIn, {}));
  return questions.map((question) => {
    const { isGradient, name, actual, truth, unjudged } = question;
    const dtype = (isGradient ? gradsOut : outputs)[name]?.dtype ?? 'F32';
    const roundedOnce = isRoundedOnce(bundle, question);
    const acceptance = acceptanceOfRecorded(question.acceptance, dtype, truth, {
      flowing: isGradient ? flowing : 0,
      roundedOnce,
      storing,
    });
    const judgement = judge(actual, truth, acceptance, unjudged);
    const asked = { actual, truth, unjudged, dtype, acceptance };
    const inHalves = HALVES[dtype] !== undefined && !roundedOnce && judgement.ok;
    // A step may be no longer than what halves round on the way.
    const isInDoubt = inHalves && (question.isFromOwn || isLoose(asked));
    const way = isInDoubt ? closestOf(question, dtype, storing) : undefined;
    const isKnown = way?.judgement.ok === true && way.judgement.compared > 0;
    // What lies wholly in a way that is known is held to it.
    const held = isKnown ? { ...asked, acceptance: way.acceptance, unjudged: way.unjudged } : asked;
    const isOpen = isInDoubt && ((question.isFromOwn && !isKnown) || isLoose(held));
    return { question, asked: held, judgement, way, isLoose: isOpen };
  });
}

/** Whether a bound lets too many errors pass. */
function isLoose(asked: Asked): boolean {
  const { planted, noticed } = worthOf([asked]);
  return noticed < ENOUGH * planted;
}

/**
 * Says of values that are right how much that is worth, where it is not enough: of those in halves,
 * and of those whose bound says so itself.
 */
function findLooseBound(t: CaseContext, right: readonly Judged[]): void {
  const told = right.flatMap(({ asked: { acceptance }, question }) =>
    acceptance.kind === 'within' && acceptance.loose
      ? [`${labelOf(question)}: ${acceptance.loose}`]
      : [],
  );
  if (told.length > 0) {
    t.finding('loose-bound', told.join('; '));
    return;
  }
  // Each by itself: many elements of a gradient would outvote the one of a loss.
  const loose = right.filter((one) => one.isLoose && one.judgement.compared > 0);
  if (loose.length === 0) return;
  const { planted, noticed } = worthOf(loose.map(({ asked }) => asked));
  const names = loose.map(({ question }) => labelOf(question)).join(', ');
  t.finding(
    'loose-bound',
    `${names} may be rounded to halves on the way, and added up in any order: the bound would notice one element that is 10 % off in ${Math.floor((100 * noticed) / planted)} % of ${planted}${loose.map(besideWay).join('')}`,
  );
}

/**
 * Which elements of a tensor are not where the closest way that is known has them, and how far the
 * farthest is off: roundings are steps of the format, an error of a tenth is many. Of a tensor that
 * lies in that way, that its bound is as wide.
 */
function besideWay({ question, way, asked: { dtype } }: Judged): string {
  const half = HALVES[dtype];
  if (!way || !half) return '';
  const label = labelOf(question);
  const { wrong, compared } = way.judgement;
  if (wrong === 0)
    return `; ${label} is what the closest formula that is known gives, whose own bound is as wide there`;
  const { at, steps } = farthestOf(question, way, half);
  return `; of ${label} ${wrong} of ${compared} elements are not what the closest formula that is known gives, the farthest by ${Number(steps.toPrecision(2))} steps of ${dtype}: ${placeOf(question, at)}`;
}

/** The element that is farthest from where a way has it, in steps of the format. */
function farthestOf(
  { actual, truth, unjudged }: Question,
  { acceptance }: Way,
  half: 'f16' | 'bf16',
) {
  let index = 0;
  let steps = 0;
  for (const [i, y] of truth.data.entries()) {
    if (unjudged[i] || acceptance.kind !== 'within') continue;
    const { error, right } = measureWithin(i, actual, truth, acceptance);
    const off = error / storageStep(y, half);
    if (!right && !(off <= steps)) [index, steps] = [i, off];
  }
  return { at: wrongElement(index, actual, truth), steps };
}

function deviation(
  { producer, device }: ParityBundle,
  question: Question,
  { firstWrong, wrong, compared }: Judgement,
): string {
  const [library] = producer.split(' + ');
  const place = placeOf(question, firstWrong as WrongElement);
  return `${library} (${device}): ${place}; ${wrong} of ${compared} elements differ`;
}

function placeOf(question: Question, { index, actual, expected }: WrongElement): string {
  const { shape } = question.truth;
  const at = index.reduce((flat, i, d) => flat * (shape[d] as number) + i, 0);
  const show = (x: number | null, { data }: Value) => x ?? words(data[at] as number);
  const where = `${labelOf(question)}[${index.join(', ')}]`;
  return `${where} is ${show(actual, question.actual)}, ${question.basis} ${show(expected, question.truth)}`;
}

/** A number that is not finite. */
const words = (x: number): string => (Number.isNaN(x) ? 'NaN' : `${x < 0 ? 'minus ' : ''}infinity`);

function largestOf(values: Values): number {
  let largest = 0;
  for (const { data } of Object.values(values))
    for (const x of data) if (Number.isFinite(x)) largest = Math.max(largest, Math.abs(x));
  return largest;
}

/** A tensor of a party, in words. */
export function labelOf({ name, isGradient }: Question): string {
  return isGradient ? `gradient of ${name}` : name;
}
