import * as v from 'valibot';
import type { RopeScaling } from '../../vocabulary/attention/rope-scaling.ts';
import { isJsonObject, type JsonObject } from '../strict-json.ts';
import type { ConfigFault } from './config-error.ts';
import { fieldsOf, flag, missing, oneOf, shown, whole, within } from './fields.ts';

/** Theta of transformers' configurations where none is told. */
const DEFAULT_THETA = 10_000;
/** Far above what any model has. */
const MOST_THETA = 1e15;
const MOST_FACTOR = 1e6;
const MOST_TOKENS = 2 ** 31;

/** Kinds of frequencies by transformers' names. */
const TYPES = ['default', 'linear', 'dynamic', 'llama3', 'yarn', 'longrope'] as const;
type RopeType = (typeof TYPES)[number];

const theta = within(1, MOST_THETA);
const factor = within(1, MOST_FACTOR);
const band = within(0, MOST_FACTOR);
const tokens = whole(MOST_TOKENS);
const factors = v.custom<readonly number[]>(
  (x) =>
    Array.isArray(x) &&
    x.every((one) => typeof one === 'number' && one >= 1 / MOST_FACTOR && one <= MOST_FACTOR),
  'it must be a list of positive numbers, one for each pair of columns of a head',
);

/** What each kind must and may be told; transformers leaves out what else is there. */
const FIELDS = {
  default: v.looseObject({}),
  linear: v.looseObject({ factor }),
  dynamic: v.looseObject({ factor }),
  llama3: v.looseObject({
    factor,
    low_freq_factor: within(1e-6, MOST_FACTOR),
    high_freq_factor: within(1e-6, MOST_FACTOR),
    original_max_position_embeddings: v.optional(tokens),
  }),
  yarn: v.looseObject({
    factor: v.optional(factor),
    attention_factor: v.optional(band),
    beta_fast: v.optional(band),
    beta_slow: v.optional(band),
    mscale: v.optional(band),
    mscale_all_dim: v.optional(band),
    truncate: v.optional(flag),
    original_max_position_embeddings: v.optional(tokens),
  }),
  longrope: v.looseObject({
    factor: v.optional(factor),
    attention_factor: v.optional(band),
    short_factor: factors,
    long_factor: factors,
    original_max_position_embeddings: v.optional(tokens),
  }),
} as const satisfies Readonly<Record<RopeType, unknown>>;

/** Rotary positions of a configuration. */
export interface Rope {
  readonly theta: number;
  readonly scaling: RopeScaling | undefined;
  readonly faults: readonly ConfigFault[];
}

/** What of a model rotary positions depend on. */
interface Turned {
  /** Its max_position_embeddings. */
  readonly context: number;
  /** Pairs of columns of a head; undefined where that is not known. */
  readonly pairs: number | undefined;
}

/**
 * Rotary positions as transformers 5 reads them (modeling_rope_utils.py): `rope_scaling` goes before
 * `rope_parameters`, and a theta in it before `rope_theta`.
 */
export function ropeOf(config: JsonObject, turned: Turned): Rope {
  const place = isThere(config['rope_scaling']) ? 'rope_scaling' : 'rope_parameters';
  const given = config[place] ?? {};
  if (!isJsonObject(given))
    return refused([
      { ...bad(place, given), suggestion: 'it must be an object, as transformers saves it' },
    ]);
  const at = `${place}.`;
  const own = given['rope_theta'] ?? config['rope_theta'] ?? DEFAULT_THETA;
  const thetaPath = given['rope_theta'] == null ? 'rope_theta' : `${at}rope_theta`;
  const faults = fieldsOf(v.object({ rope_theta: theta }), { rope_theta: own }).faults.map(
    (fault) => ({
      ...fault,
      path: thetaPath,
      message: `${thetaPath} is ${shown(own)}`,
    }),
  );
  faults.push(...partialFaults(config, given, at));
  const nested = Object.keys(given).find((name) => isJsonObject(given[name]));
  if (nested !== undefined)
    faults.push({
      code: 'not-supported',
      path: at + nested,
      message: `${at}${nested} is an object`,
      suggestion: 'rotary positions must be the same in all layers here',
    });
  const type = given['rope_type'] ?? given['type'] ?? 'default';
  const typePath = `${at}${given['rope_type'] == null ? 'type' : 'rope_type'}`;
  const known = fieldsOf(v.object({ type: oneOf(TYPES) }), { type }).fields?.type;
  if (!known) {
    const suggestion = `known are ${TYPES.join(', ')}`;
    return refused([...faults, { ...bad(typePath, type), code: 'not-supported', suggestion }]);
  }
  if (known === 'yarn' && own === 1)
    faults.push({
      code: 'does-not-fit',
      path: thetaPath,
      message: `${thetaPath} is 1, and all pairs of columns rotate alike`,
      suggestion: 'yarn needs a larger one',
    });
  const read = scalingOf(known, given, at, { config, ...turned });
  return {
    theta: typeof own === 'number' ? own : DEFAULT_THETA,
    scaling: read.scaling,
    faults: [...faults, ...read.faults],
  };
}

/** What Python takes for true of an object: one that has something in it. */
const isThere = (value: unknown): boolean =>
  isJsonObject(value) ? Object.keys(value).length > 0 : Boolean(value);

