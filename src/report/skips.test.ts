import { expect, test } from 'vitest';
import { result } from './fixtures/reports.ts';
import { skipsOf, skipWords } from './skips.ts';

const skipped = (code: string, detail: string) =>
  result({ id: 'a:b', status: 'skip', assertions: 0, skip: { code, detail } });
const passed = result({ id: 'a:c', status: 'pass', assertions: 1 });

test('what was skipped is counted by its reason, with what lacks, without the advice', () => {
  const found = skipsOf([
    passed,
    skipped('missing-library', 'torch is not installed; install it with: uv; or not'),
    skipped('not-implemented', 'the op x'),
    skipped('missing-library', 'torch is not installed; another advice'),
    skipped('missing-library', ''),
    skipped('missing-library', 'peft is not installed'),
    skipped('missing-library', 'hqq is not installed'),
    skipped('missing-library', 'quanto is not installed'),
  ]);
  expect(found).toEqual([
    {
      code: 'missing-library',
      count: 6,
      details: ['torch is not installed', 'peft is not installed', 'hqq is not installed'],
    },
    { code: 'not-implemented', count: 1, details: ['the op x'] },
  ]);
  expect(found.map(skipWords)).toEqual([
    '6 skipped: torch is not installed, peft is not installed, hqq is not installed',
    '1 skipped: not implemented',
  ]);
  expect(skipsOf([passed])).toEqual([]);
});

test.each([
  ['unjudged', 'no element can be judged'],
  ['library-failed', 'the library refused the inputs'],
  ['missing-backend', 'the bridge has no such library on this device'],
  ['missing-device', 'cuda:1'],
  ['missing-feature', 'the adapter lacks cuda:1'],
  ['noisy', 'noisy'],
])('the reason %s is told as: %s', (code, words) => {
  expect(skipsOf([skipped(code, 'cuda:1')]).map(skipWords)).toEqual([`1 skipped: ${words}`]);
});

test('what lacks and has no words is named by its code, and a long text is cut', () => {
  expect(skipsOf([skipped('missing-library', '')]).map(skipWords)).toEqual([
    '1 skipped: missing-library',
  ]);
  const [long] = skipsOf([skipped('missing-library', 'x'.repeat(300))]);
  expect(long?.details[0]).toHaveLength(100);
});
