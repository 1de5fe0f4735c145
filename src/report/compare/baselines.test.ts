import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { headOf } from '../head.ts';
import { readPacked } from '../packed.ts';
import { countVerdicts } from '../verdict.ts';
import { readBaselines } from './baselines.ts';

const FOLDER = new URL('../../../public/baselines/', import.meta.url);
const baselines = readBaselines(readFileSync(new URL('INDEX.json', FOLDER), 'utf8'));

test('the index names what is there, each once', () => {
  expect(baselines.map(({ file }) => file)).toEqual(
    readdirSync(FOLDER)
      .filter((file) => file !== 'INDEX.json')
      .sort(),
  );
  expect(new Set(baselines.map(({ name }) => name)).size).toBe(baselines.length);
});

test.each(baselines)(
  '$name is the report that the index says: a whole quick tier in which all is right',
  async (baseline) => {
    const bytes = new Uint8Array(readFileSync(new URL(baseline.file, FOLDER)));
    expect(bytes.length).toBe(baseline.bytes);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(baseline.sha256);
    const report = await readPacked(bytes, baseline.file);
    expect(headOf(report)).toEqual(baseline.head);
    expect(report.run).toMatchObject({ tier: 'quick', filters: [], shard: '1/1', complete: true });
    expect(countVerdicts(report.results)).toMatchObject({ wrong: 0, expected: 0 });
    expect(report.summary.passed).toBeGreaterThan(1000);
  },
);

test('an invalid index is refused', () => {
  const index = { schema: 'gradproof-baselines/1', baselines };
  const sized = (bytes: number) => ({ ...index, baselines: [{ ...baselines[0], bytes }] });
  expect(readBaselines(JSON.stringify(sized(1)))).toHaveLength(1);
  for (const wrong of [
    {},
    { ...index, schema: 'x' },
    sized(0),
    sized(1.5),
    { ...index, baselines: [{ ...baselines[0], file: '../secret.json.gz' }] },
  ]) {
    expect(() => readBaselines(JSON.stringify(wrong))).toThrow();
  }
});
