import type { Tier } from '../../report/tiers.ts';
import { speech } from '../messages/speech.ts';
import { words } from '../messages/words.ts';
import type { CaseState } from './case-state.ts';
import type { Miss } from './miss.ts';

const en = speech('en');
const checks = (count: number) => en.count(count, { one: 'check', other: 'checks' });

const caseStates: Readonly<Record<CaseState, string>> = {
  pass: 'right',
  fail: 'wrong',
  error: 'error',
  timeout: 'timed out',
  lost: 'lost',
  skip: 'skipped',
  running: 'running',
  waiting: 'waiting',
  'not-run': 'not run',
};

const tiers: Readonly<Record<Tier, string>> = {
  quick: 'quick: a minute',
  full: 'full: ten minutes',
  slow: 'slow: an hour',
};

/** What `status:` and `tier:` may be followed by, in words. */
const statusHints: Readonly<Record<'wrong' | CaseState, string>> = {
  wrong: 'whatever is not right: wrong, error, timed out, lost',
  fail: 'a number is wrong',
  error: 'the check itself broke',
  timeout: 'took too long',
  lost: 'lost its device',
  running: 'running now',
  waiting: 'still to come',
  pass: 'right',
  skip: 'could not run here',
  'not-run': 'not part of the run',
};

const tierHints: Readonly<Record<Tier, string>> = {
  quick: 'what a minute holds',
  full: 'what ten minutes hold beside that',
  slow: 'what an hour holds beside that',
};

/** The list of all checks: what is chosen of it, how it is searched, and how its parts stand. */
export const listWords = words('list', {
  howMuch: 'How much',
  tiers,
  which: 'Which checks',
  placeholder: 'all; or a word, ops.matmul.*, status:wrong',
  suggestions: 'Suggestions',
  statusHints,
  tierHints,
  readingPlan: 'Reading the plan…',
  chosen: (chosen: number, total: number) => `${en.number(chosen)} of ${checks(total)} chosen.`,
  /** Why a query finds nothing, in one line; `use` is what to write instead, shown as buttons. */
  miss: (miss: Miss): { readonly text: string; readonly use?: readonly string[] } => {
    const word = `“${miss.term.not ? '!' : ''}${miss.term.kind === 'status' || miss.term.kind === 'tier' ? `${miss.term.kind}:` : ''}${miss.term.text}”`;
    switch (miss.why) {
      case 'unknown':
        return { text: `There is no ${word}; there is ${miss.known.join(', ')}.` };
      case 'nowhere':
        return miss.near.length > 0
          ? { text: `Nothing matches ${word}. Did you mean`, use: miss.near }
          : { text: `Nothing matches ${word}.` };
      case 'together':
        return {
          text: `Nothing matches all of that: without ${word} it would be ${checks(miss.left)}.`,
        };
    }
  },
  tree: 'Checks by suite',
  caseStates,
  /** "12 right". */
  caseState: (count: number, caseState: CaseState) =>
    `${en.number(count)} ${caseStates[caseState]}`,
  checks,
  runThese: (count: number) => `Run ${count === 1 ? 'this check' : `these ${checks(count)}`}`,
  rerunThese: (count: number) => `Rerun ${count === 1 ? 'this check' : `these ${checks(count)}`}`,
  rerunWrong: (count: number) => `Rerun what is not right (${en.number(count)})`,
  rerunHint: 'The new results take the place of the old ones; all others stay.',
  onlyThese: 'Show only these',
  replayed: {
    recordings: 'These are the recordings:',
    weights: 'These are the weights of the checkpoint:',
    checks: 'These are the recordings, and the weights of checkpoints:',
  },
  back: 'Back to the list',
  detail: 'What is chosen',
  nothingChosen: 'Choose a suite or a check to see what is behind it.',
  pattern: 'Pattern',
  command: 'On the command line',
  known: {
    choose: 'Known failures, a file as --expect takes it',
    kept: (count: number, name: string) =>
      `${en.count(count, { one: 'known failure', other: 'known failures' })} from ${name}: failures that these foresee are not counted as wrong.`,
    forget: 'Forget',
  },
});
