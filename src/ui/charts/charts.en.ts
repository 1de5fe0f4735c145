import { units } from '../messages/units.en.ts';
import { words } from '../messages/words.ts';

/** What stands around every figure, and on its axes. */
export const chartsWords = words('charts', {
  table: 'The same as a table',
  save: (caption: string) => `Save the figure: ${caption}`,
  firstRows: (shown: number, all: number) =>
    `The first ${units.number(shown)} of ${units.number(all)} rows; the CSV file has all.`,
  curve: {
    step: 'step',
    empty: (caption: string) => `${caption}: nothing yet`,
    last: (caption: string, value: string, step: number) =>
      `${caption}: ${value} at step ${units.number(step)}`,
  },
  speed: { caption: 'Speed: how long a step takes', unit: 'milliseconds a step' },
  memory: { caption: 'Memory in use', unit: 'bytes', forecast: 'the forecast, an upper estimate' },
  noPictures: 'There is nothing to draw yet: run the checks first.',
  accuracy: {
    caption: 'Errors, as shares of what a right chip is allowed',
    description: (cases: number, wrong: number, exact: number, largest: string) =>
      `${units.count(cases, { one: 'check', other: 'checks' })} with a bound, the largest error at ${largest || 'no share'} of it, ${units.number(wrong)} beyond; ${units.number(exact)} more had to be equal, and their error is zero.`,
    right: 'checks, more where it is higher (logarithmic)',
    bound: 'the bound',
    wrong: 'beyond its bound: wrong',
    axis: 'share of the bound',
    bin: (count: number) => units.count(count, { one: 'check', other: 'checks' }),
    columns: { id: 'Check', share: 'Share of the bound', error: 'Largest error', status: 'Status' },
  },
  roofline: {
    caption: 'Roofline: what limits each op',
    description: (ops: number, rate: string, bandwidth: string) =>
      `${units.number(ops)} ops by operations a byte and speed. The roofs are the highest rates that were reached here: ${rate} GFLOP/s and ${bandwidth} GB/s.`,
    op: 'an op, median, with the interval of its times',
    roof: 'the highest rates that were reached here',
    intensity: 'operations a byte',
    rate: 'billion operations a second',
    columns: [
      'Op',
      'Operations',
      'Bytes',
      'Operations a byte',
      'Median, ms',
      'Fastest, ms',
      'Slowest, ms',
      'GFLOP/s',
      'GB/s',
    ],
  },
  shares: {
    caption: 'Speed, as a share of what the roofs allow',
    description: (shares: readonly string[]) =>
      `Speed by share of the roofs: ${units.list(shares)}.`,
    share: 'share of the roof, median',
    interval: 'fastest and slowest time',
    axis: 'share of the roof',
    columns: ['Op', 'Share', 'at the slowest', 'at the fastest'],
  },
  pairs: {
    description: (rows: number, faster: number, second: string) =>
      `${units.count(rows, { one: 'row', other: 'rows' })} with two times each; in ${units.number(faster)} of them the second is shorter (${second}).`,
    axis: 'milliseconds (logarithmic)',
    columns: {
      name: 'What',
      times: (side: string) => [`${side}: median, ms`, `${side}: from, ms`, `${side}: to, ms`],
    },
    results: { caption: 'Speed of both results', spread: 'where the time lies' },
    device: {
      caption: (device: string) => `Speed beside ${device}`,
      theirs: 'the library, by its own clock',
      ours: 'ours, with the way to the chip and back',
      spread: 'from the fastest to the slowest check; one call each, so a hint only',
    },
  },
  twoLosses: {
    caption: 'Losses of both runs',
    description: (first: string, second: string) => `Losses of the ${first} and the ${second} run`,
    loss: (run: string) => `${run}: loss`,
    heldout: (run: string) => `${run}: held-out loss`,
  },
  loss: {
    empty: 'Loss curve, still empty',
    step: 'step',
    per: {
      byte: {
        caption: 'Loss on the next byte',
        unit: 'nats per byte',
        description: (from: string, first: string, to: string, last: string) =>
          `Loss curve: from ${from} at step ${first} to ${to} nats per byte at step ${last}`,
      },
      token: {
        caption: 'Loss on the next token',
        unit: 'nats per token',
        description: (from: string, first: string, to: string, last: string) =>
          `Loss curve: from ${from} at step ${first} to ${to} nats per token at step ${last}`,
      },
    },
    training: 'loss on the text',
    heldout: 'loss on the part it never sees',
    unigram: 'letter-frequency baseline',
    marks: {
      checkpoint: 'checkpoint',
      refused: 'no checkpoint',
      resumed: 'resumed from a checkpoint',
      lost: 'interrupted',
      skipped: 'skipped step',
      wentBack: 'went back to a checkpoint',
    },
    columns: { step: 'Step', loss: 'Loss', heldout: 'Held-out loss' },
  },
});
