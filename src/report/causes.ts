import { counted } from './counted.ts';
import { groupBy } from './group.ts';
import { reasonOf } from './reason.ts';
import type { CaseResult } from './schema.ts';
import { compareTexts } from './text-order.ts';
import { verdictOf } from './verdict.ts';

/** Wrong results that may have one cause. */
export interface Cause {
  /** Kernels that all of these dispatched; none where only the code of their reason is common. */
  readonly kernels: readonly string[];
  /** Results that passed and dispatched all of these kernels too; 0 for the surest causes. */
  readonly alsoPassed: number;
  /** The code of the first one's reason. */
  readonly code: string;
  readonly results: readonly CaseResult[];
}

/**
 * What is wrong, grouped by what may have caused it: kernels that are wrong in most of their cases,
 * for a broken kernel may still be right on zeros. Of several it is the one that explains most of
 * what is left, less the results that passed with it: in a chosen part of the checks a kernel may be
 * in no right one only because few use it. What no kernel explains has the code of its reason in
 * common. The largest group is first.
 */
export function causesOf(results: readonly CaseResult[]): readonly Cause[] {
  // A case passed too whose control stayed green: its kernels compute what they should.
  const passed = results.filter(({ status }) => status === 'pass');
  const inPassed = countOf(passed.flatMap(({ kernels }) => kernels));
  const right = (kernel: string) => inPassed.get(kernel) ?? 0;
  const broken = results.filter((one) => verdictOf(one) === 'wrong' && one.status !== 'pass');
  const inBroken = countOf(broken.flatMap(({ kernels }) => kernels));
  // A kernel whose cases pass more often than not is no cause.
  const isSuspect = (kernel: string) => (inBroken.get(kernel) as number) >= right(kernel);
  const suspectsOf = ({ kernels, status }: CaseResult) =>
    status === 'pass' ? [] : kernels.filter(isSuspect);
  const among = (left: readonly CaseResult[]): readonly Cause[] => {
    const kernel = mostTelling(left.flatMap(suspectsOf), right);
    if (kernel === undefined)
      return [...groupBy(left, (one) => reasonOf(one).code)].map(([code, group]) => ({
        kernels: [],
        alsoPassed: 0,
        code,
        results: group,
      }));
    const group = left.filter((one) => suspectsOf(one).includes(kernel));
    const [first] = group as [CaseResult];
    const kernels = suspectsOf(first).filter((each) =>
      group.every((one) => suspectsOf(one).includes(each)),
    );
    const alsoPassed = passed.filter((one) => kernels.every((each) => one.kernels.includes(each)));
    const { code } = reasonOf(first);
    const cause = { kernels, alsoPassed: alsoPassed.length, code, results: group };
    return [cause, ...among(left.filter((one) => !group.includes(one)))];
  };
  const wrong = results.filter((one) => verdictOf(one) === 'wrong');
  return [...among(wrong)].sort((a, b) => b.results.length - a.results.length);
}

function countOf(names: readonly string[]): ReadonlyMap<string, number> {
  const same = groupBy(names, (name) => name);
  return new Map([...same].map(([name, { length }]) => [name, length]));
}

/**
 * The kernel that is most often among those of wrong results, less how often it is in right ones; of
 * several the one in fewer right ones, then the first.
 */
function mostTelling(
  kernels: readonly string[],
  right: (kernel: string) => number,
): string | undefined {
  const sorted = [...countOf(kernels)]
    .map(([kernel, wrong]) => ({ kernel, tells: wrong - right(kernel) }))
    .sort(
      (a, b) =>
        b.tells - a.tells || right(a.kernel) - right(b.kernel) || compareTexts(a.kernel, b.kernel),
    );
  return sorted[0]?.kernel;
}

/** Kernels that are named; a case that trains dispatches dozens. */
const MOST_KERNELS = 3;

/** "nn/silu", "nn/silu and nn/silu_backward", "a, b, c and 4 more" */
function kernelWords(kernels: readonly string[]): string {
  const more = kernels.length - MOST_KERNELS;
  const told = kernels.slice(0, MOST_KERNELS).concat(more > 0 ? [`${more} more`] : []);
  return told.join(', ').replace(/, ([^,]*)$/, ' and $1');
}

/**
 * "21 checks are wrong, all of them dispatch nn/silu"; `wrong` is how many are in all groups
 * together.
 */
export function causeWords({ kernels, alsoPassed, code, results }: Cause, wrong: number): string {
  const count = results.length;
  const isAll = count === wrong;
  const some = `${count} of ${wrong} wrong checks`;
  if (kernels.length === 0)
    return isAll
      ? `${counted(count, 'check is', 'checks are')} wrong: ${code}`
      : `${some}: ${code}`;
  const shared = kernelWords(kernels);
  const too =
    alsoPassed > 0 ? `, as ${counted(alsoPassed, 'right one does', 'right ones do')} too` : '';
  if (!isAll) {
    const dispatch = count === 1 ? 'dispatches' : 'dispatch';
    return `${some} ${dispatch} ${shared}${too || ', which no right one does'}`;
  }
  return count === 1
    ? `1 check is wrong, it dispatches ${shared}${too}`
    : `${count} checks are wrong, all of them dispatch ${shared}${too}`;
}
