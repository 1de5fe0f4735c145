import { InvariantError } from '../../errors.ts';
import type { Simulation } from './simulation.ts';

/**
 * Every simulation, by op: exported as `simulation` beside the op's record or, where it is long,
 * from a file of its own here.
 */
export const simulations: ReadonlyMap<string, Simulation> = collect({
  ...import.meta.glob<{ simulation?: Simulation }>(
    ['../*/*.ts', '!../simulation/**', '!../**/*.test.ts'],
    { eager: true },
  ),
  ...import.meta.glob<{ simulation?: Simulation }>('./*/*.ts', { eager: true }),
});

function collect(modules: Record<string, { simulation?: Simulation }>): Map<string, Simulation> {
  const found = new Map<string, Simulation>();
  for (const [path, { simulation }] of Object.entries(modules)) {
    if (!simulation) continue;
    if (found.has(simulation.op))
      throw new InvariantError(`two simulations are of ${simulation.op}; the second is in ${path}`);
    found.set(simulation.op, simulation);
  }
  return found;
}
