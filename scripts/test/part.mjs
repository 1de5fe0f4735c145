import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * How many tests passed, failed and were skipped, and the names of those that failed once and then
 * passed.
 * @typedef {{ passed: number, failed: number, skipped: number, flaky?: readonly string[] }} Counts
 */

/** A part that takes longer hangs. */
const LIMIT_MS = 40 * 60_000;

/** Where parts leave what they found. @param {string} root */
export function resultsFolder(root) {
  const folder = join(root, 'test-results');
  mkdirSync(folder, { recursive: true });
  return folder;
}

/**
 * Runs a command of the tests, says in one line how it went, and shows its output when a test failed
 * or passed only at the second try.
 * @param {string} name
 * @param {readonly string[]} command
 * @param {{ root: string, env?: NodeJS.ProcessEnv, countsOf?: () => Counts }} options `countsOf`
 * reads what the command reported; without it the command is one test
 * @returns {Promise<Counts>}
 */
export async function runPart(name, [program, ...args], { root, env = process.env, countsOf }) {
  const started = Date.now();
  const child = spawn(program, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      output += chunk;
    });
  const status = await new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => resolve(code ?? signal));
  });
  clearTimeout(timer);
  const counts = judge(status === 0, countsOf);
  const verdict = counts.failed > 0 ? `FAILED (status ${status})` : 'ok';
  console.log(
    `${name.padEnd(34)} ${sentence(counts).padEnd(36)} ${((Date.now() - started) / 1000).toFixed(1).padStart(6)} s  ${verdict}`,
  );
  if (counts.failed > 0 || counts.flaky?.length > 0)
    console.log(output.trimEnd().replaceAll(/^/gm, '    '));
  return counts;
}

/** A command that failed, or reported nothing, without a failed test is one failed test itself. */
function judge(ok, countsOf) {
  if (!countsOf)
    return ok ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 };
  try {
    const counts = countsOf();
    return counts.failed === 0 && (!ok || counts.passed === 0) ? { ...counts, failed: 1 } : counts;
  } catch (error) {
    console.log(`    no results: ${error.message}`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

/** `N passed, N failed[, N skipped]` @param {Counts} counts */
export function sentence({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/** @param {readonly Counts[]} all @returns {Required<Counts>} */
export function add(all) {
  const sum = (key) => all.reduce((total, counts) => total + counts[key], 0);
  return {
    passed: sum('passed'),
    failed: sum('failed'),
    skipped: sum('skipped'),
    flaky: all.flatMap(({ flaky = [] }) => flaky),
  };
}

/**
 * Removes the last results, so that none is taken for a new one, and reads them later.
 * @param {string} file
 */
export function resultFile(file) {
  rmSync(file, { force: true });
  return { path: file, read: () => JSON.parse(readFileSync(file, 'utf8')) };
}
