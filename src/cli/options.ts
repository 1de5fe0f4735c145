import { type OptionDeclaration, OptionError, type OptionTable, RUN_OPTIONS, type RunOptionKey, wholeNumber } from '../harness/options.ts';
import { UsageError } from './exit.ts';

/** Where cases can run without a person. */
export type RuntimeName = 'chromium' | 'node';

/** Where a report goes in each of its forms; `-` is stdout. */
export interface ReportFiles {
  readonly report: string;
  readonly junit: string;
  readonly html: string;
  readonly csv: string;
}

/** What `gradproof [run]` understands beyond the options of a run. */
export interface RunCommand extends ReportFiles {
  readonly headless: boolean;
  readonly list: boolean;
  readonly runtime: RuntimeName;
  readonly backends: readonly string[];
  /** Start the Python bridge and run on its devices too. */
  readonly bridge: boolean;
  /** Bundles, or folders of them, to replay. */
  readonly parity: readonly string[];
  /** Known failures. */
  readonly expect: string;
  /** The report whose failures run again; empty for that of the last run. */
  readonly lastFailed: string;
}

/** What `gradproof train` understands. */
export interface TrainCommand {
  readonly data: string;
  readonly type: 'qlora';
  /** How parameters are updated, as JSON. */
  readonly config: string;
  readonly steps: number;
  readonly seed: number;
  readonly out: string;
  readonly report: string;
}

/** What `gradproof mutate` understands. */
export interface MutateCommand {
  readonly filters: readonly string[];
  /** Mutants of the shaders that differ from the last commit. */
  readonly changed: boolean;
  /** So many mutants, spread over all shaders; with `changed`, beside those. */
  readonly sample: number;
  readonly report: string;
}

const report: OptionDeclaration<string> = {
  name: 'report',
  argument: 'file',
  description: 'write the JSON report to this file; - is stdout, and what is for people goes to stderr',
  parse: lastPath('--report'),
};

/** The forms of a report: options of `gradproof [run]` and of `gradproof merge`. */
export const REPORT_FILES: OptionTable<ReportFiles> = {
  report,
  junit: { name: 'junit', argument: 'file', description: 'write a JUnit XML report to this file', parse: lastPath('--junit') },
  html: { name: 'html', argument: 'file', description: 'write the report as one page that needs nothing else', parse: lastPath('--html') },
  csv: { name: 'csv', argument: 'file', description: 'write a line for each result, as a spreadsheet reads it', parse: lastPath('--csv') },
};

/** The options of `gradproof [run]` beyond those of a run. */
export const RUN_COMMAND: OptionTable<RunCommand> = {
  headless: { name: 'headless', description: 'run here and exit, instead of opening the page', parse: () => true },
  list: { name: 'list', description: 'print the ids and backends of the selected cases and exit', parse: () => true },
  runtime: {
    name: 'runtime',
    argument: 'chromium|node',
    description: 'where the cases run (default chromium)',
    parse: (texts) => {
      const name = texts.at(-1);
      if (name === 'chromium' || name === 'node') return name;
      if (name === 'firefox' || name === 'deno') throw notYet(`--runtime ${name}`);
      throw new OptionError(`--runtime ${name}: must be chromium or node`);
    },
  },
  backends: {
    name: 'backend',
    argument: 'list',
    description: 'who computes, separated by commas: webgpu (the default), bridge for all its devices, or bridge-numpy-cpu for one',
    parse: (texts) => {
      const names = texts.flatMap((text) => text.split(','));
      for (const name of names) {
        if (['ort-webgpu', 'ort-wasm', 'reference'].includes(name)) throw notYet(`--backend ${name}`);
        if (!/^(webgpu|bridge(-[a-z0-9]+)*)$/.test(name)) throw new OptionError(`--backend ${name}: must be webgpu, bridge or bridge-...`);
      }
      return names;
    },
  },
  bridge: {
    name: 'bridge',
    description: 'start the Python bridge, so that the libraries on this computer compute the same cases: in the page, or headless too',
    parse: () => true,
  },
  parity: {
    name: 'parity',
    argument: 'file|folder',
    description: 'replay recorded bundles, or decode pre-quantized bitsandbytes checkpoints, alone unless --tier is given too',
    parse: (texts) => texts.map((text) => checkedPath('--parity', text)),
  },
  ...REPORT_FILES,
  expect: {
    name: 'expect',
    argument: 'file',
    description: 'known failures, which do not fail the run until they expire',
    parse: lastPath('--expect'),
  },
  lastFailed: {
    name: 'last-failed',
    argument: 'report',
    optional: true,
    description: 'run what did not pass in this report (default: that of the last run) and put the results into it',
    parse: (texts) => texts.at(-1) ?? '',
  },
};

