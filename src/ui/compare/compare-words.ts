import type { ChangeKind, Comparison } from '../../report/compare/compare.ts';
import type { TimeFigure } from '../../report/compare/range.ts';
import type { CaseFigures, Snapshot } from '../../report/compare/snapshot.ts';
import type { ReportHead } from '../../report/head.ts';
import { browserWords, chipName } from '../../report/place.ts';
import { plainText } from '../../report/plain-text.ts';
import type { Environment, Report } from '../../report/schema.ts';
import type { Settings } from '../../report/settings.ts';
import type { Answer } from '../check/answer.ts';
import { preflightWords } from '../check/preflight.en.ts';
import { unitsWords } from '../messages/units.en.ts';
import { shareWords } from '../share/share.en.ts';
import { compareWords } from './compare.en.ts';

/** Longer is no name, but text from elsewhere. */
const LONGEST_PLACE = 120;
const LONGEST_RESTRICTION = 200;

/** "Apple M2, Chromium 156": where something was measured, short enough for a list. */
export function placeOf({
  adapter,
  runtime,
  runtimeVersion,
}: Pick<Environment, 'adapter' | 'runtime' | 'runtimeVersion'>): string {
  const chip = chipName(adapter) || preflightWords().unnamed;
  return plainText(
    `${adapter.isFallback ? compareWords().processor(chip) : chip}, ${browserWords(runtime, runtimeVersion)}`,
    LONGEST_PLACE,
  );
}

/** "1,235 right, 2 wrong" of a run that is kept, by its summary alone. */
export function tallyOfHead({ summary: { passed, skipped, total } }: ReportHead): string {
  return compareWords().tally(passed, total - passed - skipped, skipped);
}

/** The same of a result that was read. */
export function tallyOf({ cases }: Snapshot): string {
  let right = 0;
  let wrong = 0;
  let skipped = 0;
  for (const { verdict } of cases.values()) {
    if (verdict === 'right') right++;
    else if (verdict === 'skipped') skipped++;
    else wrong++;
  }
  return compareWords().tally(right, wrong, skipped);
}

type SetUp = Pick<Report['run'], 'tier' | 'shard' | 'seed' | 'timeoutMs' | 'complete'> &
  Pick<Settings, 'filters'> & { readonly options?: Settings['options'] | undefined };

/**
 * How a run was set up, where that was not the standard; an empty list where it was. What only its
 * results tell is left out.
 */
export function restrictionsOf({
  tier,
  filters,
  shard,
  seed,
  timeoutMs,
  options = [],
  complete,
}: SetUp): readonly string[] {
  const deviations = shareWords().deviations({
    tier,
    filters,
    shard,
    seed,
    timeoutMs,
    options,
    complete,
    retried: 0,
    hidden: 0,
  });
  return deviations.map((deviation) => plainText(deviation, LONGEST_RESTRICTION));
}

/** A run in one line, for a list to choose from. */
export function lineOfHead(head: ReportHead): string {
  const [environment] = head.environments;
  const place = environment ? [placeOf(environment)] : [];
  const parts = [
    unitsWords().instant(new Date(head.run.startedAt)),
    ...place,
    tallyOfHead(head),
    ...restrictionsOf(head.run),
  ];
  return parts.join(' · ');
}

/** Changes of a case that is in both results, beside its verdict. */
const OTHERWISE: ReadonlySet<ChangeKind> = new Set(['other-status', 'finding', 'slower', 'faster']);

/** What changed, in plain words. */
export function comparisonAnswer(
  { counts, changes, inBoth, stillPassing, timed }: Comparison,
  before: Snapshot,
  after: Snapshot,
): Answer {
  const words = compareWords();
  const wrong = counts['newly-wrong'];
  const right = counts['newly-right'];
  const others = changes.filter(({ kinds: [kind] }) => OTHERWISE.has(kind)).length;
  const first = counts['only-before'];
  const second = counts['only-after'];
  const nameless = before.nameless + after.nameless;
  const sentences = [
    ...(wrong > 0 && right > 0 ? [words.alsoRight(right)] : []),
    words.inBoth(inBoth, stillPassing),
    ...(first + second > 0 ? [words.onlyIn(first, second)] : []),
    timed > 0 ? words.timed(counts.slower, counts.faster, timed) : words.untimed,
    ...(nameless > 0 ? [words.nameless(nameless)] : []),
  ];
  if (inBoth === 0)
    return {
      tone: 'warn',
      headline: words.nothingShared,
      sentences: nameless > 0 ? [words.nameless(nameless)] : [],
    };
  if (wrong > 0) return { tone: 'bad', headline: words.newlyWrong(wrong), sentences };
  if (right > 0) return { tone: 'good', headline: words.newlyRight(right), sentences };
  return {
    tone: 'none',
    headline: others > 0 ? words.othersChanged(others) : words.unchanged,
    sentences,
  };
}

/** Digits of a share that people can still tell apart; more would be noise. */
const DIGITS = [2, 3, 4, 6, 9] as const;

/** Shares of the bound before and after, with as many digits as show that they differ. */
export function usedWords(
  before: CaseFigures | undefined,
  after: CaseFigures | undefined,
): readonly [before: string, after: string] {
  const say = (figures: CaseFigures | undefined, digits: number) =>
    shareOf(figures?.boundUsed, digits);
  const digits = DIGITS.find((few) => say(before, few) !== say(after, few)) ?? DIGITS[0];
  return [say(before, digits), say(after, digits)];
}

function shareOf(boundUsed: CaseFigures['boundUsed'], digits: number): string {
  if (!boundUsed) return '';
  if (!Number.isFinite(boundUsed.high)) return compareWords().beyond;
  return unitsWords().number(boundUsed.high, {
    style: 'percent',
    maximumSignificantDigits: digits,
  });
}

/** A time with the interval in which the comparison takes it to lie. */
export function timeWords({ medianMs, range }: TimeFigure): string {
  const units = unitsWords();
  const compare = compareWords();
  const interval = range
    ? compare.interval(units.milliseconds(Math.max(0, range.low)), units.milliseconds(range.high))
    : compare.noInterval;
  return `${units.milliseconds(medianMs)} (${interval})`;
}
