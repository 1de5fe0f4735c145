import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { OpRecord, Value } from '../reference/record.ts';
import { records } from '../reference/registry.ts';
import { simulations } from '../reference/simulation/registry.ts';
import { ROUNDINGS, type Rounding } from '../reference/simulation/rounding.ts';
import type { Simulation } from '../reference/simulation/simulation.ts';
import { Trial } from './trial.ts';

/** The first of those draws that `bounds.full.test.ts` makes, which takes minutes. */
const FEW = { elements: 4000, draws: 8 };

/** Of each result of an op its row of docs/bounds.md: shares by rounding. */
const documented = new Map(
  readFileSync(new URL('../../docs/bounds.md', import.meta.url), 'utf8')
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter(([, name = '']) => records.has(name))
    .map(([, name, result, ...shares]) => [`${name} ${result}`, shares.slice(0, ROUNDINGS.length)]),
);

describe('bounds hold on every simulated GPU', () => {
  const seen: string[] = [];

  test.each([...records.values()].map((record) => [record.name, record] as const))(
    '%s',
    (name, record) => {
      const trial = new Trial(record, simulations.get(name));
      trial.runAll(FEW);
      expect(trial.alarms.slice(0, 5), 'false alarms').toEqual([]);
      for (const [result, shares] of trial.shares) {
        seen.push(`${name} ${result}`);
        // More draws can only take more of a bound.
        for (const [i, most] of documented.get(`${name} ${result}`)?.entries() ?? []) {
          const rounding = ROUNDINGS[i] as Rounding;
          expect(
            Number(shares[rounding].toPrecision(2)),
            `docs/bounds.md: ${result}, ${rounding}`,
          ).toBeLessThanOrEqual(Number(most));
        }
      }
    },
    120_000,
  );

  test('docs/bounds.md has a row for each result', () => {
    expect(seen).toEqual([...documented.keys()]);
  });

  test('wrong arithmetic raises an alarm', () => {
    const record = records.get('accumulate_grad') as OpRecord;
    const simulation = simulations.get('accumulate_grad') as Simulation;
    const shifted: Simulation = {
      ...simulation,
      forward: (gpu, inputs) => {
        const { y } = simulation.forward(gpu, inputs, {} as never, 'vec4') as { readonly y: Value };
        return { y: { ...y, data: y.data.map((sum) => gpu.add(gpu.add(sum, 1), -1)) } };
      },
    };
    const trial = new Trial(record, shifted);
    trial.run(0);
    expect(trial.alarms.length).toBeGreaterThan(0);
  });

  test('a bound without a simulation is refused', () => {
    const trial = new Trial(records.get('silu') as OpRecord, undefined);
    expect(() => trial.run(0)).toThrow('y of silu has a bound, but the op has no simulation');
  });

  test('every simulation is of an op', () => {
    for (const name of simulations.keys()) expect(records.has(name), name).toBe(true);
  });
});
