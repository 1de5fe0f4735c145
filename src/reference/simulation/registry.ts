import { InvariantError } from '../../errors.ts';
import type { Simulation } from './simulation.ts';

interface Exports {
  readonly simulation?: Simulation;
  readonly simulations?: readonly Simulation[];
}

/**
 * Every simulation, by op: exported as `simulation` (or several in `simulations`) beside the op's
 * record or, where it is long, from a file of its own here.
 */
export const simulations: ReadonlyMap<string, Simulation> = collect({
  ...import.meta.glob<Exports>(['../*/*.ts', '!../simulation/**', '!../**/*.test.ts'], {
    eager: true,
  }),
  ...import.meta.glob<Exports>('./*/*.ts', { eager: true }),
});

function collect(modules: Record<string, Exports>): Map<string, Simulation> {
  const found = new Map<string, Simulation>();
  for (const [path, { simulation, simulations = [] }] of Object.entries(modules)) {
    for (const each of simulation ? [simulation, ...simulations] : simulations) {
      if (found.has(each.op))
        throw new InvariantError(`two simulations are of ${each.op}; the second is in ${path}`);
      found.set(each.op, each);
    }
  }
  return found;
}
