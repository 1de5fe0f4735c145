import * as v from 'valibot';
import { SignatureError } from '../vocabulary/error.ts';
import { FormatError, quote } from './format-error.ts';
import {
  type BundleTensors,
  checkAnswered,
  checkTensors,
  flowingIn,
  type StoredTensors,
} from './parity-bundle/check.ts';
import { vocabulary } from './parity-bundle/vocabulary.ts';
import type { StoredTensor } from './safetensors/stored.ts';
import { readSafetensors } from './safetensors.ts';
import { isJsonObject, type JsonObject, parseJsonObject } from './strict-json.ts';

/**
 * One recorded case: what went in, what came out, and who computed it. Everything in it was checked
 * against the vocabulary.
 */
export interface ParityBundle {
  readonly op: string;
  /** As the vocabulary types them, defaults filled in. */
  readonly params: Readonly<Record<string, unknown>>;
  /**
   * How the producer says that it adds up: in float32, with one rounding to the half format of an
   * output; of all outputs, or of those and of gradients by name. `params` has it in the file,
   * whatever the op is.
   */
  readonly accumulate: Accumulate | undefined;
  /** Library and version, for example `bitsandbytes 0.50.2 + torch 2.15.0`. */
  readonly producer: string;
  /** cpu, cuda:..., mps, mlx. */
  readonly device: string;
  readonly note: string | undefined;
  readonly tensors: BundleTensors;
}

/** Of all outputs, or by the names of tensors; those of gradients are `grad.NAME`. */
type Accumulate = 'float32' | Readonly<Record<string, 'float32'>>;

const SCHEMA = 'parity-bundle/1';
const REQUIRED_KEYS = ['op', 'params', 'producer'] as const;
/** Characters of one line, as messages and reports show producer and device. */
const LINE = /^[^\p{Cc}]{1,200}$/u;

/** How a bundle is read. */
interface ReadOptions {
  readonly question?: boolean;
}

/**
 * Reads a parity bundle. Throws FormatError with one line that says what is wrong; an op of the
 * vocabulary that we cannot run is fine. A `question` is a bundle without an answer yet: it may
 * lack outputs.
 */
export function readParityBundle(file: Uint8Array, options?: ReadOptions): ParityBundle {
  return parityBundleOf(readSafetensors(file), options);
}

/** As {@link readParityBundle}, of a file that is parsed. */
export function parityBundleOf(
  { metadata, tensors }: ReturnType<typeof readSafetensors>,
  { question }: ReadOptions = {},
): ParityBundle {
  const meta = readMetadata(metadata);
  const rule = vocabulary.get(meta.op);
  if (!rule) throw new FormatError(`op ${quote(meta.op)} is not in the vocabulary of ${SCHEMA}`);
  const { params, accumulate } = readParams(meta.params, meta.op);
  const groups = group(tensors);
  try {
    checkTensors(rule, params, groups);
    if (!question) {
      checkAnswered(groups);
      checkAccumulated(accumulate, groups);
    }
  } catch (error) {
    if (!(error instanceof FormatError || error instanceof SignatureError)) throw error;
    throw new FormatError(`${meta.op}: ${error.message}`, { cause: error });
  }
  return {
    op: meta.op,
    params,
    accumulate,
    producer: meta.producer,
    device: metadata.get('device') ?? 'unknown device',
    note: metadata.get('note'),
    tensors: { ...groups, gradsIn: flowingIn(rule, groups) },
  };
}

