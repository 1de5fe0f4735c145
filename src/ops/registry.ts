import { InvariantError } from '../errors.ts';
import type { Launcher } from './launcher.ts';

/**
 * Every launcher, by op name: each file `src/ops/<family>/<op>.ts` exports launchers, or a map
 * of those that number formats bind, and nothing has to be listed here.
 */
export const launchers: ReadonlyMap<string, Launcher> = collect(
  import.meta.glob<Record<string, unknown>>(['./*/*.ts', '!./**/*.test.ts'], { eager: true }),
);

function collect(modules: Record<string, Record<string, unknown>>): Map<string, Launcher> {
  const found = new Map<string, Launcher>();
  for (const [path, module] of Object.entries(modules)) {
    for (const launcher of Object.values(module).flatMap(several).filter(isLauncher)) {
      if (found.has(launcher.name))
        throw new InvariantError(
          `two launchers are named ${launcher.name}; the second is in ${path}`,
        );
      found.set(launcher.name, launcher);
    }
  }
  return found;
}

function several(value: unknown): readonly unknown[] {
  return value instanceof Map ? [...value.values()] : [value];
}

function isLauncher(value: unknown): value is Launcher {
  return typeof value === 'object' && value !== null && 'signature' in value && 'variants' in value;
}
