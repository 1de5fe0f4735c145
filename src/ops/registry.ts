import { collect } from '../collect.ts';
import type { Launcher } from './launcher.ts';

/**
 * Every launcher, by op name: each file `src/ops/<family>/<op>.ts` exports launchers, or a map
 * of those that number formats bind, and nothing has to be listed here.
 */
export const launchers: ReadonlyMap<string, Launcher> = collect(
  'launchers',
  import.meta.glob<Record<string, unknown>>(['./*/*.ts', '!./**/*.test.ts'], { eager: true }),
  (module) =>
    Object.values(module)
      .flatMap(several)
      .filter(isLauncher)
      .map((launcher) => [launcher.name, launcher] as const),
);

function several(value: unknown): readonly unknown[] {
  return value instanceof Map ? [...value.values()] : [value];
}

function isLauncher(value: unknown): value is Launcher {
  return typeof value === 'object' && value !== null && 'signature' in value && 'variants' in value;
}
