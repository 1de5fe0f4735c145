import { InvariantError } from '../../errors.ts';
import type { Simulation } from './simulation.ts';

/** Every simulation, by op: each file `src/reference/simulation/<family>/<op>.ts` exports one as `simulation`. */
export const simulations: ReadonlyMap<string, Simulation> = collect(
  import.meta.glob<{ simulation?: Simulation }>('./*/*.ts', { eager: true }),
);

function collect(modules: Record<string, { simulation?: Simulation }>): Map<string, Simulation> {
  const found = new Map<string, Simulation>();
  for (const [path, { simulation }] of Object.entries(modules)) {
    if (!simulation) continue;
    if (found.has(simulation.op)) throw new InvariantError(`two simulations are of ${simulation.op}; the second is in ${path}`);
    found.set(simulation.op, simulation);
  }
  return found;
}
