import type { ParityBundle } from '../../formats/parity-bundle.ts';
import { type Judgement, judge, type WrongElement } from '../../reference/judge.ts';
import type { Values } from '../../reference/record.ts';
import type { CaseContext } from '../context.ts';
import { valuesOfStored } from './fit.ts';
import type { Question } from './oracle.ts';
import { type Asked, plantOne, worthOf } from './planted.ts';
import { acceptanceOfRecorded, isRoundedOnce } from './recorded.ts';

/** Under this share of planted errors a bound is loose. */
const ENOUGH = 0.95;

/** A recorded tensor with its verdict. */
interface Judged {
  readonly question: Question;
  readonly asked: Asked;
  readonly judgement: Judgement;
  /** Whether it may have been added up in halves, in any order. */
  readonly inHalves: boolean;
}

/**
 * Asks of every recorded tensor whether the oracle accepts it; the first that it does not is the
 * finding, which names the others. Where all are right by a bound that would let too many errors
 * pass, that is the finding. What a planted error would show is in the metrics. Returns the names
 * of all that are not right.
 */
export function findDeviation(
  t: CaseContext,
  bundle: ParityBundle,
  questions: readonly Question[],
): ReadonlySet<string> {
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
    const also =
      others.length > 0
        ? `; also ${others.map(({ question }) => labelOf(question)).join(', ')}`
        : '';
    t.finding(
      'producer-deviates',
      deviation(bundle, first.question, first.judgement) + also,
      first.judgement.firstWrong,
    );
  } else {
    findLooseBound(t, right);
  }
  return new Set(wrong.map(({ question }) => labelOf(question)));
}

function judgeRecorded(bundle: ParityBundle, questions: readonly Question[]): readonly Judged[] {
  const { outputs, gradsIn, gradsOut } = bundle.tensors;
  const flowing = largestOf(valuesOfStored(gradsIn, {}));
  return questions.map((question) => {
    const { isGradient, name, actual, truth, unjudged } = question;
    const dtype = (isGradient ? gradsOut : outputs)[name]?.dtype ?? 'F32';
    const roundedOnce = isRoundedOnce(bundle, question);
    const acceptance = acceptanceOfRecorded(question.acceptance, dtype, truth, {
      flowing: isGradient ? flowing : 0,
      roundedOnce,
    });
    return {
      question,
      asked: { actual, truth, unjudged, dtype, acceptance },
      judgement: judge(actual, truth, acceptance, unjudged),
      inHalves: (dtype === 'F16' || dtype === 'BF16') && !roundedOnce,
    };
  });
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
  const loose = right.filter(({ inHalves, asked }) => {
    if (!inHalves) return false;
    const { planted, noticed } = worthOf([asked]);
    return noticed < ENOUGH * planted;
  });
  if (loose.length === 0) return;
  const { planted, noticed } = worthOf(loose.map(({ asked }) => asked));
  const names = loose.map(({ question }) => labelOf(question)).join(', ');
  t.finding(
    'loose-bound',
    `${names} may be rounded to halves on the way, and added up in any order: the bound would notice one element that is 10 % off in ${Math.floor((100 * noticed) / planted)} % of ${planted}`,
  );
}

function deviation(
  { producer, device }: ParityBundle,
  question: Question,
  { firstWrong, wrong, compared }: Judgement,
): string {
  const { index, actual, expected } = firstWrong as WrongElement;
  const show = (x: number | null) => x ?? 'not finite';
  const [library] = producer.split(' + ');
  const where = `${labelOf(question)}[${index.join(', ')}]`;
  return `${library} (${device}): ${where} is ${show(actual)}, ${question.basis} ${show(expected)}; ${wrong} of ${compared} elements differ`;
}

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
