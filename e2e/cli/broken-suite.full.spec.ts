import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readReport } from '../../src/report/read.ts';
import { expect, test } from './checkout.ts';
import { gradproof } from './gradproof.ts';

/** Mistakes of a file of suites by its name: its text after the import, and what is said of it. */
const MISTAKES: Readonly<Record<string, readonly [text: string, says: RegExp]>> = {
  'no-control': [
    "export const s = suite('train.no-control', { description: '' });\n\ns.case('a').run(async () => {});\n",
    /^gradproof: suites\/train\/no-control\.suite\.ts:4: train\.no-control:a has no control\(\): name the fault [^\n]+$/m,
  ],
  'bad-name': [
    "export const s = suite('Bad name', { description: '' });\n",
    /^gradproof: suites\/train\/bad-name\.suite\.ts:2: suite "Bad name" must be named [^\n]+$/m,
  ],
  throws: [
    "const missing = undefined as unknown as { f(): void };\n\nmissing.f();\nexport const s = suite('train.throws', { description: '' });\n",
    /^gradproof: suites\/train\/throws\.suite\.ts:4: [^\n]*undefined[^\n]+$/m,
  ],
};

test('a mistake in a file of suites names file, line and suite, and the other suites run', async ({
  checkout: root,
}) => {
  for (const [name, [text]] of Object.entries(MISTAKES))
    writeFileSync(
      join(root, `suites/train/${name}.suite.ts`),
      `import { suite } from '../../src/testing/suite.ts';\n${text}`,
    );
  await gradproof(['--version'], { root }); // builds
  const sound = ['--filter', 'ops.nn.silu:legal;x=7x37'];
  const listed = await gradproof(['--list', ...sound], { root });
  expect([listed.status, listed.stdout]).toEqual([0, 'ops.nn.silu:legal;x=7x37 webgpu\n']);
  expect(listed.stderr.trimEnd().split('\n')).toHaveLength(Object.keys(MISTAKES).length);
  for (const [, says] of Object.values(MISTAKES)) expect(listed.stderr).toMatch(says);

  for (const runtime of ['node', 'chromium']) {
    const file = join(root, `${runtime}.json`);
    const broken = ['--filter', 'suites.broken:*'];
    const { status } = await gradproof(
      ['--runtime', runtime, ...sound, ...broken, '--report', file],
      { root },
    );
    expect(status).toBe(1);
    const { results } = readReport(readFileSync(file), file);
    expect(results.map(({ id, status, error }) => [id, status, error?.code])).toEqual([
      ['ops.nn.silu:legal;x=7x37', 'pass', undefined],
      ...['bad-name', 'no-control', 'throws'].map((name) => [
        `suites.broken:suites/train/${name}.suite.ts`,
        'error',
        'bad-suite',
      ]),
    ]);
  }
});
