import { InvariantError } from '../errors.ts';
import type { Signature } from './signature.ts';

/**
 * Every op by name: each file `src/vocabulary/<family>/<op>.ts` exports signatures, or a map of those
 * that number formats bind, and nothing is listed here.
 */
export const signatures: ReadonlyMap<string, Signature> = collect(
  import.meta.glob<Record<string, unknown>>('./*/*.ts', { eager: true }),
);

function collect(modules: Record<string, Record<string, unknown>>): Map<string, Signature> {
  const found = new Map<string, Signature>();
  for (const [path, module] of Object.entries(modules)) {
    for (const op of Object.values(module).flatMap(several).filter(isSignature)) {
      if (!path.startsWith(`./${op.family}/`)) {
        throw new InvariantError(
          `${path}: the signature ${op.name} belongs to the folder ${op.family}`,
        );
      }
      if (found.has(op.name)) {
        throw new InvariantError(`two signatures are named ${op.name}; the second is in ${path}`);
      }
      found.set(op.name, op);
    }
  }
  return found;
}

function several(value: unknown): readonly unknown[] {
  return value instanceof Map ? [...value.values()] : [value];
}

function isSignature(value: unknown): value is Signature {
  return typeof value === 'object' && value !== null && 'inBundles' in value;
}

/** The signature of the op `name`. Throws InvariantError where there is none. */
export function signatureOf(name: string): Signature {
  const signature = signatures.get(name);
  if (!signature) throw new InvariantError(`${name} has no signature`);
  return signature;
}
