import { modelAddress } from '../../formats/hugging-face/model-address.ts';
import { ModelServerError } from '../../formats/hugging-face/model-server-error.ts';
import { OptionError, type OptionTable } from '../../harness/option.ts';
import { RUN_OPTIONS } from '../../harness/run-options.ts';
import { defineCommand } from '../command.ts';
import { notYet, UsageError } from '../exit.ts';
import { Interrupt } from '../interrupt.ts';
import { LOG_TO } from '../log-to-option.ts';
import { checkedPath, lastPath } from '../path-option.ts';
import { REPORT_FILES, SHARE_BASE } from '../report-options.ts';
import { runtimeOption } from '../runtime-option.ts';
import { TUNING } from '../tuning-option.ts';
import type { GivenOptions, RunCommand } from './run.ts';

/** The options that set fields of {@link GivenOptions}. */
type RunOption = keyof typeof RUN_OPTIONS;

/** What decides between the page and a run without it, and what a run without it does. */
interface AllOptions extends RunCommand, Pick<Required<GivenOptions>, RunOption> {
  readonly headless: boolean;
  readonly list: boolean;
  readonly rows: boolean;
  readonly modelServer: string;
  readonly logTo: string;
  readonly planned: string;
}

/** The options that make sense only without the page. */
const IMPLY_HEADLESS = [
  'headless',
  'list',
  'rows',
  'planned',
  'runtime',
  'backends',
  'parity',
  'report',
  'junit',
  'html',
  'csv',
  'link',
  'shard',
  'controls',
  'expect',
  'failOnSkip',
  'lastFailed',
  'tuning',
  'verbose',
] as const satisfies readonly (keyof AllOptions)[];

/** The options of a run that a list would leave without effect. */
const ONLY_OF_RUNS = [
  'report',
  'junit',
  'html',
  'csv',
  'link',
  'expect',
  'failOnSkip',
  'lastFailed',
  'tuning',
] as const satisfies readonly (keyof AllOptions)[];

const OPTIONS: OptionTable<AllOptions> = {
  ...RUN_OPTIONS,
  headless: {
    name: 'headless',
    description: 'run here and exit, instead of opening the page',
    parse: () => true,
  },
  list: {
    name: 'list',
    description: 'print the ids and backends of the selected cases and exit',
    parse: () => true,
  },
  rows: {
    name: 'rows',
    description: 'with --list: every row of the catalog with its clauses, and what covers them',
    parse: () => true,
  },
  planned: {
    name: 'planned',
    argument: 'file',
    description:
      'with --list --rows: fail unless the rows that nothing covers are those that this file names, one a line',
    parse: lastPath('--planned'),
  },
  runtime: runtimeOption('where the cases run (default chromium)'),
  backends: {
    name: 'backend',
    argument: 'list',
    description:
      'who computes, separated by commas: webgpu (the default), bridge for all its devices, or bridge-numpy-cpu for one',
    parse: backendNames,
  },
  bridge: {
    name: 'bridge',
    description:
      'start the Python bridge, so that the libraries on this computer compute the same cases: in the page, or headless too',
    parse: () => true,
  },
  parity: {
    name: 'parity',
    argument: 'file|folder',
    description:
      'replay recorded bundles, or decode pre-quantized bitsandbytes checkpoints, alone unless --tier is given too',
    parse: (texts) => texts.map((text) => checkedPath('--parity', text)),
  },
  ...REPORT_FILES,
  expect: {
    name: 'expect',
    argument: 'file',
    description: 'known failures, which do not fail the run until they expire',
    parse: lastPath('--expect'),
  },
  failOnSkip: {
    name: 'fail-on-skip',
    argument: 'feature',
    description:
      'a case that is skipped for want of this feature or library, or with this code, fails; may be given several times',
    parse: (texts) => texts.map(checkedFeature),
  },
  verbose: {
    name: 'verbose',
    description: 'print a line for each case',
    parse: () => true,
  },
  tuning: TUNING,
  shareBase: SHARE_BASE,
  modelServer: {
    name: 'model-server',
    argument: 'url',
    description: 'let the page fetch models of this server too, such as https://huggingface.co',
    parse: (texts) => checkedModelServer(texts.at(-1) ?? ''),
  },
  logTo: {
    ...LOG_TO,
    description: 'let the page send logs of fine-tunings to this sink (docs/running.md)',
  },
  lastFailed: {
    name: 'last-failed',
    argument: 'report',
    optional: true,
    description:
      'run what did not pass in this report (default: that of the last run) and put the results into it',
    parse: (texts) => texts.at(-1) ?? '',
  },
};

