import { expect, test } from 'vitest';
import { suite } from '../testing/suite.ts';
import { loadCases, loadSuites, type SuiteFiles } from './registry.ts';

const OWN = '../../suites/own/own.suite.ts';
const BAD = '../../suites/own/bad.suite.ts';

/** A suite with a case of each name. */
function suiteOf(name: string, ...cases: readonly string[]) {
  const made = suite(name, { description: '' });
  for (const one of cases)
    made
      .case(one)
      .control('none', () => {})
      .run(async () => {});
  return made;
}

/** What is wrong with a file, and which cases there are beside those of the op records. */
async function load(files: SuiteFiles) {
  const { cases, broken } = await loadSuites({
    ...files,
    [OWN]: async () => ({ own: suiteOf('own', 'a') }),
  });
  const ids = [...cases.values()].map(({ id }) => id).filter((id) => !id.startsWith('ops.'));
  return { ids, messages: broken.map(({ file, message }) => `${file}: ${message}`), cases };
}

test.each<readonly [what: string, load: SuiteFiles[string], says: string]>([
  ['throws', () => Promise.reject(new TypeError('x is undefined')), 'x is undefined'],
  [
    'has a bad name',
    async () => ({ s: suiteOf('Bad name', 'a') }),
    'suite "Bad name" must be named',
  ],
  [
    'has no run()',
    async () => {
      const s = suite('bad', { description: '' });
      s.case('a').control('none', () => {});
      return { s };
    },
    'bad:a has no run()',
  ],
  [
    'has no control()',
    async () => {
      const s = suite('bad', { description: '' });
      s.case('a').run(async () => {});
      return { s };
    },
    'bad:a has no control()',
  ],
  [
    'has white space in a value',
    async () => {
      const s = suite('bad', { description: '' });
      s.case('a', { n: ['1 2'] })
        .control('none', () => {})
        .run(async () => {});
      return { s };
    },
    'bad: "1 2" may not stand in a case id',
  ],
  [
    'declares a case twice',
    async () => ({ s: suiteOf('bad', 'a', 'a') }),
    'case bad:a is declared twice',
  ],
  ['exports something else', async () => ({ LIMIT: 3 }), 'exports LIMIT'],
])('a file that %s is left out, and the others are there', async (_, bad, says) => {
  const { ids, messages, cases } = await load({ [BAD]: bad });
  expect(messages).toEqual([expect.stringContaining(`suites/own/bad.suite.ts: ${says}`)]);
  const stand = 'suites.broken:suites/own/bad.suite.ts';
  expect(ids).toEqual(['own:a', stand]);
  const declared = cases.get(`${stand} webgpu`);
  await expect(declared?.run(undefined as never)).rejects.toThrow(says);
});

test('of two files that declare one case, the second is left out', async () => {
  const { ids, messages } = await load({ [BAD]: async () => ({ s: suiteOf('own', 'b', 'a') }) });
  expect(ids).toEqual(['own:b', 'own:a', 'suites.broken:suites/own/own.suite.ts']);
  expect(messages).toEqual([expect.stringContaining('case own:a is declared twice')]);
});

test('the suites of this build are whole', async () => {
  const { broken } = await loadSuites();
  expect(broken).toEqual([]);
  expect((await loadCases()).size).toBeGreaterThan(1_000);
});