function readMetadata(
  metadata: ReadonlyMap<string, string>,
): Record<(typeof REQUIRED_KEYS)[number], string> {
  const schema = metadata.get('schema');
  if (schema !== SCHEMA) {
    throw new FormatError(
      schema === undefined
        ? `no schema in __metadata__: not a ${SCHEMA} file`
        : `schema is ${quote(schema)}; ${SCHEMA} is known`,
    );
  }
  const missing = REQUIRED_KEYS.find((key) => !metadata.has(key));
  if (missing) throw new FormatError(`__metadata__ lacks ${missing}`);
  const meta = Object.fromEntries(REQUIRED_KEYS.map((key) => [key, metadata.get(key)])) as Record<
    (typeof REQUIRED_KEYS)[number],
    string
  >;
  for (const key of ['producer', 'device'] as const) {
    const line = metadata.get(key);
    if (line !== undefined && !LINE.test(line))
      throw new FormatError(`__metadata__ ${key} is not one line of at most 200 characters`);
  }
  return meta;
}

const accumulated = v.nullish(
  v.union([v.literal('float32'), v.record(v.string(), v.literal('float32'))]),
);

/** Throws FormatError where it is said of a tensor that is not there. */
function checkAccumulated(
  accumulate: Accumulate | undefined,
  { outputs, gradsOut }: BundleTensors,
): void {
  if (typeof accumulate !== 'object') return;
  const there = [...Object.keys(outputs), ...Object.keys(gradsOut).map((name) => `grad.${name}`)];
  const lost = Object.keys(accumulate).find((name) => !there.includes(name));
  if (lost !== undefined)
    throw new FormatError(`params "accumulate": there is no out.${lost} to say it of`);
}

function readParams(text: string, op: string): Pick<ParityBundle, 'params' | 'accumulate'> {
  const { accumulate, ...given } = parseJsonObject(text, 'params');
  const added = v.safeParse(accumulated, accumulate);
  if (!added.success)
    throw new FormatError(`${op}: params "accumulate": the one way that is known is "float32"`);
  const result = v.safeParse(
    vocabulary.get(op)?.params as v.GenericSchema<unknown, Record<string, unknown>>,
    withoutNulls(given),
  );
  if (result.success) return { params: result.output, accumulate: added.output ?? undefined };
  const [issue] = result.issues;
  const path = v.getDotPath(issue);
  throw new FormatError(`${op}: params${path ? ` ${quote(path)}` : ''}: ${reasonOf(issue)}`);
}

/** What is null is absent; but in `config` it is a value, as config.json has it. */
function withoutNulls(params: JsonObject): JsonObject {
  return Object.fromEntries(
    present(params).map(([name, value]) => [
      name,
      isJsonObject(value) && name !== 'config' ? Object.fromEntries(present(value)) : value,
    ]),
  );
}

const present = (params: JsonObject) =>
  Object.entries(params).filter(([, value]) => value !== null);

function reasonOf({ type, expected, received, message }: v.BaseIssue<unknown>): string {
  if (type === 'strict_object' && expected === 'never')
    return 'the op has no parameter of that name';
  return received === 'undefined' ? 'is missing' : message;
}

const PREFIXES = [
  ['in.grad.', 'gradsIn'],
  ['out.grad.', 'gradsOut'],
  ['in.', 'inputs'],
  ['out.', 'outputs'],
] as const satisfies readonly (readonly [string, keyof BundleTensors])[];

function group(tensors: ReadonlyMap<string, StoredTensor>): BundleTensors {
  const groups: Record<keyof BundleTensors, [string, StoredTensor][]> = {
    inputs: [],
    outputs: [],
    gradsIn: [],
    gradsOut: [],
  };
  for (const [name, stored] of tensors) {
    const prefix = PREFIXES.find(([text]) => name.startsWith(text));
    if (!prefix) throw new FormatError(`tensor ${quote(name)} begins with neither in. nor out.`);
    groups[prefix[1]].push([name.slice(prefix[0].length), stored]);
  }
  const collect = (entries: [string, StoredTensor][]): StoredTensors => Object.fromEntries(entries);
  return {
    inputs: collect(groups.inputs),
    outputs: collect(groups.outputs),
    gradsIn: collect(groups.gradsIn),
    gradsOut: collect(groups.gradsOut),
  };
}
