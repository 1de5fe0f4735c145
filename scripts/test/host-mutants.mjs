import { execFileSync } from 'node:child_process';

/**
 * Of the host mutants in lines that did not change so many may live: where one in a hundred does,
 * three of 6 do in less than 1 commit of 10,000, and a commit should not be red for what it did not
 * touch.
 */
const MAY_LIVE = 2;
/**
 * Half must be decided before the deadline, or the draw says little; but what lives takes all the
 * time that there is, and as many as may live may be undecided instead.
 */
const DECIDED_SHARE = 1 / 2;
/** As git writes by itself, whatever a person has set. */
const PLAIN = ['-U0', '--relative', '--no-ext-diff', '--no-color', '--no-renames'];
const PREFIXES = ['--src-prefix=a/', '--dst-prefix=b/'];

/**
 * First and last of each run of lines, by what ids of host mutants call the file.
 * @typedef {ReadonlyMap<string, readonly (readonly [first: number, last: number])[]>} Lines
 */

/**
 * The lines of `src` that differ from the last commit or, where none does, those that it changed;
 * none where git does not tell, as in a clone that has no other commit.
 * @param {string} root
 * @returns {Lines}
 */
export function changedLines(root) {
  const git = (...args) => gitIn(root, ...args, '--', 'src');
  const diff = (...commits) => git('diff', ...PLAIN, ...PREFIXES, ...commits);
  const edited = diff('HEAD');
  const added = git('ls-files', '--others', '--exclude-standard').split('\n').filter(Boolean);
  if (!edited && added.length === 0) return linesOf(diff('HEAD~1', 'HEAD'));
  const whole = added.map((path) => [placeOf(path), [[1, Number.POSITIVE_INFINITY]]]);
  return new Map([...linesOf(edited), ...whole]);
}

/** @param {string} root @param {readonly string[]} args */
function gitIn(root, ...args) {
  try {
    return execFileSync('git', args, {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: Number.POSITIVE_INFINITY,
    });
  } catch {
    return ''; // no git, no checkout, or no such commit
  }
}

/** The lines that a diff adds. @param {string} diff @returns {Lines} */
function linesOf(diff) {
  const lines = new Map();
  let ranges = [];
  for (const line of diff.split('\n')) {
    const [, path] = /^\+\+\+ b\/(.+)$/.exec(line) ?? [];
    const [, first, count = '1'] = /^@@ -\S+ \+(\d+)(?:,(\d+))? @@/.exec(line) ?? [];
    if (path) {
      ranges = [];
      lines.set(placeOf(path), ranges);
    } else if (first && count !== '0')
      ranges.push([Number(first), Number(first) + Number(count) - 1]);
  }
  return lines;
}

/** What ids of host mutants call a file. @param {string} path */
function placeOf(path) {
  return path.replace(/\.ts$/, '').replaceAll('/', '.');
}

/**
 * What a report of host mutants counts for. One that lives in a changed line fails; of the others
 * some may live, and are skipped; so is what was undecided at the deadline, unless that is too much.
 * @param {{ results: readonly { id: string, status: string, error?: { message: string } }[] }} report
 * @param {Lines} changed
 * @returns {import('./part.mjs').Counts}
 */
export function countsOfHostMutants({ results }, changed) {
  const having = (wanted) => results.filter(({ status }) => status === wanted);
  const passed = having('pass');
  const alive = having('fail');
  const undecided = having('lost');
  const ours = alive.filter(({ id }) => isIn(changed, id));
  const others = alive.filter((one) => !ours.includes(one));
  const tooMany = others.length > MAY_LIVE;
  const decided = results.length - undecided.length;
  const isFew = decided < DECIDED_SHARE * results.length;
  const tooFew = isFew && undecided.length > MAY_LIVE - others.length;
  const failed = [...ours, ...(tooMany ? others : []), ...(tooFew ? undecided : [])].length;
  const said = (some) => some.map(({ error }) => error.message);
  const failures = [
    ...said(ours).map((message) => `lives in a line that changed: ${message}`),
    ...(tooMany ? [`${others.length} live in other lines, where ${MAY_LIVE} may`] : []),
    ...(tooFew
      ? [
          `only ${decided} of ${results.length} were decided in time, where half should be: run npm test where less else runs`,
        ]
      : []),
  ];
  return {
    passed: passed.length,
    failed,
    skipped: results.length - passed.length - failed,
    failures,
    reasons: [...failures, ...said(others), ...said(undecided)],
  };
}

/** @param {Lines} changed @param {string} id `mutate.host.<place>:<operator>;line=12;n=3` */
function isIn(changed, id) {
  const [, place, line] = /^mutate\.host\.(.+?):.*;line=(\d+);/.exec(id) ?? [];
  const ranges = changed.get(place) ?? [];
  return ranges.some(([first, last]) => first <= Number(line) && Number(line) <= last);
}
