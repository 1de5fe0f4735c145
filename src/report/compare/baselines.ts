import * as v from 'valibot';
import { reportHead } from '../head.ts';

const name = v.pipe(v.string(), v.regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be kebab-case'));

const baseline = v.strictObject({
  name,
  file: v.pipe(
    v.string(),
    v.regex(/^[a-z0-9-]+\.json\.gz$/, 'must be a packed report beside the index'),
  ),
  bytes: v.pipe(v.number(), v.integer(), v.minValue(1)),
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hex')),
  command: v.pipe(v.string(), v.description('the command that made it')),
  head: reportHead,
});

/** The index of the baselines that ship with the project, public/baselines/INDEX.json. */
const baselineIndex = v.strictObject({
  schema: v.literal('gradproof-baselines/1'),
  baselines: v.array(baseline),
});

/** A run that ships with the project, for others to be compared with. */
export type Baseline = v.InferOutput<typeof baseline>;

/** Reads the index. Throws ValiError about anything that is none. */
export function readBaselines(text: string): readonly Baseline[] {
  return v.parse(baselineIndex, JSON.parse(text)).baselines;
}
