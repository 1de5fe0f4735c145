import { sha256 } from '../formats/sha256.ts';
import { keyOf } from './case-key.ts';
import type { CaseResult } from './schema.ts';

/**
 * All `id backend` lines of a build, sorted by code unit and LF-ended: the text whose SHA-256 is
 * the plan's hash.
 */
export function planText(cases: Iterable<Pick<CaseResult, 'id' | 'backend'>>): string {
  const lines = [...cases].map((one) => `${keyOf(one)}\n`);
  return lines.sort().join('');
}

/** SHA-256 of a plan's text in hex. */
export async function planHash(text: string): Promise<string> {
  return sha256(new TextEncoder().encode(text));
}
