import type { Expectation } from '../../harness/expectations.ts';

const KEY = 'gradproof.known-failures';

/** A file of known failures, as it was dropped on the page. */
export interface KnownFailures {
  readonly name: string;
  readonly expectations: readonly Expectation[];
}

/**
 * Whether a dropped file is meant as one of known failures: JSON, where a text to fine-tune on or a
 * recording is something else.
 */
export function isKnownFailures(name: string, bytes: Uint8Array): boolean {
  return (
    name.endsWith('.json') &&
    new TextDecoder().decode(bytes.subarray(0, 1000)).includes('gradproof-expectations/')
  );
}

/**
 * Reads a file and keeps it for the next visits. Throws ExpectationError about a bad one; then that
 * of before stays.
 */
export async function takeKnownFailures(name: string, bytes: Uint8Array): Promise<KnownFailures> {
  const known = await read(name, bytes);
  try {
    localStorage.setItem(KEY, JSON.stringify({ name, text: new TextDecoder().decode(bytes) }));
  } catch {
    // A browser that keeps nothing, or a file too large for it: it counts for this visit.
  }
  return known;
}

/**
 * The file that was dropped on an earlier visit; undefined when there is none, or it cannot be read
 * any more.
 */
export async function keptKnownFailures(): Promise<KnownFailures | undefined> {
  try {
    const { name, text } = JSON.parse(localStorage.getItem(KEY) ?? '{}') as {
      name?: string;
      text?: string;
    };
    return name && text ? await read(name, new TextEncoder().encode(text)) : undefined;
  } catch {
    return undefined;
  }
}

/** Forgets the file. */
export function forgetKnownFailures(): void {
  try {
    localStorage.removeItem(KEY);
  } catch {
    // Nothing was kept.
  }
}

async function read(name: string, bytes: Uint8Array): Promise<KnownFailures> {
  const { parseExpectations } = await import('../../harness/expectations.ts');
  return { name, expectations: parseExpectations(bytes, name) };
}
