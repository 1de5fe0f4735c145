import * as v from 'valibot';
import { GradproofError, messageOf } from '../errors.ts';
import { plainText } from '../report/plain-text.ts';
import type { CaseResult, Environment, Report } from '../report/schema.ts';
import { FINDINGS } from '../report/verdict.ts';
import { matchesGlob } from './filter.ts';

/**
 * A file of expectations that cannot be used; the message says which file and entry, what is wrong
 * and what is allowed.
 */
export class ExpectationError extends GradproofError {
  constructor(message: string) {
    super('bad-expectations', plainText(message));
  }
}

const text = v.pipe(v.string('must be a text'), v.trim(), v.minLength(1, 'must not be empty'));
const glob = v.pipe(text, v.regex(/^\S+$/, 'must be a glob without white space, such as ops.nn.*'));

const expectation = v.strictObject({
  /** Glob over case ids: `*` is any characters. */
  case: glob,
  /**
   * Glob over vendor, architecture, device and description of the adapter, joined by spaces; upper
   * and lower case are the same.
   */
  adapter: text,
  /** Why the case fails there. */
  reason: text,
  /** The issue that tracks the failure. */
  link: v.pipe(
    text,
    v.check(
      (link) => /^https?:\/\//.test(link) && URL.canParse(link),
      'must be an http or https address',
    ),
  ),
  /**
   * The last day, in UTC, on which the failure is expected: an expectation must not outlive its
   * reason unseen.
   */
  expires: v.pipe(
    text,
    v.check(
      (day) => /^\d{4}-\d{2}-\d{2}$/.test(day) && isDay(day),
      'must be a day such as 2027-01-31',
    ),
  ),
});

const file = v.strictObject({
  schema: v.literal('gradproof-expectations/1'),
  expectations: v.array(expectation),
});

/** A known failure on some adapters. */
export type Expectation = v.InferOutput<typeof expectation>;

/**
 * Reads `gradproof-expectations/1`; `name` stands for the file in messages. Throws
 * {@link ExpectationError} with one line.
 */
export function parseExpectations(
  source: string | Uint8Array,
  name: string,
): readonly Expectation[] {
  let value: unknown;
  try {
    const json =
      typeof source === 'string'
        ? source
        : new TextDecoder('utf-8', { fatal: true }).decode(source);
    value = JSON.parse(json);
  } catch (error) {
    throw new ExpectationError(`${name}: is not JSON (${messageOf(error)})`);
  }
  const parsed = v.safeParse(file, value, { abortEarly: true });
  if (parsed.success) return parsed.output.expectations;
  const [issue] = parsed.issues;
  const path =
    issue.path
      ?.map(({ key }) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
      .join('') ?? '';
  const missing = issue.received === 'undefined' ? 'is missing' : issue.message;
  const reason = issue.expected === 'never' ? 'no expectation has such a field' : missing;
  throw new ExpectationError(`${name}: ${path.replace(/^\./, '') || 'the file'}: ${reason}`);
}

/**
 * Marks what was expected: a failure (`expected-failure`, which does not fail the run), a failure
 * whose expectation has expired (`expectation-expired`, which does) and a pass that was not
 * expected (`unexpected-pass`). The first entry that matches counts.
 */
export function applyExpectations(
  report: Report,
  expectations: readonly Expectation[],
  now: Date,
): Report {
  const today = now.toISOString().slice(0, 10);
  return {
    ...report,
    results: report.results.map((result) =>
      judged(result, report.environments, expectations, today),
    ),
  };
}

/** The entries that name none of these cases: their globs are misspelled, or the cases are gone. */
export function unmatched(
  expectations: readonly Expectation[],
  ids: readonly string[],
): readonly Expectation[] {
  return expectations.filter((one) => !ids.some((id) => matchesGlob(id, one.case)));
}

const OWN: readonly string[] = [FINDINGS.expected, FINDINGS.expired, FINDINGS.unexpectedPass];

function judged(
  result: CaseResult,
  environments: readonly Environment[],
  expectations: readonly Expectation[],
  today: string,
): CaseResult {
  const adapter = adapterText(environments[result.env]);
  const matching = expectations.find(
    (one) => matchesGlob(result.id, one.case) && matchesGlob(adapter, one.adapter.toLowerCase()),
  );
  const { finding, ...rest } = result;
  const other = finding && !OWN.includes(finding.code) ? finding : undefined;
  if (!matching || result.status === 'skip') return other ? { ...rest, finding: other } : rest;
  const code = codeOf(result, matching, today);
  const { reason, link, expires } = matching;
  const when =
    code === FINDINGS.expired
      ? `was expected until ${expires}`
      : code === FINDINGS.expected
        ? 'is expected'
        : 'was not expected';
  const also = other ? `; ${other.code}: ${other.message}` : '';
  return { ...rest, finding: { ...other, code, message: `${when}: ${reason} (${link})${also}` } };
}

function codeOf({ status }: CaseResult, { expires }: Expectation, today: string): string {
  if (status === 'pass') return FINDINGS.unexpectedPass;
  return today > expires ? FINDINGS.expired : FINDINGS.expected;
}

function adapterText(environment: Environment | undefined): string {
  if (!environment) return '';
  const { vendor, architecture, device, description } = environment.adapter;
  return [vendor, architecture, device, description].filter(Boolean).join(' ').toLowerCase();
}

function isDay(day: string): boolean {
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day);
}
