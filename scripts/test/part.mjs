import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * How many tests passed, failed and were skipped, the names of those that failed, the names of those
 * that failed once and then passed, and reasons of skips that nothing else tells.
 * @typedef {{ passed: number, failed: number, skipped: number, failures?: readonly string[],
 *   flaky?: readonly string[], reasons?: readonly string[] }} Counts
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
 * Runs a command to its end, or for so long, or until `signal` says to stop.
 * @param {readonly string[]} command
 * @param {{ root: string, env?: NodeJS.ProcessEnv, limitMs?: number, signal?: AbortSignal }} options
 * @returns {Promise<{ status: number | string, output: string, seconds: string }>}
 */
export async function runCommand([program, ...args], options) {
  const { root, env = process.env, limitMs = LIMIT_MS, signal } = options;
  const started = Date.now();
  const child = spawn(program, args, { cwd: root, env, signal, stdio: ['ignore', 'pipe', 'pipe'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      output += chunk;
    });
  const status = await new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, ended) => resolve(code ?? ended));
  });
  clearTimeout(timer);
  const seconds = ((Date.now() - started) / 1000).toFixed(1).padStart(6);
  return { status, output, seconds: `${seconds} s` };
}

/**
 * Runs a command of the tests, says in one line how it went, and shows its output when a test failed
 * or passed only at the second try.
 * @param {string} name
 * @param {readonly string[]} command
 * @param {Parameters<typeof runCommand>[1] & { countsOf?: () => Counts, statuses?: readonly number[] }} options
 * `countsOf` reads what the command reported; without it the command is one test. `statuses` are
 * those with which it ends well
 * @returns {Promise<Counts>}
 */
export async function runPart(name, command, { countsOf, statuses = [0], ...options }) {
  const { status, output, seconds } = await runCommand(command, options);
  const counts = judge(statuses.includes(status), countsOf);
  const verdict = counts.failed > 0 ? `FAILED (status ${status})` : 'ok';
  console.log(`${name.padEnd(34)} ${sentence(counts).padEnd(36)} ${seconds}  ${verdict}`);
  for (const reason of counts.reasons ?? []) console.log(indented(reason));
  if (counts.failed > 0 || counts.flaky?.length > 0) console.log(indented(output));
  return counts.failed === 0 ? counts : { ...counts, failures: failuresOf(name, status, counts) };
}

/** What a command wrote, to stand below a line about it. @param {string} output */
export function indented(output) {
  return output.trimEnd().replaceAll(/^/gm, '    ');
}

/** A line for each failure that has a name, else one for the part. @returns {readonly string[]} */
function failuresOf(name, status, { failures = [] }) {
  return failures.length > 0
    ? failures.map((failure) => `${name.trim()}: ${failure}`)
    : [`${name.trim()} (status ${status})`];
}

/** A command that failed, or that passed no test, is one failed test itself if it had none. */
function judge(ok, countsOf) {
  if (!countsOf)
    return ok ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 };
  try {
    const counts = countsOf();
    if (counts.failed > 0 || (ok && counts.passed > 0)) return counts;
    const { skipped, reasons = [] } = counts;
    const none = skipped > 0 ? `all ${skipped} tests were skipped` : 'there was no test';
    return { ...counts, failed: 1, ...(ok ? { reasons: [...reasons, none] } : {}) };
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
    failures: all.flatMap(({ failures = [] }) => failures),
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
