import { readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { bridgeEnvironment, bridgeProgram, ensureBridge } from '../bridge/environment.mjs';
import { runPart } from './part.mjs';
import { sampleOfBridgeTests } from './sample.mjs';

/**
 * The Python bridge: lint, types and tests, in the environment that is there, or else in a minimal
 * one. What the minimal one lacks is skipped, counted and said; of the longest tests a sample.
 * @param {string} root
 * @param {string} results
 * @param {boolean} isWhole
 * @returns {Promise<import('./part.mjs').Counts[]>}
 */
export async function bridgeTests(root, results, isWhole) {
  await ensureBridge(root, 'minimal');
  const bridge = join(root, 'bridge');
  const run = (name, program, args, countsOf, env = process.env) =>
    runPart(name, [bridgeProgram(root, program), ...args], {
      root: bridge,
      env,
      ...(countsOf ? { countsOf } : {}),
    });
  const junit = join(results, 'bridge.xml');
  const outcomes = join(results, 'bridge.json');
  for (const file of [junit, outcomes]) rmSync(file, { force: true });
  const kind = bridgeEnvironment(root);
  const counts = [
    await run('bridge: lint', 'ruff', ['check', '.']),
    await run('bridge: format', 'ruff', ['format', '--check', '.']),
    await run('bridge: types', 'mypy', []),
    await run(
      `bridge: tests${isWhole ? '' : ', a sample'} (${kind})`,
      'pytest',
      [
        `--junit-xml=${junit}`,
        ...['-n', String(availableParallelism()), '--dist', 'worksteal'],
        ...(isWhole ? [] : sampleOfBridgeTests(root)),
      ],
      () => countsOfJunit(junit),
      // As many processes as cores, with one thread each.
      { ...process.env, GRADPROOF_TEST_OUTCOMES: outcomes, OMP_NUM_THREADS: '1' },
    ),
  ];
  if (kind === 'minimal')
    console.log(
      '    tests that need torch and its like were left out; npm run bridge:setup installs them',
    );
  return counts;
}

/** The totals that pytest writes. @param {string} file */
function countsOfJunit(file) {
  const [suite] = /<testsuite [^>]*>/.exec(readFileSync(file, 'utf8')) ?? [''];
  const count = (name) => Number(new RegExp(` ${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
  const failed = count('errors') + count('failures');
  const skipped = count('skipped');
  return { passed: count('tests') - failed - skipped, failed, skipped };
}
