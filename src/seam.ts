/**
 * A seam is a named function whose behaviour can be wrapped for a while. Launchers and host
 * functions (packing, scheduling, parsing) are seams, so that a control can inject the fault that
 * must turn a case red. Unwrapped, a seam costs one map lookup.
 */
// biome-ignore lint/suspicious/noExplicitAny: the registry holds functions of every type; `seam` restores the type at the call.
type AnyFunction = (...args: any[]) => any;

const wrapped = new Map<string, AnyFunction>();
const originals = new Map<string, AnyFunction>();

/** Declares `fn` as the seam `name` and returns the function to export in its place. */
export function seam<F extends AnyFunction>(name: string, fn: F): F {
  originals.set(name, fn);
  return ((...args: Parameters<F>): ReturnType<F> => (wrapped.get(name) ?? fn)(...args)) as F;
}

/** Whether a function that is loaded declared the seam `name`. */
export function hasSeam(name: string): boolean {
  return originals.has(name);
}

/**
 * Wraps the seam `name` until the result is disposed. Throws when no such seam was declared or it
 * is wrapped already.
 */
export function wrapSeam(name: string, wrap: (original: AnyFunction) => AnyFunction): Disposable {
  const original = originals.get(name);
  if (!original)
    throw new Error(
      `no seam is named ${name}: declared are ${[...originals.keys()].sort().join(', ')}`,
    );
  if (wrapped.has(name)) throw new Error(`seam ${name} is wrapped already`);
  wrapped.set(name, wrap(original));
  return { [Symbol.dispose]: () => void wrapped.delete(name) };
}
