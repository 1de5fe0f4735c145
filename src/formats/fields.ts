import * as v from 'valibot';

/** Lower-case words and digits joined by hyphens. */
export const KEBAB_CASE = /^[a-z0-9]+(-[a-z0-9]+)*$/;

export const kebabCase = v.pipe(v.string(), v.regex(KEBAB_CASE, 'must be kebab-case'));

export const sha256Hex = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hex'),
);
