import * as v from 'valibot';
import { kebabCase, sha256Hex } from '../formats/fields.ts';
import { TIERS } from './tiers.ts';

/**
 * The one report, `gradproof-report/1`: runs, benches, mutations and trainings all write it, and
 * merge, compare, history, link and page read it. The types of this file are the contract;
 * public/schema/gradproof-report-1.json is generated from it.
 */

const count = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER));
const finite = v.pipe(v.number(), v.finite());
/** Milliseconds. */
const duration = v.pipe(finite, v.minValue(0), v.description('milliseconds'));
/**
 * What `Date.toISOString` gives; a plain pattern, so that a JSON Schema says the same without the
 * optional `format`.
 */
const timestamp = v.pipe(
  v.string(),
  v.regex(
    /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,3})?Z$/,
    'must be an ISO date and time in UTC',
  ),
);
/** An object with any keys; valibot's record alone takes arrays too. */
const dictionary = <T extends v.GenericSchema>(value: T) =>
  v.pipe(
    v.custom<object>(
      (input) => typeof input === 'object' && !Array.isArray(input),
      'must be an object',
    ),
    v.record(v.string(), value),
  );
const numbers = dictionary(v.nullable(finite));

/** `suite:case;param=value;param=value` */
const CASE_ID = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*:[^\s;=]+(;[^\s;=]+=[^\s;]*)*$/;

export const STATUSES = ['pass', 'fail', 'skip', 'error', 'timeout', 'lost'] as const;
const FAULTS = ['kernel', 'driver', 'precision', 'producer', 'environment'] as const;

const place = v.strictObject({
  index: v.array(count),
  actual: v.nullable(finite),
  expected: v.nullable(finite),
});
const problem = v.strictObject({ code: kebabCase, message: v.string(), at: v.optional(place) });

const accuracy = v.strictObject({
  maxAbs: v.nullable(finite),
  maxRel: v.nullable(finite),
  maxUlp: v.nullable(finite),
  boundUsed: v.pipe(
    v.nullable(v.pipe(finite, v.minValue(0))),
    v.description(
      'largest share of the legal bound that was used: of a pass at most 1, of a failure null where ' +
        'it is no finite number, as where an element is wrong at a bound of zero',
    ),
  ),
  typicalUsed: v.nullable(finite),
});

const timing = v.strictObject({
  source: v.picklist(['timestamp', 'wall']),
  quantumNs: finite,
  samples: count,
  coldMs: duration,
  medianMs: duration,
  minMs: duration,
  ciMs: v.array(duration),
});

export const caseResult = v.strictObject({
  id: v.pipe(v.string(), v.regex(CASE_ID, 'must be suite:case;param=value')),
  suite: v.string(),
  backend: v.string(),
  env: v.pipe(count, v.description('index into environments')),
  covers: v.array(v.string()),
  tier: v.picklist(TIERS),
  status: v.picklist(STATUSES),
  durationMs: duration,
  gpuMs: v.optional(duration),
  attempts: count,
  assertions: v.pipe(count, v.description('compared elements and expectations that held')),
  kernels: v.pipe(v.array(v.string()), v.description('what the GPU layer dispatched for the case')),
  control: v.optional(
    v.pipe(
      v.strictObject({ fault: v.string(), status: v.picklist(['red', 'green', 'not-run']) }),
      v.description('the named fault that must turn the case red'),
    ),
  ),
  skip: v.optional(v.strictObject({ code: kebabCase, detail: v.string() })),
  error: v.optional(problem),
  finding: v.optional(problem),
  fault: v.optional(v.picklist(FAULTS)),
  accuracy: v.optional(accuracy),
  timing: v.optional(timing),
  metrics: v.optional(numbers),
  series: v.optional(dictionary(v.array(v.nullable(finite)))),
  setting: v.optional(
    v.pipe(v.string(), v.description('of a bench: how the contender was set up that was timed')),
  ),
  tried: v.optional(
    v.pipe(
      dictionary(duration),
      v.description('of a bench: what each setting took that was tried, in milliseconds'),
    ),
  ),
  artifacts: v.optional(
    v.array(v.strictObject({ name: v.string(), bytes: count, sha256: sha256Hex })),
  ),
});

/** What stands for the adapter of an environment that has none. */
export const NO_ADAPTER = {
  vendor: '',
  architecture: '',
  device: '',
  description: 'no adapter',
  isFallback: false,
};

export const environment = v.strictObject({
  runtime: v.string(),
  runtimeVersion: v.string(),
  os: v.string(),
  cores: count,
  adapter: v.optional(
    v.pipe(
      v.strictObject({
        vendor: v.string(),
        architecture: v.string(),
        device: v.string(),
        description: v.string(),
        isFallback: v.boolean(),
      }),
      v.description('may be absent in a report of kind test'),
    ),
    NO_ADAPTER,
  ),
  features: v.array(v.string()),
  limits: dictionary(finite),
  probe: dictionary(v.union([v.string(), v.boolean(), v.nullable(finite)])),
  tuning: dictionary(v.string()),
});

const summary = v.strictObject({
  total: count,
  passed: count,
  failed: count,
  skipped: count,
  errored: count,
  timedOut: count,
  lost: count,
});

export const reportSchema = v.strictObject({
  schema: v.literal('gradproof-report/1'),
  kind: v.picklist(['run', 'bench', 'mutate', 'train', 'test']),
  rows: v.optional(
    v.pipe(
      dictionary(v.array(kebabCase)),
      v.description('of each catalog row that is covered in parts, the names of all its clauses'),
    ),
  ),
  tool: v.strictObject({ name: v.literal('gradproof'), version: v.string(), commit: v.string() }),
  run: v.strictObject({
    id: v.string(),
    startedAt: timestamp,
    durationMs: duration,
    tier: v.picklist(TIERS),
    filters: v.array(v.string()),
    shard: v.pipe(v.string(), v.regex(/^[1-9]\d*\/[1-9]\d*$/, 'must be I/N, both from 1')),
    seed: count,
    timeoutMs: v.optional(
      v.pipe(
        duration,
        v.description('time limit of every case in milliseconds, if it was set by hand'),
      ),
    ),
    options: v.optional(
      v.pipe(
        v.array(v.string()),
        v.description('how a bench timed, where that was not its usual way: its options'),
      ),
    ),
    complete: v.pipe(v.boolean(), v.description('every selected case has a result')),
    planHash: v.pipe(
      sha256Hex,
      v.description("SHA-256 of the build's `id backend` lines, sorted and LF-ended"),
    ),
  }),
  environments: v.array(environment),
  summary,
  results: v.array(caseResult),
});

export type Status = (typeof STATUSES)[number];
export type CaseResult = v.InferOutput<typeof caseResult>;
export type Environment = v.InferOutput<typeof environment>;
export type Summary = v.InferOutput<typeof summary>;
export type Report = v.InferOutput<typeof reportSchema>;