/** The options that make sense only without the page. */
export const IMPLY_HEADLESS = [
  'headless',
  'list',
  'runtime',
  'backends',
  'parity',
  'report',
  'junit',
  'html',
  'csv',
  'shard',
  'controls',
  'expect',
  'lastFailed',
] as const satisfies readonly (keyof RunCommand | RunOptionKey)[];

/** Every option of `gradproof train`. */
export const TRAIN_TABLE: OptionTable<TrainCommand> = {
  data: {
    name: 'data',
    argument: 'file',
    description: "the text to learn, 4 KiB or more (default: this project's own sources)",
    parse: lastPath('--data'),
  },
  type: {
    name: 'type',
    argument: 'qlora',
    description: 'kind of fine-tuning',
    parse: (texts) => {
      const type = texts.at(-1);
      if (type === 'qlora') return type;
      throw notYet(`--type ${type}`);
    },
  },
  config: {
    name: 'config',
    argument: 'file',
    description: 'optimizer, schedule, clipping and mixed precision as JSON (docs/running.md)',
    parse: lastPath('--config'),
  },
  steps: {
    name: 'steps',
    argument: 'n',
    description: 'optimizer steps (default 300)',
    parse: (texts) => wholeNumber('--steps', texts.at(-1) ?? '', 1, 1_000_000),
  },
  seed: RUN_OPTIONS.seed,
  out: { name: 'out', argument: 'folder', description: 'write adapter and report into this folder', parse: lastPath('--out') },
  report,
};

/** Every option of `gradproof mutate`. */
export const MUTATE_TABLE: OptionTable<MutateCommand> = {
  filters: {
    ...RUN_OPTIONS.filters,
    description: 'only mutants whose id matches, such as mutate.nn.*; several are or-ed, a leading ! excludes',
  },
  changed: { name: 'changed', description: 'only mutants of the shaders that differ from the last commit', parse: () => true },
  sample: {
    name: 'sample',
    argument: 'n',
    description: 'only n mutants, spread over all shaders; with --changed, beside those of the changed ones',
    parse: (texts) => wholeNumber('--sample', texts.at(-1) ?? '', 1, 1_000_000),
  },
  report,
};

/** Options of `gradproof [run]` that come later, as commander writes them: refused as such, and not in the help. */
export const RUN_NOT_YET: readonly string[] = ['--connect <url>', '--baseline <file>'];

/** Options of `gradproof train` that come later. */
export const TRAIN_NOT_YET: readonly string[] = ['--model <folder>', '--resume'];

/** Commands that come later. */
export const COMMANDS_NOT_YET: readonly string[] = ['bench', 'compile'];

/** Says that `what` is part of the design and not of this version. */
export function notYet(what: string): UsageError {
  return new UsageError(`${what} does not exist in this version yet`);
}

function lastPath(option: string): (texts: readonly string[]) => string {
  return (texts) => checkedPath(option, texts.at(-1) ?? '');
}

function checkedPath(option: string, text: string): string {
  if (text === '' || text.includes('\0')) throw new OptionError(`${option} "${text}": must be a path`);
  return text;
}
