import * as v from 'valibot';
import { sha256Hex } from './fields.ts';
import { FormatError } from './format-error.ts';
import { parseJsonObject } from './strict-json.ts';

const SCHEMA = 'parity-bundle/1';

const line = v.pipe(v.string(), v.regex(/^[^\p{Cc}]{1,300}$/u, 'must be one line'));
const recorded = v.object({
  date: v.pipe(v.string(), v.regex(/^\d{4}-\d{2}-\d{2}$/, 'must be a day such as 2026-11-20')),
  device: v.optional(line),
  processor: v.optional(line),
});

const index = v.object({
  schema: v.literal(SCHEMA, `must be ${SCHEMA}`),
  /** Versions of the libraries that recorded. */
  versions: v.record(v.string(), v.string()),
  /** The recordings that the set is made of: another day, machine or device is another one. */
  recordings: v.optional(v.array(recorded), []),
  /** What older sets have, which were made at one time. */
  recorded: v.optional(recorded),
  cases: v.array(
    v.object({
      name: v.pipe(
        v.string(),
        v.regex(
          /^(?!\.)[\w.-]{1,120}(\/(?!\.)[\w.-]{1,120})*$/,
          'must be a path of letters, digits, dots, hyphens and underscores',
        ),
      ),
      op: v.string(),
      bytes: v.pipe(v.number(), v.integer(), v.minValue(0)),
      sha256: sha256Hex,
      /** Which of the recordings it is of. */
      recording: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
    }),
  ),
});
type Stored = v.InferOutput<typeof index>;

/** When and on what a bundle was recorded. */
export type Recorded = v.InferOutput<typeof recorded>;

/** What INDEX.json says of one bundle of its folder. */
export interface IndexedCase {
  /** Path from the folder, without `.safetensors`. */
  readonly name: string;
  readonly op: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly recorded?: Recorded;
}

/** What INDEX.json says of a folder of recordings. */
export interface ParityIndex {
  readonly versions: Readonly<Record<string, string>>;
  readonly cases: readonly IndexedCase[];
}

/**
 * Reads the text of an INDEX.json. Throws FormatError with one line about the first thing that is
 * wrong.
 */
export function readParityIndex(text: string): ParityIndex {
  const parsed = v.safeParse(index, parseJsonObject(text, 'INDEX.json'));
  if (parsed.success)
    return {
      versions: parsed.output.versions,
      cases: parsed.output.cases.map((each) => withOrigin(each, parsed.output)),
    };
  const [issue] = parsed.issues;
  throw new FormatError(`INDEX.json: ${v.getDotPath(issue)}: ${issue.message}`);
}

function withOrigin(
  { recording, ...known }: Stored['cases'][number],
  { recordings, recorded: whole }: Stored,
): IndexedCase {
  if (recording !== undefined && recording >= recordings.length)
    throw new FormatError(
      `INDEX.json: ${known.name}: recording ${recording} of ${recordings.length} does not exist`,
    );
  const found = recording === undefined ? whole : recordings[recording];
  return { ...known, ...(found ? { recorded: found } : {}) };
}
