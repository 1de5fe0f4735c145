import { isBridgeName } from '../backends/bridge/name.ts';
import { DEFAULT_RUN_OPTIONS } from './run-options.ts';
import type { CaseResult, Environment, Report } from './schema.ts';

/** How the command line is called in a checkout. */
export const IN_CHECKOUT = 'npm start --';

/**
 * The command that runs one result of a report again, called as `program` and as it ran in
 * `environment`. It may come out of a report from elsewhere: whatever a shell could take for its own is quoted. A
 * replayed recording is named by its file, which the report does not hold.
 */
export function reproduceCommand(
  result: CaseResult,
  { kind, run }: Pick<Report, 'kind' | 'run'>,
  environment: Pick<Environment, 'runtime'> | undefined,
  program = IN_CHECKOUT,
): string {
  // Tests are the checkout's own; the package has none.
  if (kind === 'test') return testCommand(result);
  return [program, ...argumentsOf(result, kind, run, environment?.runtime === 'node')].join(' ');
}

function argumentsOf(
  result: CaseResult,
  kind: Report['kind'],
  run: Report['run'],
  inNode: boolean,
): readonly string[] {
  const { id, suite, backend, tier, control } = result;
  const seed = run.seed === DEFAULT_RUN_OPTIONS.seed ? [] : ['--seed', String(run.seed)];
  if (kind === 'train') return ['train', ...trainingArguments(id)];
  const host = id.startsWith('mutate.host.') ? ['--host'] : [];
  if (kind !== 'run') return [kind, ...host, '--filter', quoted(id)];
  const where = [
    ...(isBridgeName(backend) ? ['--backend', quoted(backend)] : []),
    ...(inNode ? ['--runtime', 'node'] : []),
  ];
  if (suite.startsWith('parity.')) return ['--parity', quoted(recordingOf(result)), ...where];
  const limit = run.timeoutMs === undefined ? [] : ['--timeout', String(run.timeoutMs)];
  const settings = [
    ...(tier === DEFAULT_RUN_OPTIONS.tier ? [] : ['--tier', tier]),
    ...seed,
    ...limit,
  ];
  return [
    '--headless',
    '--filter',
    quoted(id),
    ...settings,
    ...where,
    ...(control?.status === 'green' ? ['--controls'] : []),
  ];
}

/** All tests that cover rows; with their faults where one turned nothing red. */
function testCommand({ control }: CaseResult): string {
  return `npm test -- ${control?.status === 'green' ? '--controls ' : ''}--report tests.json`;
}

/** What the id of a training says; the text is the person's own. */
function trainingArguments(id: string): readonly string[] {
  return [...id.matchAll(/;(seed|steps)=(\d+)/g)].flatMap(([, name, value]) => [
    `--${name}`,
    String(value),
  ]);
}

/** The reproduction that was written beside the report, else the recording itself. */
function recordingOf({ id, artifacts = [] }: CaseResult): string {
  const written = artifacts.find(({ name }) => name.endsWith('.safetensors'));
  return written?.name ?? `${id.slice(id.indexOf(':') + 1)}.safetensors`;
}

/** One word of a POSIX shell, which PowerShell reads alike. */
function quoted(text: string): string {
  return /^[\w./:=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
