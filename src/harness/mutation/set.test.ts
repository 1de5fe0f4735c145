import { describe, expect, test } from 'vitest';
import { shaderSources } from '../../gpu/shader-sources.ts';
import { choose } from './choose.ts';
import { argumentFor, EQUIVALENTS } from './equivalent.ts';
import { mutantId, mutantsOf } from './mutants.ts';
import { mutantSet, selectMutants } from './select.ts';
import { ShaderSources } from './sources.ts';

const sources = new ShaderSources(shaderSources);
const set = mutantSet(sources);

describe('the set', () => {
  test('has 200 mutants and more, at least 8 of each kernel and 12 with what it shares, or all, each once', () => {
    expect(set.length).toBeGreaterThan(200);
    expect(new Set(set.map(mutantId)).size).toBe(set.length);
    for (const kernel of sources.kernels) {
      const all = mutantsOf(kernel, sources.textOf(kernel)).length;
      const own = set.filter(({ file }) => sources.kernelsWith(file).includes(kernel));
      expect(own.length, kernel).toBeGreaterThanOrEqual(all < 8 ? all : 12);
      const direct = own.filter(({ file }) => file === kernel);
      expect(direct.length, kernel).toBeGreaterThanOrEqual(Math.min(8, all));
    }
  });

  test('has mutants of every shader that is imported', () => {
    expect([...new Set(set.map(({ file }) => file))].sort()).toEqual(sources.names);
  });

  test.each(sources.names)('spreads those of %s over operators and lines', (file) => {
    const all = mutantsOf(file, sources.textOf(file));
    const chosen = choose(all);
    expect(new Set(chosen.map(({ operator }) => operator))).toEqual(
      new Set(all.map(({ operator }) => operator)),
    );
    const lines = new Set(all.map(({ line }) => line)).size;
    expect(new Set(chosen.map(({ line }) => line)).size).toBeGreaterThanOrEqual(
      Math.floor((5 / 8) * Math.min(8, lines)),
    );
  });
});

describe('the choice', () => {
  test('by filter, sample and change', () => {
    expect(selectMutants(sources, { filters: [] })).toEqual(set);
    const ofSilu = selectMutants(sources, { filters: ['mutate.nn.silu:*'] });
    expect(new Set(ofSilu.map(({ file }) => file))).toEqual(new Set(['nn/silu']));
    expect(selectMutants(sources, { filters: [], changed: ['nn/silu'] })).toEqual(ofSilu);
    const sample = selectMutants(sources, { filters: [], sample: 20 });
    expect(sample).toHaveLength(20);
    expect(new Set(sample.map(({ file }) => file)).size).toBeGreaterThan(10);
    const both = selectMutants(sources, { filters: [], changed: ['nn/silu'], sample: 20 });
    expect(both).toHaveLength(ofSilu.length + 20);
    expect(both).toEqual(expect.arrayContaining([...ofSilu]));
    expect(selectMutants(sources, { filters: [], changed: [], sample: 3 })).toHaveLength(3);
  });

  test('of nothing is refused with a message', () => {
    expect(() => selectMutants(sources, { filters: ['mutate.no.such:*'] })).toThrow(
      /no mutant matches "mutate.no.such:\*"/,
    );
    expect(() => selectMutants(sources, { filters: [], changed: [] })).toThrow(
      /no shader has changed since the last commit/,
    );
  });
});

describe('equivalent mutants', () => {
  test('are at most 5 % of the valid ones, each argued once', () => {
    // Only compilers know which are valid; four in five and more are, as a whole run shows with
    // their share.
    expect(EQUIVALENTS.length).toBeLessThanOrEqual(0.05 * 0.8 * set.length);
    expect(new Set(EQUIVALENTS.map(({ id }) => id)).size).toBe(EQUIVALENTS.length);
  });

  test.each(EQUIVALENTS.map((entry) => [entry.id, entry] as const))(
    '%s is in the set, its line is as it was, and a linked kernel has it',
    async (id, { why }) => {
      const mutant = set.find((candidate) => mutantId(candidate) === id);
      if (!mutant) throw new Error(`no mutant of today's shaders is ${id}`);
      expect(argumentFor(mutant, sources.textOf(mutant.file))).toBe(why);
      expect(await sources.mutated(mutant)).not.toEqual([]);
    },
  );
});

describe('linking', () => {
  test('a mutant of an imported file changes the kernels that use the place, and no other', async () => {
    const [grid] = selectMutants(sources, { filters: ['mutate.lib.grid:arithmetic;*'] });
    const [many] = selectMutants(sources, { filters: ['mutate.lib.grid:constant;*'] });
    const [trits] = selectMutants(sources, { filters: ['mutate.quant.ternary:*'] });
    const changedBy = async (mutant: typeof grid) =>
      mutant ? (await sources.mutated(mutant)).map(({ file }) => file) : [];
    expect(await changedBy(grid)).toEqual(expect.arrayContaining(['nn/silu', 'matmul/quad']));
    expect(await changedBy(many)).toContain('nn/silu');
    expect(await changedBy(many)).not.toContain('matmul/quad');
    const readers = /^(quant\/ternary|matmul\/(quad|register|split|workgroup)$)/;
    expect((await changedBy(trits)).filter((file) => !readers.test(file))).toEqual([]);
  });

  test('the originals have fuel in every loop and otherwise equal what the build links', async () => {
    const original = await sources.original();
    expect([...new Set(original.map(({ file }) => file))]).toEqual(sources.kernels);
    expect(
      original.find(({ file }) => file === 'nn/softmax')?.code.match(/var fuel_\d+ = /g),
    ).toHaveLength(5);
  });
});
