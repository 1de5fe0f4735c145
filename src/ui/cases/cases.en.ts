import type { CaseResult } from '../../report/schema.ts';
import { speech } from '../messages/speech.ts';
import { words } from '../messages/words.ts';

const en = speech('en');

const faults: Readonly<Record<NonNullable<CaseResult['fault']>, string>> = {
  kernel: 'kernel: it is wrong elsewhere too',
  driver: 'driver: only this adapter is wrong',
  precision: 'precision: inside what the format allows',
  producer: 'the library that made the recording',
  environment: 'the surroundings',
};

/** What is behind one case. */
export const casesWords = words('cases', {
  finding: 'finding',
  saveAlone: 'Save what shows it alone',
  link: 'Link to this check',
  facts: {
    wrong: 'What is wrong',
    recordingOff: 'The recording is off',
    found: 'Found',
    firstWrong: 'First wrong element',
    whoseFault: 'Whose fault',
    skipped: 'Skipped because',
    compared: 'Numbers compared',
    unjudged: 'Without a verdict',
    bound: 'Bound used',
    kernels: 'Kernels',
    took: 'Took',
    steady: 'Steady time',
    cold: 'First time',
    attempts: 'Attempts',
    oneCall: 'One call took',
    computedBy: 'Computed by',
    seenToFail: 'Was seen to fail when',
    didNotFail: 'Did not fail when',
    mustFail: 'Must fail when',
  },
  faults,
  element: (index: string, actual: string, expected: string) =>
    `[${index}] is ${actual}, should be ${expected}`,
  notFinite: 'not a finite number',
  unjudged: (recorded: number, ours: number) =>
    `${en.number(recorded)} recorded numbers and ${en.number(ours)} of ours: they depend on a NaN or an infinity, or may overflow`,
  noError: 'wrong where no error is allowed',
  boundTimes: (times: number) =>
    `${en.number(times, { maximumSignificantDigits: 3 })} times the error that a right chip may make`,
  boundShare: (share: string) => `${share} of the error that a right chip may make`,
  typicalShare: (share: string) => `${share} of what is typical`,
  underPermille: 'under 0.1%',
  took: (whole: string, gpu: string | undefined) =>
    `${whole} with set-up and judging${gpu === undefined ? '' : `, ${gpu} on the chip`}`,
  steady: (median: string, source: 'timestamp' | 'wall', samples: number) =>
    `${median}, ${source === 'timestamp' ? 'by the chip’s clock' : 'by the page’s clock'}, median of ${en.number(samples)}`,
  library: (time: string) => `the library ${time}`,
  roundTrip: (time: string) => `${time} with the way there and back`,
  ours: (time: string) => `ours ${time} with upload and read-back`,
  python: {
    title: 'Check it in Python',
    lines: 'Python',
    copy: 'Copy',
    save: 'Save the recording',
    copied: 'Copied.',
    cannotCopy: 'The browser does not let this page copy: select the lines.',
  },
  look: 'Run it alone and look closer',
  looking: 'Running…',
  looked: 'Run alone:',
  onProcessor: (browser: string) => `on a processor (${browser})`,
  onChip: (name: string, browser: string) =>
    `on ${name || 'an unnamed graphics chip'} (${browser})`,
  inputs: {
    title: 'Inputs',
    columns: ['Name', 'Format and size', 'Range', 'Mean', 'Spread'],
    seed: (seed: number) => `Drawn from seed ${seed}.`,
    zeros: (share: string) => `${share} zeros`,
    notFinite: (share: string) => `${share} infinite or NaN`,
    spread: (range: string) => `How the numbers are spread over ${range}`,
    own: 'This check makes its inputs itself, in several steps: its suite’s file shows them.',
  },
  errors: {
    title: 'Errors',
    caption: (name: string) => `Errors of ${name}, in units of the bound`,
    description: (compared: string, wrong: string, most: string) =>
      `${compared} elements were compared, ${wrong} are beyond the bound; the largest share of the bound is ${most}.`,
    within: 'allowed',
    beyond: 'beyond the bound',
    share: 'Share of the bound',
    elements: 'Elements',
    typical: 'Elements, by the typical error',
    allEqual: (compared: string) => `All ${compared} elements are equal to the oracle’s.`,
    someWrong: (wrong: string, compared: string) =>
      `${wrong} of ${compared} ${compared === '1' ? 'element' : 'elements'} ${wrong === '1' ? 'is' : 'are'} wrong.`,
    neighbours: (name: string) => `Around ${name}: what was computed, and below it what is right`,
    isWrong: 'wrong',
    nothing: 'This check compares no tensors: it asserts conditions.',
    after: 'Run the check alone to see how far off every element is.',
  },
  fault: {
    try: 'Try it: run with this fault',
    trying: 'Running with the fault…',
    launch: (name: string) => `Changes the arguments of ${name}.`,
    host: (name: string) => `Replaces the function ${name}.`,
    nothing: '(nothing)',
    red: 'It turned the check red, as it must.',
    green: 'The check stayed green: it would not notice this fault.',
  },
  probe: 'What this chip’s arithmetic means here',
  kernels: {
    title: 'Kernels',
    none: 'This check dispatches no kernel of the repository.',
    dispatched: 'dispatched',
    form: 'Which text',
    forms: { written: 'as written', linked: 'as the browser gets it, with its imports' },
    copy: 'Copy the code',
    hash: 'SHA-256 of what the browser gets:',
    code: (file: string) => `Code of ${file}`,
    here: (value: string) => `${value} here`,
    faultHere: 'the fault changes this',
  },
  elsewhere: {
    title: 'Check it elsewhere',
    command: 'On the command line',
    copyCommand: 'Copy the command',
    issue: 'Copy as issue text',
    inPython: 'The same inputs for Python',
  },
});
