import { InvariantError } from './errors.ts';

/** What a module exports of a kind, by itself or as the values of a map. */
export function exportsOf<T>(
  module: Readonly<Record<string, unknown>>,
  isKind: (value: unknown) => value is T,
): readonly T[] {
  return Object.values(module)
    .flatMap((value) => (value instanceof Map ? [...value.values()] : [value]))
    .filter(isKind);
}

/**
 * What `entriesOf` finds in modules, which are given by path as import.meta.glob does, by name.
 * Throws InvariantError, with the path of the second, for two of one name.
 */
export function collect<Module, Entry>(
  kind: string,
  modules: Readonly<Record<string, Module>>,
  entriesOf: (module: Module, path: string) => Iterable<readonly [name: string, entry: Entry]>,
): ReadonlyMap<string, Entry> {
  const found = new Map<string, Entry>();
  for (const [path, module] of Object.entries(modules)) {
    for (const [name, entry] of entriesOf(module, path)) {
      if (found.has(name))
        throw new InvariantError(`two ${kind} are named ${name}; the second is in ${path}`);
      found.set(name, entry);
    }
  }
  return found;
}
