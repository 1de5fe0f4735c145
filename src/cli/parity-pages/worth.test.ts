import { expect, test } from 'vitest';
import longRecordings from './long-recordings.json' with { type: 'json' };
import { worthPage } from './worth.ts';

const SAMPLES = {
  versions: {},
  cases: [{ name: 'torch-2.15.0/var-f16-0', op: 'var', bytes: 1, sha256: '' }],
};
const result = (id: string, format: string, noticed: number) => ({
  id,
  metrics: { [`planted.${format}`]: 1, [`noticed.${format}`]: noticed },
});
const LONG = longRecordings.map((id) => result(id, 'F32', id.includes('_row_') ? 0 : 1));
const ROWS = LONG.filter(({ id }) => id.includes('_row_'));
const SAMPLE = result('parity.var:var-f16-0', 'F16', 0);
/** Named as a sample is, and none: the index says what is. */
const RECORDED = result('parity.add:add-f16-0', 'F16', 1);

test('recordings, samples of torch and long runs are counted by themselves', () => {
  const page = worthPage([RECORDED, SAMPLE, ...LONG], SAMPLES, '');
  const [recordings = '', samples = '', table = ''] = page.split('\n## ');
  expect(recordings).toContain('| F16 | 1 | 1 | 100.0 % |');
  expect(samples).toContain('| F16 | 1 | 0 | 0.0 % |');
  expect(samples).toContain('- var F16, 0 of 1.');
  expect(table).toContain(`| F32 | ${LONG.length} | ${LONG.length - ROWS.length} |`);
  expect(recordings).not.toContain('| F32');
  expect(table).toContain('ten rows are under autocast');
});

test.each([
  ['a row alone', ROWS.slice(0, 1)],
  ['a run alone', LONG.filter((run) => !ROWS.includes(run)).slice(0, 1)],
])('where of long runs only %s was replayed the page stays', (_, replayed) => {
  const before = worthPage([RECORDED, ...LONG], SAMPLES, '');
  expect(worthPage([RECORDED, ...replayed], SAMPLES, before)).toBe(before);
});

test('what is noticed too seldom needs a reason', () => {
  const seldom = (id: string, format: string) => worthPage([result(id, format, 0)], SAMPLES, '');
  expect(() => seldom('parity.add:sum', 'F32')).toThrow('add F32: 0 of 1 noticed, and no reason');
  expect(seldom('parity.softmax:wide', 'F32')).toContain('- softmax F32, 0 of 1: a weight of');
  expect(() => seldom('parity.var:var-f16-0', 'F32')).toThrow('var F32: 0 of 1');
});
