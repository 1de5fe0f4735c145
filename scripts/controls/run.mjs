import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBridge } from '../bridge/environment.mjs';
import { interrupted, SetupError } from '../setup/step.mjs';
import { add, indented, runCommand, runPart } from '../test/part.mjs';
import { copySources } from './copy.mjs';
import { plant, sourceOf, withFault } from './fault.mjs';
import { commandsOf } from './tools.mjs';

/** A test that takes longer with its fault hangs: most of it is a build, and what waits in vain. */
const LIMIT_MS = 15 * 60_000;

/**
 * Runs the tests that cover rows of the catalog, and each that passes again with its fault: in a
 * copy of the sources, so that no fault is ever in the person's own.
 * @param {string} root
 * @param {string} results
 * @param {readonly string[]} [rows] globs: the tests of rows that match; all of them without
 * @returns {Promise<{ total: Required<import('../test/part.mjs').Counts>, controls: ReadonlyMap<string, 'red' | 'green'> }>}
 */
export async function runWithControls(root, results, rows) {
  const report = await import('../../dist/node/test-report.js');
  const { faults } = report;
  const coveringTests = report.testsCovering(rows);
  if (coveringTests.length === 0)
    throw new SetupError(`--rows ${rows.join(' ')}: no test covers a row of such a name`);
  for (const { id } of coveringTests) check(root, faults[id]);
  if (coveringTests.some(({ file }) => file.endsWith('.py'))) await ensureBridge(root, 'minimal');
  const parts = [];
  for (const { tests, name, command, options } of commandsOf(root, results, coveringTests)) {
    const countsOf = () =>
      countsOfEndings(tests.map((test) => report.statusOf(test, results, root)));
    const how = { ...options, countsOf, signal: interrupted };
    parts.push(await runPart(`covering ${name}`, command, how));
    endIfInterrupted();
  }
  const copy = temporaryFolder();
  copySources(root, copy);
  const controls = new Map();
  const passed = coveringTests.filter((test) => report.statusOf(test, results, root) === 'pass');
  for (const test of passed)
    controls.set(test.id, await runControl(report, copy, test, faults[test.id]));
  const green = [...controls.keys()].filter((id) => controls.get(id) !== 'red');
  const counts = { passed: controls.size - green.length, failed: green.length, skipped: 0 };
  const failures = green.map((id) => `control of ${id}: stayed green`);
  return { total: add([...parts, { ...counts, failures }]), controls };
}

/** A test that did not run failed. */
function countsOfEndings(statuses) {
  const count = (status) => statuses.filter((each) => each === status).length;
  const [passed, skipped] = [count('pass'), count('skip')];
  return { passed, failed: statuses.length - passed - skipped, skipped };
}

/** Wrong use shows before anything runs. */
function check(root, fault) {
  try {
    withFault(sourceOf(root, fault), fault);
  } catch (error) {
    throw new SetupError(`a control cannot break what it names: ${error.message}`);
  }
}

/** Runs a test with its fault, and says in one line what that came to. */
async function runControl(report, copy, test, fault) {
  const results = join(copy, 'test-results');
  mkdirSync(results, { recursive: true });
  const remove = plant(copy, fault);
  const [{ command, options }] = commandsOf(copy, results, [test]);
  const ran = await runCommand(command, { ...options, limitMs: LIMIT_MS, signal: interrupted });
  remove();
  endIfInterrupted();
  const { status, why } = report.controlOf(test, results, copy);
  console.log(`control of ${test.id}: ${status} ${ran.seconds.trim()}, ${why}`);
  if (status === 'green') console.log(indented(ran.output));
  return status;
}

function temporaryFolder() {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'gradproof-controls-')));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}

function endIfInterrupted() {
  if (interrupted.aborted) throw new SetupError('interrupted: no report was written', 130);
}
