import { describe, expect, test } from 'vitest';
import { RUN } from '../fixtures/reports.ts';
import { PROBE_WORDS } from '../probe-facts.ts';
import type { Report } from '../schema.ts';
import { differencesOf } from './differences.ts';
import { type CaseFigures, type Snapshot, snapshotOfReport } from './snapshot.ts';

const BASE = snapshotOfReport(RUN);
const [PLACE] = RUN.environments as [Report['environments'][number]];

describe('what differs around the cases', () => {
  test('is told with both values, the settings first', () => {
    const adapter = {
      vendor: 'apple',
      architecture: 'metal-3',
      device: '',
      description: '',
      isFallback: false,
    };
    const before: Snapshot = {
      ...BASE,
      kind: 'run',
      tool: { version: '1', commit: 'abc' },
      planHash: 'a'.repeat(64),
      settings: {
        tier: 'quick',
        filters: [],
        shard: '1/1',
        seed: 1,
        timeoutMs: undefined,
        options: [],
        complete: true,
        retried: 5,
        hidden: 0,
      },
      environments: [
        {
          ...PLACE,
          runtime: 'node',
          runtimeVersion: '20.1',
          os: 'linux',
          cores: 2,
          features: ['a', 'b'],
          probe: { rounding: 'nearest' },
        },
      ],
    };
    const after: Snapshot = {
      ...before,
      kind: 'bench',
      tool: { version: '2', commit: 'def' },
      planHash: `b1${'b'.repeat(62)}`,
      settings: {
        tier: 'slow',
        filters: ['x*', 'y*'],
        shard: '2/3',
        seed: 2,
        timeoutMs: 500,
        options: ['--samples 5'],
        complete: false,
        retried: 6,
        hidden: 1,
      },
      environments: [
        {
          ...PLACE,
          runtime: 'firefox',
          runtimeVersion: '140',
          os: 'mac',
          cores: 8,
          features: ['b', 'c'],
          probe: { rounding: 'other' },
          adapter,
        },
      ],
    };
    expect(differencesOf(before, after)).toEqual([
      { what: 'kind', before: 'run', after: 'bench' },
      { what: 'version', before: '1 (abc)', after: '2 (def)' },
      { what: 'plan', before: 'aaaaaaaaaaaa', after: 'b1bbbbbbbbbb' },
      { what: 'tier', before: 'quick', after: 'slow' },
      { what: 'filters', before: '', after: 'x*, y*' },
      { what: 'shard', before: '1/1', after: '2/3' },
      { what: 'seed', before: '1', after: '2' },
      { what: 'timeout', before: '', after: '500 ms' },
      { what: 'options', before: '', after: '--samples 5' },
      { what: 'complete', before: 'complete', after: 'not finished' },
      {
        what: 'adapter',
        before: 'SwiftShader driver 5.0.0 (a processor)',
        after: 'Apple metal-3',
      },
      { what: 'runtime', before: 'Node.js 20.1', after: 'Firefox 140' },
      { what: 'os', before: 'linux', after: 'mac' },
      { what: 'cores', before: '2', after: '8' },
      { what: 'features', before: 'a', after: 'c' },
      {
        what: 'arithmetic',
        before: 'Rounding of sums: to the nearest number',
        after: 'Rounding of sums: to either neighbour',
      },
    ]);
    expect(differencesOf(before, before)).toEqual([]);
  });

  test('of a long list is its first seven, and how many more', () => {
    const withFeatures = (features: string[]): Snapshot => ({
      ...BASE,
      environments: [{ ...PLACE, features }],
    });
    const many = Array.from({ length: 9 }, (_, i) => `f${i}`);
    expect(differencesOf(withFeatures([]), withFeatures(many))).toEqual([
      { what: 'features', before: '', after: 'f0, f1, f2, f3, f4, f5, f6, … and 2 more' },
    ]);
  });

  test('is told in the words that it is given', () => {
    const words = {
      probe: {
        ...PROBE_WORDS,
        arithmetic: {
          ...PROBE_WORDS.arithmetic,
          rounding: { ...PROBE_WORDS.arithmetic.rounding, name: 'Rundung' },
        },
      },
      processor: (chip: string) => `${chip} (Prozessor)`,
      complete: 'ganz',
      unfinished: 'halb',
    };
    const other = {
      ...BASE,
      settings: { ...BASE.settings, complete: false },
      environments: [
        {
          ...PLACE,
          adapter: { ...PLACE.adapter, description: 'X' },
          probe: { ...PLACE.probe, rounding: 'truncating' },
        },
      ],
    };
    expect(differencesOf(BASE, other, words)).toEqual([
      { what: 'complete', before: 'ganz', after: 'halb' },
      { what: 'adapter', before: 'SwiftShader driver 5.0.0 (Prozessor)', after: 'X (Prozessor)' },
      {
        what: 'arithmetic',
        before: 'Rundung: to the nearest number',
        after: 'Rundung: toward zero',
      },
    ]);
  });

  test('has kernels of cases that passed in both, where both tell them', () => {
    const snapshot = (
      ...cases: readonly (readonly [string, CaseFigures['status'], string[]?])[]
    ): Snapshot => ({
      ...BASE,
      cases: new Map(
        cases.map(([key, status, kernels]) => [key, { status, kernels } as CaseFigures]),
      ),
    });
    const a = snapshot(['x', 'pass', ['z', 'b', 'c']], ['y', 'pass', ['k']], ['w', 'pass']);
    const b = snapshot(['x', 'pass', ['b', 'd']], ['y', 'fail', ['l']], ['w', 'pass', ['m']]);
    expect(differencesOf(a, b)).toEqual([{ what: 'kernels', before: 'c, z', after: 'd' }]);
    expect(differencesOf(b, a)).toEqual([{ what: 'kernels', before: 'd', after: 'c, z' }]);
  });
});
