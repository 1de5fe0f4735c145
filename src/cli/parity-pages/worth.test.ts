import { expect, test } from 'vitest';
import { worthPage } from './worth.ts';

const SAMPLES = {
  versions: {},
  cases: [{ name: 'torch-2.15.0/var-f16-0', op: 'var', bytes: 1, sha256: '' }],
};
const result = (id: string, format: string, noticed: number) => ({
  id,
  metrics: { [`planted.${format}`]: 1, [`noticed.${format}`]: noticed },
});
const ROW = result('parity.train_llama:llama_row_07', 'F32', 0);
const SAMPLE = result('parity.var:var-f16-0', 'F16', 0);
/** Named as a sample is, and none: the index says what is. */
const RECORDED = result('parity.add:add-f16-0', 'F16', 1);

test('recordings, samples of torch and rows are counted by themselves', () => {
  const rows = Array.from({ length: 20 }, () => ROW);
  const page = worthPage([RECORDED, SAMPLE, ...rows], SAMPLES, '');
  const [recordings = '', samples = '', table = ''] = page.split('\n## ');
  expect(recordings).toContain('| F16 | 1 | 1 | 100.0 % |');
  expect(samples).toContain('| F16 | 1 | 0 | 0.0 % |');
  expect(samples).toContain('- var F16, 0 of 1.');
  expect(table).toContain('| F32 | 20 | 0 | 0.0 % |');
  expect(table).toContain('Ten rows are\nunder autocast');
});

test('where not all rows were replayed their table stays', () => {
  const page = worthPage([ROW], SAMPLES, 'x\n## Rows of the covering array\n\nas it was\n');
  expect(page.split('\n\n').at(-1)).toBe('as it was\n');
});

test('what is noticed too seldom needs a reason', () => {
  const seldom = (id: string, format: string) => worthPage([result(id, format, 0)], SAMPLES, '');
  expect(() => seldom('parity.add:sum', 'F32')).toThrow('add F32: 0 of 1 noticed, and no reason');
  expect(seldom('parity.softmax:wide', 'F32')).toContain('- softmax F32, 0 of 1: a weight of');
  expect(() => seldom('parity.var:var-f16-0', 'F32')).toThrow('var F32: 0 of 1');
});
