import { expect, test } from 'vitest';
import type { Case } from '../../../testing/suite.ts';
import { suite } from '../../../testing/suite.ts';
import type { HostMutant } from '../host-mutant.ts';
import { MutantRun } from './mutant-run.ts';
import { orderedFor } from './order-cases.ts';

/** A suite with so many quick cases, and one of the full tier. */
function casesOf(name: string, count: number): readonly Case[] {
  const declared = suite(name, { description: 'what is put in order' });
  for (let i = 0; i < count; i++)
    declared
      .case(`quick-${i}`)
      .control('nothing', () => {})
      .run(async () => {});
  declared
    .case('full')
    .tier('full')
    .control('nothing', () => {})
    .run(async () => {});
  return declared.cases;
}

const CASES = [...casesOf('train.loop', 3), ...casesOf('ops.nn.silu', 2), ...casesOf('parity', 1)];

function trialOf(file: string): MutantRun {
  const mutant: HostMutant = {
    file,
    operator: 'constant',
    line: 1,
    n: 1,
    start: 0,
    end: 0,
    replacement: '',
    atLoad: false,
    statement: '',
    switches: [],
  };
  return new MutantRun(mutant, 0);
}

test('quick cases named like the file come first, then the others in turns', () => {
  expect(orderedFor([trialOf('src/ops/nn/silu.ts')], CASES).map(({ id }) => id)).toEqual([
    'ops.nn.silu:quick-0',
    'ops.nn.silu:quick-1',
    'train.loop:quick-0',
    'parity:quick-0',
    'train.loop:quick-1',
    'train.loop:quick-2',
  ]);
});

test('where no case is named like a file, every suite has its turn', () => {
  expect(orderedFor([trialOf('src/gpu/ledger.ts')], CASES).map(({ id }) => id)).toEqual([
    'train.loop:quick-0',
    'ops.nn.silu:quick-0',
    'parity:quick-0',
    'train.loop:quick-1',
    'ops.nn.silu:quick-1',
    'train.loop:quick-2',
  ]);
});
