// `npm test`: sets up what is missing, then runs every test; the last line counts them.
// `npm test -- --whole` leaves out no case of the full tier and no test; `--report FILE` writes how
// the tests ended that cover rows of the catalog, and leaves out none of them either.
// `npm test -- --controls --report FILE` runs these tests alone, and each again with its fault; with
// `--rows GLOB` those that cover such rows.
import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensurePeers } from './bench/environment.mjs';
import { runWithControls } from './controls/run.mjs';
import { prepare } from './setup/prepare.mjs';
import { runMain, SetupError } from './setup/step.mjs';
import { argumentsOf } from './test/arguments.mjs';
import { bridgeTests } from './test/bridge.mjs';
import { changedLines, countsOfHostMutants } from './test/host-mutants.mjs';
import { torchSamples } from './test/opinfo.mjs';
import { add, resultFile, resultsFolder, runPart, sentence } from './test/part.mjs';
import {
  sampleOfCases,
  sampleOfRecordings,
  sampleOfTests,
  sampleOfUnitTests,
} from './test/sample.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const tool = (path) => [process.execPath, join(root, 'node_modules', path)];
/** What lives so long is undecided, which some may be: draws usually take less. Milliseconds. */
const HOST_MUTANTS_MS = 100_000;
/** What the quick tier leaves in the folder of results. */
const QUICK_REPORT = 'quick-chromium.json';
/** What leaves nothing out may take so long. Milliseconds. */
const WHOLE_PART_MS = 2 * 60 * 60_000;

await runMain(async () => {
  const values = argumentsOf(process.argv.slice(2));
  if (values.report) requireFolder(values.report);
  await prepare(root);
  const started = new Date();
  const results = resultsFolder(root);
  const { total, controls } = values.controls
    ? await runWithControls(root, results, values.rows)
    : { total: await runAll(results, values) };
  if (values.report) {
    const { writeTestReport } = await import('../dist/node/test-report.js');
    await writeTestReport(results, values.report, started, { controls, rows: values.rows });
  }
  process.exitCode = total.failed > 0 ? 1 : 0;
  for (const failure of total.failures) console.log(`failed: ${failure}`);
  for (const name of total.flaky) console.log(`passed only at the second try: ${name}`);
  console.log(sentence(total));
});

/** Half an hour of tests should not end with a file that cannot be written. */
function requireFolder(report) {
  const folder = dirname(resolve(report));
  if (!existsSync(folder))
    throw new SetupError(`--report ${report}: there is no folder ${folder}: make it first`);
}

/** Of a part, how long it may take. @param {boolean} isWhole */
function limitOf(isWhole) {
  return isWhole ? { limitMs: WHOLE_PART_MS } : {};
}

/** Every part of the tests, one after another. */
async function runAll(results, { whole, report }) {
  const isEveryTest = whole === true || report !== undefined;
  const checks = await Promise.all([
    runPart('types', tool('typescript/bin/tsc'), { root }),
    runPart('lint', [...tool('@biomejs/biome/bin/biome'), 'check', '--error-on-warnings', '.'], {
      root,
    }),
    runPart('unused exports and dependencies', tool('knip/bin/knip.js'), { root }),
  ]);
  // The cases come first: they install a browser where there is none, and others need one.
  const cases = await planned(results, whole === true);
  return add([
    ...checks,
    ...cases,
    ...(await recordedBundles(results, whole === true)),
    await mutants(results),
    await hostMutants(results),
    await unitTests(results, isEveryTest),
    ...(await peerTests(results)),
    ...(await bridgeTests(root, results, isEveryTest)),
    ...(await torchSamples(root, results, countsOfReport)),
    await endToEndTests(results, isEveryTest),
  ]);
}

/** Everything beside what it tests, without a GPU; of the longest files a sample. */
async function unitTests(results, isWhole) {
  const json = resultFile(join(results, 'unit.json'));
  return runPart(
    `unit tests${isWhole ? '' : ', a sample'}`,
    [
      ...tool('vitest/vitest.mjs'),
      'run',
      '--reporter=dot',
      '--reporter=json',
      `--outputFile.json=${json.path}`,
      ...(isWhole ? [] : sampleOfUnitTests(root)),
    ],
    {
      root,
      ...limitOf(isWhole),
      countsOf: () => countsOfUnit(json),
    },
  );
}

/** What vitest wrote. */
function countsOfUnit(json) {
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } =
    json.read();
  const unloadable = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  );
  const failed = testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName }) => `${relative(root, name)} ${fullName}`),
  );
  return {
    passed: numPassedTests,
    failed: numFailedTests + unloadable.length,
    skipped: numPendingTests + numTodoTests,
    failures: [...unloadable.map(({ name }) => relative(root, name)), ...failed],
  };
}

/** The libraries beside the engine: their types, and what they compute without a GPU. */
async function peerTests(results) {
  await ensurePeers(root);
  const types = [...tool('typescript/bin/tsc'), '-p', 'bench'];
  const json = resultFile(join(results, 'peers.json'));
  const tests = [
    ...tool('vitest/vitest.mjs'),
    ...['run', '--config', 'bench/vitest.config.ts', '--reporter=dot', '--reporter=json'],
    `--outputFile.json=${json.path}`,
  ];
  return [
    await runPart('types of the peers', types, { root }),
    await runPart('unit tests of the peers', tests, { root, countsOf: () => countsOfUnit(json) }),
  ];
}

