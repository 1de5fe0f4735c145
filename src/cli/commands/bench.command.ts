import { CONTENDERS } from '../../bench/contender.ts';
import { BENCH_LIMITS, settingIn } from '../../bench/options.ts';
import { PEERS, type PeerName } from '../../bench/peer-names.ts';
import { OptionError, type OptionTable, wholeNumber } from '../../harness/option.ts';
import { RUN_OPTIONS } from '../../harness/run-options.ts';
import { defineCommand } from '../command.ts';
import { UsageError } from '../exit.ts';
import { Interrupt } from '../interrupt.ts';
import { lastPath } from '../path-option.ts';
import { REPORT, REPORT_FILES } from '../report-options.ts';
import { runtimeOption } from '../runtime-option.ts';
import { TUNING } from '../tuning-option.ts';
import type { BenchCommand } from './bench.ts';

const OPTIONS: OptionTable<BenchCommand> = {
  peers: {
    name: 'peers',
    argument: 'list',
    description:
      'who is timed beside ours, separated by commas: ort, tfjs, jax, or none (default: all that npm run bench:setup has installed)',
    parse: (texts) => {
      const asked = texts.flatMap(peersIn);
      return PEERS.filter((name) => asked.includes(name));
    },
  },
  filters: {
    ...RUN_OPTIONS.filters,
    description:
      'only works whose id matches, such as matmul:* or bench.matmul:*; several are or-ed, a leading ! excludes',
  },
  quick: {
    name: 'quick',
    description: 'a part of some groups, with fewer samples: under two minutes',
    parse: () => true,
  },
  list: {
    name: 'list',
    description: 'print the ids of the works that --filter and --quick leave, and exit',
    parse: () => true,
  },
  report: REPORT,
  csv: REPORT_FILES.csv,
  baseline: {
    name: 'baseline',
    argument: 'file',
    description:
      'a bench report: what became over 15 % slower on the same adapter is named, and the exit status stays as it is',
    parse: lastPath('--baseline'),
  },
  warmUp: {
    name: 'warm-up',
    argument: 'n',
    description: `runs of each setting before it is timed, from ${BENCH_LIMITS.warmUp.join(' to ')} (default 2, with --quick 1)`,
    parse: (texts) => wholeNumber('--warm-up', texts.at(-1) ?? '', ...BENCH_LIMITS.warmUp),
  },
  samples: {
    name: 'samples',
    argument: 'n',
    description: `batches of each contender that are timed, from ${BENCH_LIMITS.samples.join(' to ')} (default as many as it takes, from 5 to 15)`,
    parse: (texts) => wholeNumber('--samples', texts.at(-1) ?? '', ...BENCH_LIMITS.samples),
  },
  settings: {
    name: 'setting',
    argument: 'contender=text',
    description:
      'of this contender only settings whose name has the text, where a work has one: webgpu=eager',
    parse: settingsIn,
  },
  variants: {
    name: 'variants',
    description: 'time the variants of our kernels that are not chosen beside the one that is',
    parse: () => true,
  },
  verbose: {
    name: 'verbose',
    description: 'below each work the setting that each contender was timed in',
    parse: () => true,
  },
  tuning: TUNING,
  runtime: runtimeOption('where it is timed (default chromium; node has no peers)'),
  selfTest: {
    name: 'self-test',
    description:
      'only see that a kernel with 1.3 times the work is found slower, and an equal one not',
    parse: () => true,
  },
};

/** What a trial of the rule has no use for: it times no work and no peer. */
const NOT_OF_SELF_TEST = [
  'peers',
  'filters',
  'settings',
  'variants',
  'baseline',
] as const satisfies readonly (keyof BenchCommand)[];

export const command = defineCommand<BenchCommand>({
  name: 'bench',
  order: 7,
  description: 'time the engine beside other libraries, each held to the oracle first',
  options: OPTIONS,
  run: async (given) => {
    checkTogether(given);
    if (given.list) return (await import('./bench.ts')).listWorks(given);
    using interrupt = new Interrupt(); // before what takes a moment to load
    return await (await import('./bench.ts')).benchCommand(given, interrupt.signal);
  },
});

/** Throws UsageError for what a list or a trial would leave without effect. */
function checkTogether({ list, ...given }: Partial<BenchCommand>): void {
  const { filters, quick, ...ofRuns } = given;
  const [unlisted] = Object.keys(ofRuns) as (keyof typeof ofRuns)[];
  if (list && unlisted)
    throw new UsageError(`--${OPTIONS[unlisted].name}: --list times nothing: give one of the two`);
  const untried = NOT_OF_SELF_TEST.find((name) => given[name] !== undefined);
  if (given.selfTest && untried)
    throw new UsageError(
      `--${OPTIONS[untried].name}: --self-test tries the rule alone: give one of the two`,
    );
}

function peersIn(text: string): readonly PeerName[] {
  if (text === 'none') return [];
  return text.split(',').map((name) => {
    const peer = PEERS.find((one) => one === name);
    if (peer) return peer;
    throw new OptionError(`--peers ${name}: must be of ${PEERS.join(', ')}, or none`);
  });
}

function settingsIn(texts: readonly string[]): Readonly<Record<string, string>> {
  const settings: Record<string, string> = {};
  for (const [contender, text] of texts.map(settingOf)) {
    const before = settings[contender];
    if (before !== undefined)
      throw new OptionError(
        `--setting ${contender}=${text}: ${contender} has one already, ${before}: give one for each contender`,
      );
    settings[contender] = text;
  }
  return settings;
}

function settingOf(text: string): readonly [contender: string, text: string] {
  const setting = settingIn(text);
  if (!setting)
    throw new OptionError(
      `--setting ${text}: must be contender=text, such as webgpu=eager, of ${CONTENDERS.join(', ')}`,
    );
  return setting;
}
