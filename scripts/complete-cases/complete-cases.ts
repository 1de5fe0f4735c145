import type { Case } from '../../src/testing/suite.ts';

/** What of a case is looked at. */
export type Declared = Pick<Case, 'id' | 'tier' | 'description' | 'timeoutMs' | 'keepsMemory'>;

const ID = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*:[^\s;=:]+(;[^\s;=:]+=[^\s;=:]+)*$/;
const TIERS: readonly string[] = ['quick', 'full', 'slow'];
const LONGEST_MS = 1_800_000;

/** What a case lacks of what every case must have, in words. */
export function lacking(declared: Declared): readonly string[] {
  const { id, tier, description, timeoutMs, keepsMemory = false } = declared;
  return [
    ...(ID.test(id) ? [] : ['an id, suite:case;param=value']),
    ...(TIERS.includes(tier) ? [] : ['a tier']),
    ...(description.length > 10 ? [] : ['a description']),
    ...(timeoutMs > 0 && timeoutMs <= LONGEST_MS ? [] : ['a time limit']),
    ...(keepsMemory ? ['memory that is followed to its end'] : []),
  ];
}

const UNSEEDED = /\b(?:Math\.random|Date\.now|getRandomValues|randomUUID)\(/g;

/** What a file draws from that gives something else at each run; none of it has a seed. */
export const unseededIn = (source: string): readonly string[] => source.match(UNSEEDED) ?? [];
