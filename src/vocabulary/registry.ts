import { collect, exportsOf } from '../collect.ts';
import { InvariantError } from '../errors.ts';
import type { Signature } from './signature.ts';

/**
 * Every op by name: each file `src/vocabulary/<family>/<op>.ts` exports signatures, or a map of those
 * that number formats bind, and nothing is listed here.
 */
export const signatures: ReadonlyMap<string, Signature> = collect(
  'signatures',
  import.meta.glob<Record<string, unknown>>('./*/*.ts', { eager: true }),
  (module, path) =>
    exportsOf(module, isSignature).map((op) => {
      if (!path.startsWith(`./${op.family}/`))
        throw new InvariantError(
          `${path}: the signature ${op.name} belongs to the folder ${op.family}`,
        );
      return [op.name, op];
    }),
);

function isSignature(value: unknown): value is Signature {
  return typeof value === 'object' && value !== null && 'inBundles' in value;
}

/** The signature of the op `name`. Throws InvariantError where there is none. */
export function signatureOf(name: string): Signature {
  const signature = signatures.get(name);
  if (!signature) throw new InvariantError(`${name} has no signature`);
  return signature;
}
