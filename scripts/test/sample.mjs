import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commitOf } from '../setup/commit.mjs';

/** Of the cases of the quick tier, which a browser runs too, one in so many, and its control. */
const QUICK_ONE_IN = 12;
/** Of the cases that only the full tier has. */
const FULL_ONE_IN = 40;
/** Cases that no run draws: with its control this one takes over a minute. */
const NEVER = /^train\.soak:/;
/** Cases that every run has: each stands for pairs of options that no other case has. */
const ALWAYS = /^train\.covering-array:/;
/** A list of the recordings that take longest. */
const LONG_RECORDINGS = 'src/cli/parity-pages/long-recordings.json';
const LONG_RECORDINGS_ONE_IN = 8;
/**
 * Of end-to-end tests those that take longest, by tag or by file, those that take over seven seconds,
 * and none of those that take about as long as all others together.
 */
const SAMPLED_TESTS = [
  { grep: '@full', oneIn: 40 },
  { grep: String.raw`\.full\.spec\.ts`, oneIn: 80 },
  { grep: '@long', oneIn: 8 },
  { grep: '@hour', oneIn: Number.POSITIVE_INFINITY },
];
/**
 * Of the files of unit tests those that take longest, and those that compile for a GPU, but for those
 * that every run has.
 */
const SAMPLED_FILES = [
  { ending: /\.full\.test\.ts$/, oneIn: 64 },
  { ending: /(?<!\.always)\.gpu\.test\.ts$/, oneIn: 12 },
];

/**
 * Filters that leave a sample of the quick tier and one of the other cases of the full tier.
 * @param {string} root
 * @returns {string[]}
 */
export function sampleOfCases(root) {
  const quick = idsOf(root, 'quick');
  const others = idsOf(root, 'full').filter((id) => !quick.includes(id) && !ALWAYS.test(id));
  const drawn = others.filter((id) => !NEVER.test(id));
  return [
    ...leftOut(root, quick, QUICK_ONE_IN),
    ...leftOut(root, drawn, FULL_ONE_IN),
    ...others.filter((id) => NEVER.test(id)),
  ].flatMap((id) => ['--filter', `!${id}`]);
}

/**
 * Filters that leave a sample of the recordings that take longest, and all others.
 * @param {string} root
 * @returns {string[]}
 */
export function sampleOfRecordings(root) {
  const ids = JSON.parse(readFileSync(join(root, LONG_RECORDINGS), 'utf8'));
  return leftOut(root, ids, LONG_RECORDINGS_ONE_IN).flatMap((id) => ['--filter', `!${id}`]);
}

/**
 * Arguments that leave a sample of the end-to-end tests that are full or long, and all others; the
 * list of what is left out is written to `file`.
 * @param {string} root
 * @param {string} file
 * @returns {string[]}
 */
export function sampleOfTests(root, file) {
  const names = SAMPLED_TESTS.flatMap(({ grep, oneIn }) =>
    leftOut(root, testsOf(root, grep), oneIn),
  );
  writeFileSync(file, names.join('\n'));
  return ['--test-list-invert', file];
}

/** @param {string} root @param {string} grep @returns {string[]} */
function testsOf(root, grep) {
  const command = [
    join(root, 'node_modules/@playwright/test/cli.js'),
    'test',
    '--list',
    '--grep',
    grep,
  ];
  const text = execFileSync(process.execPath, command, { cwd: root, encoding: 'utf8' });
  return text.split('\n').flatMap((line) => /^\s+(\[.*)$/.exec(line)?.[1] ?? []);
}

/** Arguments that leave a sample of the bridge's long tests, and all others. @param {string} root */
export function sampleOfBridgeTests(root) {
  return ['--draw', commitOf(root) || '-'];
}

/**
 * Arguments that leave a sample of the unit tests in files that take long, and all others.
 * @param {string} root
 * @returns {string[]}
 */
export function sampleOfUnitTests(root) {
  const files = ['scripts', 'src', 'suites'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true }).map((file) => `${folder}/${file}`),
  );
  return SAMPLED_FILES.flatMap(({ ending, oneIn }) =>
    leftOut(
      root,
      files.filter((file) => ending.test(file)),
      oneIn,
    ),
  ).flatMap((file) => ['--exclude', file]);
}

/**
 * All but one in so many of `names`: others for each commit, and the same for one, or for none.
 * @param {string} root
 * @param {readonly string[]} names
 * @param {number} oneIn
 */
function leftOut(root, names, oneIn) {
  const commit = commitOf(root);
  const place = (name) => createHash('sha256').update(`${commit} ${name}`).digest('hex');
  const shuffled = names.toSorted((a, b) => (place(a) < place(b) ? -1 : 1));
  return shuffled.slice(Math.ceil(shuffled.length / oneIn));
}

/** @param {string} root @param {string} tier @returns {string[]} */
function idsOf(root, tier) {
  const command = [join(root, 'scripts/start.mjs'), '--list', '--tier', tier];
  const text = execFileSync(process.execPath, command, { cwd: root, encoding: 'utf8' });
  return text
    .trim()
    .split('\n')
    .map((line) => line.slice(0, line.lastIndexOf(' ')));
}
