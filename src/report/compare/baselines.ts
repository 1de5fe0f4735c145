import * as v from 'valibot';
import { kebabCase, sha256Hex } from '../../formats/fields.ts';
import { reportHead } from '../head.ts';

const baseline = v.strictObject({
  name: kebabCase,
  file: v.pipe(
    v.string(),
    v.regex(/^[a-z0-9-]+\.json\.gz$/, 'must be a packed report beside the index'),
  ),
  bytes: v.pipe(v.number(), v.integer(), v.minValue(1)),
  sha256: sha256Hex,
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
