import { keyOf } from '../case-key.ts';
import { counted } from '../counted.ts';
import { plainText } from '../plain-text.ts';
import { type Change, type Comparison, isRegression } from './compare.ts';
import type { Range, TimeFigure } from './range.ts';
import type { CaseFigures } from './snapshot.ts';

/** Exit status of `compare`: 1 if anything regressed. */
export function compareExitCode({ changes }: Comparison): 0 | 1 {
  return changes.some(isRegression) ? 1 : 0;
}

/** How many changes of accuracy are listed one by one. */
const SHOWN = 10;

/**
 * The comparison for a terminal: what differs around the cases, then one line a finding, the
 * verdict last.
 */
export function compareLines(comparison: Comparison): readonly string[] {
  const { differences, changes, stillPassing } = comparison;
  const of = (kind: Change['kinds'][number]) => changes.filter(({ kinds }) => kinds.includes(kind));
  const regressions = changes.filter(isRegression);
  const fixed = changes.filter(
    ({ before, after }) => before && before.status !== 'pass' && after?.status === 'pass',
  );
  const added = of('only-after');
  const findings = of('finding');
  const slower = of('slower');
  const faster = of('faster');
  const accuracy = of('accuracy');
  const lines = [
    ...differences.map(({ what, before, after }) =>
      line('differs', what, `${before || 'none'} -> ${after || 'none'}`),
    ),
    ...regressions.map((change) => line('regression', keyOf(change), verdicts(change))),
    ...fixed.map((change) => line('fixed', keyOf(change), verdicts(change))),
    ...added.map((change) => line('new', keyOf(change), verdicts(change))),
    ...findings.map((change) =>
      line(
        'finding',
        keyOf(change),
        `${change.before?.finding ?? 'none'} -> ${change.after?.finding ?? 'none'}`,
      ),
    ),
    ...[...slower, ...faster].map((change) =>
      line(slower.includes(change) ? 'slower' : 'faster', keyOf(change), times(change)),
    ),
    ...accuracy.slice(0, SHOWN).map((change) => line('accuracy', keyOf(change), shares(change))),
    ...(accuracy.length > SHOWN ? [`accuracy   ${accuracy.length - SHOWN} more changed less`] : []),
    `${counted(regressions.length, 'regression')}, ${fixed.length} fixed, ${added.length} new, ${stillPassing} still pass, ` +
      `${speedWords(comparison)}, ${accuracy.length} with another accuracy`,
  ];
  return lines.map((text) => plainText(text));
}

function line(word: string, name: string, what: string): string {
  return `${word.padEnd(10)} ${name}: ${what}`;
}

function verdicts({ before, after }: Change): string {
  return `${before?.status ?? 'missing'} -> ${after?.status ?? 'missing'}${after?.reason ? ` (${after.reason})` : ''}`;
}

function times({ before, after }: Change): string {
  const time = (figures: CaseFigures | undefined) =>
    timeWords((figures as CaseFigures).time as TimeFigure);
  return `${time(before)} -> ${time(after)}`;
}

/** The median, and the range in which the comparison takes it to lie. */
function timeWords({ medianMs, range }: TimeFigure): string {
  const { low: least, high: most } = range as Range;
  const [median, low, high] = [medianMs, Math.max(0, least), most].map((ms) => ms.toPrecision(3));
  return `${median} ms [${low}, ${high}]`;
}

function shares({ before, after }: Change): string {
  const share = (figures: CaseFigures | undefined) =>
    `${(100 * ((figures as CaseFigures).boundUsed as Range).high).toPrecision(3)} %`;
  return `${share(before)} -> ${share(after)} of the bound`;
}

/** Nothing is said of speed where nothing was timed in both. */
function speedWords({ counts, timed }: Comparison): string {
  return timed === 0
    ? 'no times to compare'
    : `${counts.slower} slower and ${counts.faster} faster of ${timed} timed`;
}
