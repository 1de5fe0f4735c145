import { causesOf, causeWords } from './causes.ts';
import { groupBy } from './group.ts';
import { escapeMarkup } from './markup.ts';
import { reasonOf, whereWrong } from './reason.ts';
import type { CaseResult, Environment, Report, Status } from './schema.ts';
import { verdictOf } from './verdict.ts';

/**
 * The report as JUnit XML, as CI servers read it: a `testsuite` per suite and environment, times in
 * seconds, the environment as properties. `fail` is a failure, and so is a pass whose control
 * stayed green; `skip` and an expected failure are skipped, everything else that did not pass is an
 * error.
 */
export function toJUnit(report: Report): string {
  const suites = groupBy(report.results, ({ suite, env }) => `${env} ${suite}`);
  const causes = causesByResult(report.results);
  const body = [...suites.values()].map((cases) => suiteElement(cases, report, causes));
  const totals = {
    name: `gradproof ${report.kind}`,
    ...counts(report.results),
    time: seconds(report.run.durationMs),
  };
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element('testsuites', totals, body)}\n`;
}

/** The kernels that a wrong result has in common with others, in words. */
type Causes = ReadonlyMap<CaseResult, string>;

function causesByResult(results: readonly CaseResult[]): Causes {
  const causes = causesOf(results);
  const wrong = causes.reduce((sum, cause) => sum + cause.results.length, 0);
  return new Map(
    causes.flatMap((cause) => {
      if (cause.kernels.length === 0) return [];
      const words = causeWords(cause, wrong);
      return cause.results.map((result) => [result, words] as const);
    }),
  );
}

function suiteElement(
  cases: readonly [CaseResult, ...CaseResult[]],
  report: Report,
  causes: Causes,
): string {
  const [first] = cases;
  const environment = report.environments[first.env];
  const attributes = {
    name: first.suite,
    ...counts(cases),
    time: seconds(cases.reduce((sum, { durationMs }) => sum + durationMs, 0)),
    timestamp: report.run.startedAt.replace(/(\.\d+)?Z$/, ''),
  };
  return element('testsuite', attributes, [
    ...(environment ? [properties(environment, report)] : []),
    ...cases.map((result) => caseElement(result, causes.get(result))),
  ]);
}

function properties(
  { runtime, runtimeVersion, os, cores, adapter, features, probe }: Environment,
  { tool, run }: Report,
): string {
  const values: Record<string, string> = {
    tool: `${tool.name} ${tool.version} (${tool.commit})`,
    runtime: `${runtime} ${runtimeVersion}`,
    os,
    cores: String(cores),
    ...Object.fromEntries(
      Object.entries(adapter).map(([key, value]) => [`adapter.${key}`, String(value)]),
    ),
    features: features.join(' '),
    ...Object.fromEntries(
      Object.entries(probe).map(([key, value]) => [`probe.${key}`, String(value)]),
    ),
    tier: run.tier,
    filters: run.filters.join(' '),
    shard: run.shard,
    seed: String(run.seed),
    planHash: run.planHash,
  };
  return element(
    'properties',
    {},
    Object.entries(values).map(([name, value]) => element('property', { name, value })),
  );
}

function caseElement(result: CaseResult, cause: string | undefined): string {
  const { id, suite, backend, durationMs } = result;
  // Backend in the name: CI servers take two cases of one name for one.
  const attributes = {
    name: `${id.slice(suite.length + 1)} [${backend}]`,
    classname: suite,
    time: seconds(durationMs),
  };
  return element('testcase', attributes, [
    ...outcomeElement(result, cause),
    ...findingElement(result),
  ]);
}

const OUTCOMES: Readonly<Record<Status, 'failure' | 'error' | 'skipped' | undefined>> = {
  pass: undefined,
  fail: 'failure',
  skip: 'skipped',
  error: 'error',
  timeout: 'error',
  lost: 'error',
};

/** The element that says how a case ended; none for one that is right. */
function outcomeName(result: CaseResult): 'failure' | 'error' | 'skipped' | undefined {
  if (verdictOf(result) === 'expected') return 'skipped';
  return OUTCOMES[result.status] ?? (verdictOf(result) === 'wrong' ? 'failure' : undefined);
}

function outcomeElement(result: CaseResult, cause: string | undefined): string[] {
  const { error } = result;
  const name = outcomeName(result);
  if (!name) return [];
  if (name === 'skipped') {
    const { code, message } =
      (verdictOf(result) === 'expected' && result.finding) || reasonOf(result);
    return [element(name, { message: `${code}: ${message}` })];
  }
  const { code, message } = reasonOf(result);
  const text = [error?.at && whereWrong(error.at), cause].filter(Boolean).join('\n');
  return [textElement(name, { type: code, message }, text)];
}

function findingElement({ finding }: CaseResult): string[] {
  return finding ? [textElement('system-out', {}, `${finding.code}: ${finding.message}`)] : [];
}

function counts(
  results: readonly CaseResult[],
): Record<'tests' | 'failures' | 'errors' | 'skipped', string> {
  const count = (outcome: string) =>
    String(results.filter((result) => outcomeName(result) === outcome).length);
  return {
    tests: String(results.length),
    failures: count('failure'),
    errors: count('error'),
    skipped: count('skipped'),
  };
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3);
}

function element(
  name: string,
  attributes: Readonly<Record<string, string>>,
  children: readonly string[] = [],
): string {
  return children.length > 0
    ? `${open(name, attributes)}>\n${children.join('\n')}\n</${name}>`
    : `${open(name, attributes)}/>`;
}

function textElement(
  name: string,
  attributes: Readonly<Record<string, string>>,
  content: string,
): string {
  return `${open(name, attributes)}>${escapeMarkup(content)}</${name}>`;
}

function open(name: string, attributes: Readonly<Record<string, string>>): string {
  return [
    `<${name}`,
    ...Object.entries(attributes).map(([key, value]) => `${key}="${escapeMarkup(value)}"`),
  ].join(' ');
}
