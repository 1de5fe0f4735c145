import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { covers } from '../../src/catalog/covers.ts';
import { loadCases } from '../../src/harness/registry.ts';
import { limits } from '../tolerances/tolerances.ts';
import { type Declared, lacking, unseededIn } from './complete-cases.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

const WHOLE: Declared = {
  id: 'train.planted:first;rows=37',
  tier: 'full',
  description: 'What is computed and what is asserted.',
  timeoutMs: 20_000,
};

test(
  'a case without id, tier, seed, argued tolerance or followed memory is found',
  covers('fsdp.utilities.contributing-rules/incomplete-row-fails').control(
    'memory that is kept passes',
    {
      file: 'scripts/complete-cases/complete-cases.ts',
      from: "...(keepsMemory ? ['memory",
      to: "...(keepsMemory && !tier ? ['memory",
    },
  ),
  () => {
    expect(lacking(WHOLE)).toEqual([]);
    const without = (change: object) => lacking({ ...WHOLE, ...change });
    expect(without({ id: 'train.planted' })).toEqual(['an id, suite:case;param=value']);
    expect(without({ tier: 'often' })).toEqual(['a tier']);
    expect(without({ tier: undefined })).toEqual(['a tier']);
    expect(without({ description: '' })).toEqual(['a description']);
    expect(without({ timeoutMs: Number.POSITIVE_INFINITY })).toEqual(['a time limit']);
    expect(without({ keepsMemory: true })).toEqual(['memory that is followed to its end']);
    expect(unseededIn('const random = t.random(1);')).toEqual([]);
    expect(unseededIn('const x = Math.random();')).toEqual(['Math.random(']);
    expect(unseededIn('new Random(Date.now())')).toEqual(['Date.now(']);
    // Each such limit of the real files is argued where tolerances are listed.
    expect(limits('suites/planted.ts', 't.expect(error < 1e-3);')).toEqual([
      { file: 'suites/planted.ts', text: 'error < 1e-3' },
    ]);
  },
);

test('every case of the plan has what a case must have', async () => {
  const cases = [...(await loadCases()).values()];
  expect(cases.length).toBeGreaterThan(1000);
  const incomplete = cases.flatMap((one) => lacking(one).map((what) => `${one.id} lacks ${what}`));
  expect(incomplete).toEqual([]);
});

test('every suite draws from a seed', () => {
  const files = readdirSync(`${root}suites`, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.ts'));
  expect(files.length).toBeGreaterThan(100);
  const found = files.flatMap((file) =>
    unseededIn(readFileSync(`${root}suites/${file}`, 'utf8')).map((what) => `${file}: ${what}`),
  );
  expect(found).toEqual([]);
});
