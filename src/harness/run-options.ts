import type { RunOptions } from '../report/run-options.ts';
import { TIERS } from '../report/tiers.ts';
import { OptionError, type OptionTable, wholeNumber } from './option.ts';

/** The options that select and shape a run; people do not set the number of workers. */
type RunOptionKey = Exclude<keyof RunOptions, 'workers'>;

/** Every option of a run with its description. */
export const RUN_OPTIONS: OptionTable<Pick<RunOptions, RunOptionKey>> = {
  tier: {
    name: 'tier',
    argument: TIERS.join('|'),
    description: 'how much to run: quick within a minute, full within ten, slow within an hour',
    parse: last((text) => {
      const tier = TIERS.find((name) => name === text);
      if (!tier) throw new OptionError(`--tier ${text}: must be one of ${TIERS.join(', ')}`);
      return tier;
    }),
  },
  filters: {
    name: 'filter',
    argument: 'glob',
    description:
      'only cases whose id matches: * is any characters, several are or-ed, a leading ! excludes',
    parse: (texts) => texts.map(checkedGlob),
  },
  shard: {
    name: 'shard',
    argument: 'i/n',
    description: 'only part i of n, by position among the cases that are left',
    parse: last((text) => {
      const [index, count] =
        /^([1-9]\d{0,5})\/([1-9]\d{0,5})$/.exec(text)?.slice(1).map(Number) ?? [];
      if (!index || !count || index > count)
        throw new OptionError(
          `--shard ${text}: must be i/n, part i of n with 1 <= i <= n <= 999999, such as 1/4`,
        );
      return { index, count };
    }),
  },
  timeoutMs: {
    name: 'timeout',
    argument: 'ms',
    description: "milliseconds that a case may take, instead of the case's own limit",
    parse: last((text) => wholeNumber('--timeout', text, 1, 86_400_000)),
  },
  deadlineMs: {
    name: 'deadline',
    argument: 'ms',
    description:
      'end the run after so many milliseconds (default 10, 40 or 240 minutes by tier, twice that with --controls)',
    parse: last((text) => wholeNumber('--deadline', text, 1, 86_400_000)),
  },
  retries: {
    name: 'retries',
    argument: 'n',
    description: 'run a case that did not pass again, up to n times',
    parse: last((text) => wholeNumber('--retries', text, 0, 100)),
  },
  controls: {
    name: 'controls',
    description:
      'run each case that passes a second time with its named fault, which must make it fail',
    parse: () => true,
  },
  seed: {
    name: 'seed',
    argument: 'n',
    description: 'seed of all random numbers',
    parse: last((text) => wholeNumber('--seed', text, 0, 0xffff_ffff)),
  },
  shuffle: {
    name: 'shuffle',
    description: 'run the cases in an order drawn from the seed',
    parse: () => true,
  },
};

function last<T>(parse: (text: string) => T): (texts: readonly string[]) => T {
  return (texts) => parse(texts.at(-1) ?? '');
}

/** A glob that can match an id: not empty, no white space, at most one `!` and that in front. */
function checkedGlob(text: string): string {
  if (!/^!?[^\s!]+$/.test(text)) {
    throw new OptionError(
      `--filter "${text}": must be a glob such as quant.* or !*fp16*, without white space`,
    );
  }
  return text;
}
