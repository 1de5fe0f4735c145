import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bridgeProgram } from '../bridge/environment.mjs';
import { resultFile } from '../test/part.mjs';

/**
 * A test that covers rows: its id, its file below the root, and its title.
 * @typedef {{ id: string, file: string, title: string }} CoveringTest
 */

/**
 * A command that runs tests of one kind.
 * @typedef {object} TestCommand
 * @property {readonly CoveringTest[]} tests
 * @property {string} name of their kind
 * @property {readonly string[]} command
 * @property {{ root: string, env?: NodeJS.ProcessEnv }} options
 */

/** What runs the tests of a file, in the order in which they run. */
const KINDS = [
  { runs: (file) => file.endsWith('.py'), commandOf: pytest },
  { runs: (file) => file.startsWith('e2e/'), commandOf: playwright },
  { runs: () => true, commandOf: vitest },
];

/**
 * The commands that run these tests and no others in the checkout `root`. What they tell is left in
 * its folder `results`, where src/cli/test-report reads it; what was told there is gone.
 * @param {string} root
 * @param {string} results
 * @param {readonly CoveringTest[]} tests
 * @returns {TestCommand[]}
 */
export function commandsOf(root, results, tests) {
  const kindOf = ({ file }) => KINDS.find(({ runs }) => runs(file));
  return KINDS.flatMap((kind) => {
    const own = tests.filter((test) => kindOf(test) === kind);
    const files = [...new Set(own.map(({ file }) => file))];
    const titles = own.map(({ title }) => title);
    return own.length > 0 ? [{ tests: own, ...kind.commandOf(root, results, files, titles) }] : [];
  });
}

function vitest(root, results, files, titles) {
  const { path } = resultFile(join(results, 'unit.json'));
  return {
    name: 'unit tests',
    command: [
      process.execPath,
      join(root, 'node_modules/vitest/vitest.mjs'),
      'run',
      ...files,
      '-t',
      patternOf(titles),
      '--reporter=json',
      `--outputFile.json=${path}`,
    ],
    options: { root },
  };
}

function playwright(root, results, files, titles) {
  const { path } = resultFile(join(results, 'end-to-end.json'));
  return {
    name: 'end-to-end tests',
    command: [
      process.execPath,
      join(root, 'node_modules/@playwright/test/cli.js'),
      'test',
      ...files,
      '-g',
      patternOf(titles),
      '--reporter=json',
    ],
    options: { root, env: { ...process.env, PLAYWRIGHT_JSON_OUTPUT_NAME: path } },
  };
}

/** The environment is that of the person's own checkout, the package that of `root`. */
function pytest(root, results, files, titles) {
  const { path } = resultFile(join(results, 'bridge.json'));
  const names = titles.map((title) => `test_${title.replaceAll(' ', '_')}`);
  return {
    name: 'tests of the bridge',
    command: [
      bridgeProgram(fileURLToPath(new URL('../..', import.meta.url)), 'pytest'),
      ...files.map((file) => file.replace('bridge/', '')),
      '-k',
      names.join(' or '),
    ],
    options: {
      root: join(root, 'bridge'),
      env: {
        ...process.env,
        GRADPROOF_TEST_OUTCOMES: path,
        PYTHONPATH: join(root, 'bridge/src'),
      },
    },
  };
}

/** Titles as a pattern for the names of tests: any of them, letter by letter. */
function patternOf(titles) {
  return titles.map((title) => title.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|');
}