/**
 * The quick tier in a real browser, and of the full tier a sample in Node, each case with its control;
 * of what both ran they must find the same.
 */
async function planned(results, isWhole) {
  const run = async (name, file, args) => {
    const json = resultFile(join(results, file));
    const command = [
      process.execPath,
      join(root, 'scripts/start.mjs'),
      ...args,
      '--report',
      json.path,
    ];
    const countsOf = () => countsOfReport(json.read());
    const options = { root, ...limitOf(isWhole), countsOf };
    return { counts: await runPart(name, command, options), path: json.path };
  };
  const chromium = await run('quick tier in chromium', QUICK_REPORT, ['--runtime', 'chromium']);
  const node = await run(`full tier in node${isWhole ? '' : ', a sample'}`, 'full-node.json', [
    '--runtime',
    'node',
    '--tier',
    'full',
    '--controls',
    ...(isWhole ? [] : sampleOfCases(root)),
  ]);
  const compare = [
    process.execPath,
    join(root, 'scripts/test/agreement.mjs'),
    chromium.path,
    node.path,
  ];
  return [chromium.counts, node.counts, await runPart('same verdicts in both', compare, { root })];
}

/** What other libraries computed, replayed, of the longest a sample; all of it is implemented. */
async function recordedBundles(results, isWhole) {
  const json = resultFile(join(results, 'parity.json'));
  const command = [
    process.execPath,
    join(root, 'scripts/start.mjs'),
    '--runtime',
    'node',
    '--parity',
    'public/parity',
    '--fail-on-skip',
    'not-implemented',
    '--report',
    json.path,
    ...(isWhole ? [] : sampleOfRecordings(root)),
  ];
  const replayed = await runPart('recorded bundles', command, {
    root,
    countsOf: () => countsOfReport(json.read()),
  });
  const pages = join(root, 'scripts/parity-pages.mjs');
  const worth = [process.execPath, pages, 'worth', json.path, '--check'];
  return [replayed, await runPart('worth of the recordings', worth, { root })];
}

/**
 * Mutants of the shaders that differ from the last commit, and a few of the others: every one must
 * turn a case red.
 */
async function mutants(results) {
  const json = resultFile(join(results, 'mutate.json'));
  const command = [
    process.execPath,
    join(root, 'scripts/start.mjs'),
    'mutate',
    '--changed',
    '--sample',
    '8',
    // The last run had other cases alone.
    ...['--known', join(results, QUICK_REPORT)],
    '--report',
    json.path,
  ];
  return runPart('mutants of the shaders', command, {
    root,
    countsOf: () => countsOfReport(json.read()),
  });
}

/**
 * Mutants of the TypeScript that the last commit changed, or what differs from it, and of the rest:
 * a test or a case must turn red.
 */
async function hostMutants(results) {
  const changed = changedLines(root);
  const json = resultFile(join(results, 'mutate-host.json'));
  const command = [
    process.execPath,
    join(root, 'scripts/start.mjs'),
    ...['mutate', '--host', '--changed', '--sample', '6'],
    ...['--deadline', String(HOST_MUTANTS_MS), '--report', json.path],
  ];
  return runPart('mutants of the TypeScript', command, {
    root,
    statuses: [0, 1],
    countsOf: () => countsOfHostMutants(json.read(), changed),
  });
}

function countsOfReport({ summary: { total, passed, skipped }, results }) {
  const failures = results
    .filter(({ status }) => status !== 'pass' && status !== 'skip')
    .map(({ id, status, error }) => `${id} ${status}${error ? `: ${error.message}` : ''}`);
  return { passed, failed: total - passed - skipped, skipped, failures };
}

/**
 * Page and command line as people meet them; of the longest tests a sample. A test that fails is
 * tried once more, so that one hiccup of the machine does not cost the run.
 */
async function endToEndTests(results, isWhole) {
  const json = resultFile(join(results, 'end-to-end.json'));
  return runPart(
    `end-to-end tests${isWhole ? '' : ', a sample'}`,
    [
      ...tool('@playwright/test/cli.js'),
      'test',
      '--retries=1',
      '--reporter=line,json',
      ...(isWhole ? [] : sampleOfTests(root, join(results, 'left-out.txt'))),
    ],
    {
      root,
      env: { ...process.env, PLAYWRIGHT_JSON_OUTPUT_NAME: json.path },
      ...limitOf(isWhole),
      countsOf: () => {
        const { stats, errors, suites } = json.read();
        return {
          passed: stats.expected + stats.flaky,
          failed: stats.unexpected + errors.length,
          skipped: stats.skipped,
          failures: suites.flatMap((suite) => testsIn(suite, 'unexpected')),
          flaky: suites.flatMap((suite) => testsIn(suite, 'flaky')),
        };
      },
    },
  );
}

/** The tests of a suite of Playwright's that ended so. */
function testsIn({ specs, suites = [] }, wanted) {
  const found = specs.filter(({ tests }) => tests.some(({ status }) => status === wanted));
  return [
    ...found.map(({ file, line, title }) => `${file}:${line} ${title}`),
    ...suites.flatMap((suite) => testsIn(suite, wanted)),
  ];
}
