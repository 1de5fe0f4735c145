import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const script = fileURLToPath(new URL('../test.mjs', import.meta.url));

test.each([
  [['--bogus'], "Unknown option '--bogus'"],
  [['stray'], "Unexpected argument 'stray'"],
  [['--report'], "Option '--report <value>' argument missing"],
  [['--whole=yes'], "Option '--whole' does not take an argument"],
  [['--report', 'no/such/folder/report.json'], 'no/such/folder: make it first'],
  [['--controls'], 'add --report FILE'],
  [['--rows', 'tb.*'], 'add --controls'],
  [['--controls', '--whole', '--report', 'report.json'], 'leave out --whole'],
])('%j is refused in one line, before anything is set up', (given, message) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...given], {
    encoding: 'utf8',
  });
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/^gradproof: [^\n]+\n$/);
  expect(stderr).toContain(message);
});
