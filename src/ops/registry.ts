import { collect, exportsOf } from '../collect.ts';
import type { Launcher } from './launcher.ts';

/**
 * Every launcher, by op name: each file `src/ops/<family>/<op>.ts` exports launchers, or a map
 * of those that number formats bind, and nothing has to be listed here.
 */
export const launchers: ReadonlyMap<string, Launcher> = collect(
  'launchers',
  import.meta.glob<Record<string, unknown>>(['./*/*.ts', '!./fixtures/**', '!./**/*.test.ts'], {
    eager: true,
  }),
  (module) => exportsOf(module, isLauncher).map((launcher) => [launcher.name, launcher]),
);

function isLauncher(value: unknown): value is Launcher {
  return typeof value === 'object' && value !== null && 'signature' in value && 'variants' in value;
}
