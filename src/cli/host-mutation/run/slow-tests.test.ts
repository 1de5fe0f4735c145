import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openFileCache } from '../../file-cache.ts';
import { SlowTests } from './slow-tests.ts';

test('a slow file is known in the next run, until it changes', () => {
  const root = mkdtempSync(join(tmpdir(), 'slow-tests-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const write = (text: string) => writeFileSync(join(root, 'a.test.ts'), text);
  const open = () => new SlowTests(root, openFileCache(join(root, 'cache'), '1'));
  write('first');
  const slow = open();
  expect(slow.paceOf('a.test.ts')).toBeUndefined();
  slow.note('a.test.ts', 'slow');
  expect([slow, open()].map((one) => one.paceOf('a.test.ts'))).toEqual(['slow', 'slow']);
  slow.note('a.test.ts', 'too-slow');
  expect(open().paceOf('a.test.ts')).toBe('too-slow');
  write('second');
  expect(open().paceOf('a.test.ts')).toBeUndefined();
});