export const command = defineCommand<AllOptions>({
  name: 'run',
  order: 1,
  description:
    'Does fine-tuning work on this GPU, correctly and fast? Opens the page, or runs headless where there is no display.',
  options: OPTIONS,
  laterOptions: ['--connect <url>', '--baseline <file>'],
  run: async (given) => {
    const options = runOptionsOf(given);
    checkList(given);
    if (!given.list && !isHeadless(given))
      return (await import('./page.ts')).openPage(options, given);
    checkOfPage(given);
    if (given.rows) return await (await import('./list-rows.ts')).listRows(given.planned);
    using interrupt = new Interrupt(); // before what takes a moment to load
    const { listCases, runHeadless } = await import('./run.ts');
    return given.list
      ? await listCases(given, options)
      : await runHeadless(given, options, interrupt.signal);
  },
});

/** Throws UsageError about what only the page has a use for. */
function checkOfPage(given: Partial<AllOptions>): void {
  const unused = (['modelServer', 'logTo'] as const).find((name) => given[name] !== undefined);
  if (unused)
    throw new UsageError(
      `--${OPTIONS[unused].name} ${given[unused]}: is for the page, which opens on a display and without --headless; train has an option of its own`,
    );
}

/** Throws UsageError about what a list has no use for. */
function checkList(given: Partial<AllOptions>): void {
  const { rows, planned, list, ...others } = given;
  if (rows && (!list || Object.keys(others).length > 0))
    throw new UsageError(
      '--rows: lists every row: give it with --list, and with nothing else but --planned',
    );
  if (planned !== undefined && !rows)
    throw new UsageError('--planned: is about rows: add --list --rows');
  const unused = given.list && ONLY_OF_RUNS.find((name) => given[name] !== undefined);
  if (unused)
    throw new UsageError(`--${OPTIONS[unused].name}: --list runs nothing: give one of the two`);
}

/** The origin of a server. */
function checkedModelServer(text: string): string {
  const refuse = (why: string) => {
    throw new OptionError(`--model-server ${text}: ${why}`);
  };
  try {
    const url = modelAddress(text);
    return url.pathname === '/' ? url.origin : refuse(`give the server alone: ${url.origin}`);
  } catch (error) {
    if (!(error instanceof ModelServerError)) throw error;
    return refuse(error.message);
  }
}

function checkedFeature(text: string): string {
  if (/^[\w.-]+$/.test(text)) return text;
  throw new OptionError(
    `--fail-on-skip ${text}: must be one word, such as shader-f16, torch or missing-feature`,
  );
}

function backendNames(texts: readonly string[]): readonly string[] {
  const names = texts.flatMap((text) => text.split(','));
  for (const name of names) {
    if (['ort-webgpu', 'ort-wasm', 'reference'].includes(name)) throw notYet(`--backend ${name}`);
    if (!/^(webgpu|bridge(-[a-z0-9]+)*)$/.test(name))
      throw new OptionError(`--backend ${name}: must be webgpu, bridge or bridge-...`);
  }
  return names;
}

/** Those of the given options that shape the run itself. */
function runOptionsOf(given: Partial<AllOptions>): GivenOptions {
  return Object.fromEntries(Object.entries(given).filter(([name]) => name in RUN_OPTIONS));
}

/** Without a display, in CI, or with an option that makes no sense in the page. */
function isHeadless(given: Partial<AllOptions>): boolean {
  const { env, platform } = process;
  const display =
    platform === 'linux'
      ? Boolean(env['DISPLAY'] || env['WAYLAND_DISPLAY'])
      : !env['SSH_CONNECTION'];
  return (
    !display || env['CI'] === 'true' || IMPLY_HEADLESS.some((name) => given[name] !== undefined)
  );
}
