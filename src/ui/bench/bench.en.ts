import { CONTENDERS } from '../../bench/contender.ts';
import { BENCH_LIMITS } from '../../bench/options.ts';
import { units } from '../messages/units.en.ts';
import { words } from '../messages/words.ts';
import type { BenchNumber } from './bench-choice.ts';

const works = (count: number) => units.count(count, { one: 'work', other: 'works' });

function noneFound(elsewhere: number): string {
  return elsewhere === 0
    ? 'No work has these words in its name.'
    : `No work of the quick look has these words in its name; ${works(elsewhere)} of everything ${elsewhere === 1 ? 'has' : 'have'}.`;
}

/** Speed beside other libraries. */
export const benchWords = words('bench', {
  title: 'How fast, beside other libraries?',
  lead: 'Products, attention, convolutions and whole training steps, by this engine and by libraries that also compute in browsers, one after another on the same chip. Each must compute the right numbers before it is timed.',
  extent: 'How much',
  extents: {
    quick: { name: 'A quick look', what: 'A part of some kinds, in about two minutes.' },
    full: { name: 'Everything', what: 'Every size and op: on a processor that takes hours.' },
  },
  filter: 'Only works with these words',
  /** `elsewhere`: of those that are not in the quick look. */
  filterHint: (selected: number | undefined, all: number, elsewhere: number) =>
    selected === undefined
      ? ''
      : selected === 0
        ? noneFound(elsewhere)
        : `${units.number(selected)} of ${works(all)}.`,
  peers: 'Beside whom',
  peersMissing: (names: readonly string[]) =>
    `Not installed: ${units.list(names)}. This installs and builds them:`,
  nowhere: 'A bench needs the page that npm start serves on your own computer.',
  more: 'Warm-ups, samples and settings',
  numbers: {
    warmUp: 'Runs before anything is timed',
    samples: 'Timed batches of each',
  } satisfies Record<BenchNumber, string>,
  usual: {
    warmUp: 'usually 1 or 2',
    samples: 'as many as it takes',
  } satisfies Record<BenchNumber, string>,
  numberWrong: (name: BenchNumber) => {
    const [least, most] = BENCH_LIMITS[name];
    return `A whole number from ${units.number(least)} to ${units.number(most)}, or nothing.`;
  },
  settings: 'Only settings with these texts, by contender',
  settingsWrong: `Contender=text, such as webgpu=eager, with spaces between. Contenders: ${CONTENDERS.join(', ')}.`,
  measured: 'First measure for three seconds which of our kernels are fastest here, and use those',
  variants: 'Also time the variants of our kernels that are not chosen here',
  run: 'Run',
  again: 'Run again',
  cancel: 'Cancel',
  cancelling: 'Cancelling…',
  elsewhere: 'A bench has a page of its own, whose policy lets it load libraries:',
  openPage: 'Open the page of the bench',
  busy: 'Something else is computing on this chip: a bench can run when that has ended.',
  progress: 'Progress of the bench',
  open: 'Open a saved report',
  noBench: (file: string) => `${file} is no report of a bench: drop it on the page to compare it.`,
  results: 'Results',
  fromFile: (file: string) => `From the file ${file}.`,
  incomplete: 'It was cancelled: only what is listed was timed.',
  nothing: 'Nothing was timed.',
  processor:
    'A processor computes in place of a graphics chip: only ratios on one machine count, and WebAssembly is faster than any shader.',
  save: 'Save report',
  compare: 'Compare…',
  group: 'Show',
  all: 'everything',
  groups: {
    products: 'products',
    'transposed products': 'transposed products',
    'odd products': 'products of odd sizes',
    '4-bit products': '4-bit products',
    'products by format': 'products by format of the weight',
    attention: 'attention',
    convolution: 'convolution',
    optimizers: 'optimizers',
    rows: 'rows',
    streams: 'streams',
    steps: 'training steps',
    halves: 'halves',
    'fine-tuning': 'fine-tuning',
    generation: 'generation',
    checkpoints: 'checkpoints',
    growth: 'growing sizes',
    ops: 'other ops',
    ceilings: 'ceilings',
    other: 'of another version',
  },
  ours: 'Gradproof (ours)',
  ceiling: 'ceiling',
  ceilings: 'Ceilings, by themselves',
  works,
  table: {
    caption: 'Milliseconds, medians',
    hint: 'The ratio is the time of the fastest library on this chip’s WebGPU by ours: above 1 ours is faster. The share is that of a kernel that does nothing but compute, or move the same bytes.',
    coarser: '~ was held to a coarser bound, as the library documents of its setting.',
    loops: 'Small: by the loop that the library’s own documentation shows.',
    loop: (name: string) => `${name}, documented loop`,
    setting: (name: string) => `${name}, setting`,
    settings: 'Show the setting that each was timed in',
    ceilings: 'Ceilings: milliseconds, medians',
    work: 'Work',
    ratio: 'Ratio',
    share: 'Of the ceiling',
    ofFloats: 'Of float32’s time',
    ofFloatsHint:
      'Of float32’s time: ours, by ours of the same work in float32, where both were timed.',
    mean: (mean: string, count: number) => `geometric mean of ${units.number(count)}: ${mean}`,
    csv: 'Save the table as CSV',
  },
  variantTable: {
    caption: 'Our variants, milliseconds',
    hint: (bad: number, all: number) =>
      `In ${units.number(bad)} of ${works(all)} the chosen variant takes over 10% longer than another.`,
    columns: ['Work', 'Chosen', 'Others', 'By the fastest other'],
  },
  stepCosts: {
    caption: 'What our steps cost beside their time',
    hint: 'Of the host: its own code, which is paid on every chip. Replayed: recorded once, and repeated. Activations are what a forward pass leaves for the backward pass.',
    columns: [
      'Step',
      'Host, ms',
      'a command, µs',
      'Replayed, ms',
      'a command, µs',
      'Most at once',
      'Activations',
      'Of float32’s',
    ],
  },
  leftOut: 'What was not timed, and why',
  ratios: {
    caption: 'Beside the fastest library',
    description: (faster: number, all: number) =>
      `${works(all)} that a library was timed at too; in ${units.number(faster)} of them ours is faster.`,
    faster: 'ours is faster',
    slower: 'the library is faster',
    axis: 'its time ÷ ours (logarithmic)',
    columns: ['Work', 'Fastest library', 'Its time, ms', 'Ours, ms', 'Ratio'],
    times: (ratio: string) => `${ratio}×`,
  },
  roofline: {
    caption: 'What limits each work',
    description: (points: number, roofs: readonly string[]) =>
      `${units.count(points, { one: 'time', other: 'times' })} by operations a byte and speed. The roofs are what kernels reached in this run that do nothing else: ${units.list(roofs)}.`,
    noFlatRoof: 'No kernel was timed that only computes, so there is no flat roof.',
    noSlope: 'No kernel was timed that only copies, so there is no slope.',
    peers: 'libraries',
    roof: 'what kernels reached here that do nothing else',
    columns: [
      'Work',
      'Who',
      'Operations a byte',
      'Median, ms',
      'From, ms',
      'To, ms',
      'GFLOP/s',
      'GB/s',
    ],
  },
  growth: {
    title: 'How times grow',
    caption: (of: string) => `Time by size: ${of}`,
    description: (curves: readonly string[]) => `Times by size: ${units.list(curves)}.`,
    curve: (name: string, exponent: string) =>
      exponent ? `${name}: time grows as size to the power of ${exponent}` : name,
    size: 'size (logarithmic)',
    time: 'milliseconds (logarithmic)',
    exponent: 'exponent',
    column: (name: string) => `${name}, ms`,
  },
});
