import { type Cause, causeWords } from '../../report/causes.ts';
import { plainText } from '../../report/plain-text.ts';
import { reasonOf } from '../../report/reason.ts';
import { nameOf } from './progress.ts';
import { paint, type Voice } from './voice.ts';

/** Causes that are told, and failures of each. */
const MOST_CAUSES = 6;
const MOST_OF_CAUSE = 5;
/** Of a reason, which is one line; `--verbose` and the report have all of it. */
const MOST_CHARACTERS = 160;

/** Tells what is wrong, by cause, each failure with its reason below it. */
export function showFailures(voice: Voice, causes: readonly Cause[]): void {
  const wrong = causes.reduce((sum, { results }) => sum + results.length, 0);
  for (const cause of causes.slice(0, MOST_CAUSES)) {
    voice.openGroup(paint(voice, 'red', causeWords(cause, wrong)));
    for (const result of cause.results.slice(0, MOST_OF_CAUSE)) {
      voice.say(`  ${plainText(nameOf(result))}`);
      const { code, message } = reasonOf(result);
      voice.say(`    ${plainText(`${code}: ${message}`, MOST_CHARACTERS)}`);
      if (result.fault) voice.say(`    whose fault: ${result.fault}`);
    }
    const more = cause.results.length - MOST_OF_CAUSE;
    if (more > 0) voice.say(`  and ${more} more`);
    voice.closeGroup();
  }
  const rest = causes.slice(MOST_CAUSES).reduce((sum, { results }) => sum + results.length, 0);
  if (rest > 0) voice.say(`and ${rest} more, of other causes: --report FILE has all`);
}
