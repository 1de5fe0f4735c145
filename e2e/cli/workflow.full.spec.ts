import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { covers } from '../../src/catalog/covers.ts';
import { expect, test } from './checkout.ts';

interface Step {
  readonly run?: string;
  readonly with?: { readonly path?: string };
}

/** Runs a line of a workflow as its runner does, in a shell that ends with its first failure. */
async function run(line: string, cwd: string) {
  const child = spawn('bash', ['-e', '-o', 'pipefail', '-c', line], {
    cwd,
    env: { ...process.env, CI: 'true' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { status, output };
}

// As long as half of `npm test`, where all that is in it runs too, but for the coverage.
test.setTimeout(60 * 60_000);

test('every command of the workflow of each change passes in a clean checkout', {
  ...covers(
    'fsdp.utilities.ci-full-suite/commands-pass-locally',
    'fsdp.utilities.future-ci-integration/commands-pass-locally',
  ).control('what is committed is not linted', {
    file: 'examples/planted.mjs',
    text: 'var planted = 1\n',
  }),
  tag: '@hour',
}, async ({ checkout }) => {
  const source = readFileSync(join(checkout, '.github/workflows/ci.yml'), 'utf8');
  const { jobs } = parse(source) as { jobs: Record<string, { steps: readonly Step[] }> };
  const steps = Object.values(jobs).flatMap((job) => job.steps);
  const commands = new Set(steps.flatMap((step) => step.run ?? []));
  expect(commands.size).toBeGreaterThan(5);
  // Tests ask git which files there are.
  expect(await run('git init --quiet && git add --all', checkout)).toMatchObject({ status: 0 });
  for (const command of commands) {
    const { status, output } = await run(command, checkout);
    expect(status, `${command}\n${output}`).toBe(0);
  }
  const kept = steps.flatMap((step) => step.with?.path?.trim().split('\n') ?? []);
  expect(kept.length).toBeGreaterThan(4);
  for (const path of kept) expect(existsSync(join(checkout, path)), path).toBe(true);
});