const bad = (path: string, value: unknown) =>
  ({ code: 'bad-value', path, message: `${path} is ${shown(value)}` }) as const;

const refused = (faults: readonly ConfigFault[]): Rope => ({
  theta: DEFAULT_THETA,
  scaling: undefined,
  faults,
});

/** Heads that rotate in part are not known here. */
function partialFaults(config: JsonObject, given: JsonObject, at: string): ConfigFault[] {
  const name = 'partial_rotary_factor';
  const path = given[name] == null ? name : at + name;
  const value = given[name] ?? config[name] ?? 1;
  return value === 1
    ? []
    : [{ ...bad(path, value), code: 'not-supported', suggestion: 'whole heads rotate here: 1' }];
}

interface Around extends Turned {
  readonly config: JsonObject;
}

type Read = Pick<Rope, 'scaling' | 'faults'>;

function scalingOf(type: RopeType, given: JsonObject, at: string, around: Around): Read {
  const { context } = around;
  if (type === 'default') return { scaling: undefined, faults: [] };
  if (type === 'llama3') return llama3Of(given, at, around);
  if (type === 'yarn') return yarnOf(given, at, around);
  if (type === 'longrope') return longRopeOf(given, at, around);
  const { fields, faults } = fieldsOf(FIELDS[type], given, at);
  if (!fields) return { scaling: undefined, faults };
  const { factor } = fields;
  return {
    scaling:
      type === 'linear'
        ? { rope_type: type, factor }
        : { rope_type: type, factor, max_position_embeddings: context },
    faults,
  };
}

function llama3Of(given: JsonObject, at: string, around: Around): Read {
  const { fields, faults } = fieldsOf(FIELDS.llama3, given, at);
  if (!fields) return { scaling: undefined, faults };
  const { factor, low_freq_factor, high_freq_factor } = fields;
  if (high_freq_factor <= low_freq_factor)
    faults.push({
      code: 'does-not-fit',
      path: `${at}high_freq_factor`,
      message: `${at}high_freq_factor ${high_freq_factor} is not above low_freq_factor ${low_freq_factor}`,
      suggestion: 'give a larger one, as 4 and 1',
    });
  const original = originalOf(fields.original_max_position_embeddings, around);
  return {
    scaling: {
      rope_type: 'llama3',
      ...{ factor, low_freq_factor, high_freq_factor },
      original_max_position_embeddings: original,
    },
    faults,
  };
}

/** What is 0 or absent has its default, as Python's `or` has it. */
function yarnOf(given: JsonObject, at: string, around: Around): Read {
  const { fields, faults } = fieldsOf(FIELDS.yarn, given, at);
  if (!fields) return { scaling: undefined, faults };
  // A factor of null is the quotient of both contexts, and one that is not there an error.
  if (!Object.hasOwn(given, 'factor')) faults.push(missing(`${at}factor`));
  const original = originalOf(fields.original_max_position_embeddings, around);
  const factor = fields.factor ?? around.context / original;
  const { mscale = 0, mscale_all_dim = 0 } = fields;
  const inferred =
    mscale && mscale_all_dim
      ? yarnScale(factor, mscale) / yarnScale(factor, mscale_all_dim)
      : yarnScale(factor, 1);
  return {
    scaling: {
      rope_type: 'yarn',
      factor,
      attention_factor: fields.attention_factor ?? inferred,
      beta_fast: fields.beta_fast || 32,
      beta_slow: fields.beta_slow || 1,
      truncate: fields.truncate ?? true,
      original_max_position_embeddings: original,
    },
    faults,
  };
}

const yarnScale = (factor: number, mscale: number): number =>
  factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1;

/** LongRoPE: Ding et al. (2024, arXiv 2402.13753), with the attention factor of its authors. */
function longRopeOf(given: JsonObject, at: string, around: Around): Read {
  const { fields, faults } = fieldsOf(FIELDS.longrope, given, at);
  if (!fields) return { scaling: undefined, faults };
  const { short_factor, long_factor } = fields;
  for (const [name, { length }] of Object.entries({ short_factor, long_factor }))
    if (length !== (around.pairs ?? length))
      faults.push({
        code: 'does-not-fit',
        path: at + name,
        message: `${at}${name} has ${length} numbers`,
        suggestion: `give ${around.pairs}, one for each pair of columns of a head`,
      });
  const original = originalOf(fields.original_max_position_embeddings, around);
  const factor = fields.factor ?? around.context / original;
  const inferred = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original));
  const { attention_factor = inferred } = fields;
  if (attention_factor === Number.POSITIVE_INFINITY)
    faults.push({
      code: 'does-not-fit',
      path: `${at}original_max_position_embeddings`,
      message: `the original context is ${original} token, from which no attention_factor follows`,
      suggestion: `give a longer one, or ${at}attention_factor`,
    });
  return {
    scaling: {
      rope_type: 'longrope',
      attention_factor,
      ...{ short_factor, long_factor },
      original_max_position_embeddings: original,
    },
    faults,
  };
}

/** Tokens that the model was first trained on: what stands beside the others goes first. */
function originalOf(own: number | undefined, { config, context }: Around): number {
  const outer = config['original_max_position_embeddings'];
  return typeof outer === 'number' ? outer : (own ?? context);
}
