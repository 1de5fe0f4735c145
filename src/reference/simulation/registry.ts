import { collect } from '../../collect.ts';
import type { Simulation } from './simulation.ts';

interface Exports {
  readonly simulation?: Simulation;
  readonly simulations?: readonly Simulation[];
}

/**
 * Every simulation, by op: exported as `simulation` (or several in `simulations`) beside the op's
 * record or, where it is long, from a file of its own here.
 */
export const simulations: ReadonlyMap<string, Simulation> = collect(
  'simulations',
  {
    ...import.meta.glob<Exports>(['../*/*.ts', '!../simulation/**', '!../**/*.test.ts'], {
      eager: true,
    }),
    ...import.meta.glob<Exports>('./*/*.ts', { eager: true }),
  },
  ({ simulation, simulations = [] }) =>
    simulations.concat(simulation ?? []).map((each) => [each.op, each]),
);
