import { InvariantError } from '../errors.ts';
import type { Op } from './op.ts';

/**
 * Every launcher, by op name: each file `src/ops/<family>/<op>.ts` exports ops made by defineOp, and nothing has to be listed here.
 */
export const launchers: ReadonlyMap<string, Op> = collect(
  import.meta.glob<Record<string, unknown>>(['./*/*.ts', '!./**/*.test.ts'], { eager: true }),
);

function collect(modules: Record<string, Record<string, unknown>>): Map<string, Op> {
  const found = new Map<string, Op>();
  for (const [path, module] of Object.entries(modules)) {
    for (const op of Object.values(module).filter(isOp)) {
      if (found.has(op.name)) throw new InvariantError(`two launchers are named ${op.name}; the second is in ${path}`);
      found.set(op.name, op);
    }
  }
  return found;
}

function isOp(value: unknown): value is Op {
  return typeof value === 'object' && value !== null && 'variants' in value && 'forward' in value;
}
