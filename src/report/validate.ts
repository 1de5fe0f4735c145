import * as v from 'valibot';
import { summarize } from './build.ts';
import { ReportError } from './error.ts';
import { timesContradiction } from './sample-times.ts';
import { type CaseResult, NO_ADAPTER, type Report, reportSchema } from './schema.ts';

const AS_WRITTEN = 'use the file as --report wrote it, or make the report again';

/**
 * Checks an unknown value against the schema and against itself: the one gate through which reports
 * are read and written. `name` stands for the report in messages. Throws {@link ReportError} with
 * the first thing that is wrong.
 */
export function validateReport(value: unknown, name: string): Report {
  const tag =
    typeof value === 'object' && value !== null && 'schema' in value ? value.schema : undefined;
  const version =
    typeof tag === 'string' ? /^gradproof-report\/(\d{1,9})$/.exec(tag)?.[1] : undefined;
  if (version !== undefined && Number(version) > 1) {
    throw new ReportError(
      'report-invalid',
      `${name}: schema is ${tag}, newer than this Gradproof knows: update Gradproof`,
    );
  }
  const parsed = v.safeParse(reportSchema, value, { abortEarly: true });
  if (parsed.issues) {
    const [issue] = parsed.issues;
    const path =
      issue.path
        ?.map(({ key }) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
        .join('') ?? '';
    throw new ReportError(
      'report-invalid',
      `${name}: ${path.replace(/^\./, '') || 'the report'}: ${reasonOf(issue)}: ${AS_WRITTEN}`,
    );
  }
  const wrong = firstContradiction(parsed.output);
  if (wrong) throw new ReportError('report-inconsistent', `${name}: ${wrong}: ${AS_WRITTEN}`);
  return parsed.output;
}

function reasonOf({
  type,
  expected,
  received,
  message,
}: v.InferIssue<typeof reportSchema>): string {
  if (type === 'strict_object' && expected === 'never') return 'no report has such a field';
  return received === 'undefined' ? 'is missing' : message;
}

/** What no schema can say: where the report contradicts itself, or claims without evidence. */
function firstContradiction({
  kind,
  run,
  environments,
  summary,
  results,
}: Report): string | undefined {
  const [index, count] = run.shard.split('/').map(Number) as [number, number];
  if (index > count) return `run.shard: ${run.shard} is no part of ${count}`;
  // An engine may take 31 February for a day of March.
  if (new Date(run.startedAt).getUTCDate() !== Number(run.startedAt.split(/[-T]/)[2]))
    return `run.startedAt: ${run.startedAt} is no date`;
  const bare = environments.findIndex(
    ({ adapter }) => adapter.description === NO_ADAPTER.description,
  );
  if (kind !== 'test' && bare >= 0) return `environments[${bare}].adapter: is missing`;
  const seen = new Set<string>();
  for (const [position, result] of results.entries()) {
    const wrong =
      resultContradiction(result, environments.length) ??
      (kind === 'test' ? strangeBackend(result) : undefined) ??
      (kind === 'bench' ? timesContradiction(result) : undefined);
    if (wrong) return `results[${position}].${wrong}`;
    const key = `${result.id} ${result.backend} ${result.env}`;
    if (seen.has(key))
      return `results[${position}].id: ${result.id} on ${result.backend} is there twice`;
    seen.add(key);
  }
  for (const [key, counted] of Object.entries(summarize(results))) {
    const stated = summary[key as keyof typeof summary];
    if (stated !== counted) return `summary.${key}: is ${stated}, the results say ${counted}`;
  }
  return undefined;
}

/** Tests run in the page, on the command line or in the repository, and nowhere else. */
function strangeBackend({ backend }: CaseResult): string | undefined {
  return ['page', 'command', 'repository'].includes(backend)
    ? undefined
    : `backend: ${backend} is none of page, command and repository`;
}

function resultContradiction(result: CaseResult, environments: number): string | undefined {
  const { id, suite, env, status, assertions, accuracy, skip, error } = result;
  if (!id.startsWith(`${suite}:`)) return `suite: ${suite} is not the suite of ${id}`;
  if (env >= environments) return `env: ${env} is not among the ${environments} environments`;
  if (status === 'pass') {
    if (assertions === 0) return `assertions: ${id} passed without one`;
    if (accuracy && !(accuracy.boundUsed !== null && accuracy.boundUsed <= 1))
      return `accuracy.boundUsed: ${id} passed with ${accuracy.boundUsed}, and not from 0 to 1`;
  } else if (status === 'skip') {
    if (!skip) return `skip: ${id} was skipped without a reason`;
  } else if (!error) return `error: ${id} has status ${status} without a reason`;
  return undefined;
}
