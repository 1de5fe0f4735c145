import * as v from 'valibot';

const file = v.object({
  name: v.string(),
  bytes: v.pipe(v.number(), v.integer(), v.minValue(0)),
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
});

/** Where a model in the page's own storage came from, as it lies beside its files. */
export const fetchedModel = v.object({
  version: v.literal(1),
  address: v.pipe(v.string(), v.url()),
  files: v.pipe(v.array(file), v.minLength(1)),
});
export type FetchedModel = v.InferOutput<typeof fetchedModel>;
