import type { ParityBundle } from '../../formats/parity-bundle.ts';
import { type Judgement, judge, type WrongElement } from '../../reference/judge.ts';
import type { Values } from '../../reference/record.ts';
import type { CaseContext } from '../context.ts';
import { valuesOfStored } from './fit.ts';
import type { Question } from './oracle.ts';
import { acceptanceOfRecorded } from './recorded.ts';

/**
 * Asks of every recorded tensor whether the oracle accepts it; the first that it does not is the
 * finding, which names the others. Returns the names of all that it does not.
 */
export function findDeviation(
  t: CaseContext,
  bundle: ParityBundle,
  questions: readonly Question[],
): ReadonlySet<string> {
  const { outputs, gradsIn, gradsOut } = bundle.tensors;
  const flowing = largestOf(valuesOfStored(gradsIn, {}));
  const wrong = questions.flatMap((question) => {
    const dtype = (question.isGradient ? gradsOut : outputs)[question.name]?.dtype;
    const acceptance = acceptanceOfRecorded(
      question.acceptance,
      dtype,
      question.truth,
      question.isGradient ? flowing : 0,
    );
    const judgement = judge(question.actual, question.truth, acceptance, question.unjudged);
    return judgement.ok ? [] : [{ question, judgement }];
  });
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
  }
  return new Set(wrong.map(({ question }) => labelOf(question)));
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
