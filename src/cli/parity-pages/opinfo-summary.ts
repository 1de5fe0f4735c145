import * as v from 'valibot';
import { FormatError } from '../../formats/format-error.ts';
import { parseJsonObject } from '../../formats/strict-json.ts';

const counts = v.record(v.string(), v.pipe(v.number(), v.integer(), v.minValue(0)));
const summary = v.object({
  torch: v.string(),
  seed: v.number(),
  /** How many bundles were drawn; null where all were made. */
  drawn: v.nullable(v.number()),
  /** What has an op here: its samples, bundles by element type, and what is none by reason. */
  subjects: v.record(
    v.string(),
    v.object({ samples: v.number(), bundles: counts, missing: counts }),
  ),
  /** What has none, with its samples in one element type. */
  without_line: counts,
  /** Samples that torch refuses on purpose. */
  errors: counts,
  /** Element types that bundles do not hold. */
  other_dtypes: v.record(v.string(), v.array(v.string())),
});

/** What OPINFO.json says of PyTorch's own samples in a folder. */
export type OpInfoSummary = v.InferOutput<typeof summary>;

/** Throws FormatError with one line about the first thing that is wrong. */
export function readOpInfoSummary(text: string): OpInfoSummary {
  const parsed = v.safeParse(summary, parseJsonObject(text, 'OPINFO.json'));
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new FormatError(`OPINFO.json: ${v.getDotPath(issue)}: ${issue.message}`);
}
