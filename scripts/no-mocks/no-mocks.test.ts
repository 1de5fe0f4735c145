import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { covers } from '../../src/catalog/covers.ts';
import { mocksIn, mocksInPython, SEAM } from './no-mocks.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const filesOf = (folder: string, ends: RegExp) =>
  readdirSync(root + folder, { recursive: true, encoding: 'utf8' })
    .map((path) => `${folder}/${path.replaceAll('\\', '/')}`)
    .filter((path) => ends.test(path) && !/node_modules|\.venv/.test(path));
const textOf = (path: string) => readFileSync(root + path, 'utf8');

test('what stands in for an op, a module, a global or a server is found', () => {
  const found = (source: string) => mocksIn('planted.ts', source);
  const add = "import { add } from '../../src/ops/math/add.ts';";
  expect(found(`${add} add.forward = () => x;`)).toEqual(['assigns a member of add']);
  expect(found(`${add} add.variants.plain.run = f;`)).toEqual(['assigns a member of add']);
  expect(found('globalThis.fetch = async () => answer;')).toEqual([
    'assigns a member of globalThis',
  ]);
  expect(found("vi.mock('../../src/ops/math/add.ts')")).toEqual(['calls vi.mock']);
  expect(found("vi.spyOn(add, 'forward').mockReturnValue(y)")).toEqual(['calls vi.spyOn']);
  expect(found("await page.route('**/*', (one) => one.fulfill({}))")).toEqual([
    ...['calls route', 'calls fulfill'],
  ]);
  expect(found("wrapSeam('add.forward', () => other)")).toEqual(['wraps a seam']);
  expect(found("import nock from 'nock';")).toEqual(['imports nock']);
  // Faults are declared, and what a test made is its own.
  expect(found(`${add} suite.case('x').control('y', (f) => f.host('z', () => w));`)).toEqual([]);
  expect(
    found(`${add} const made = {}; made.forward = add.forward; t.gpu.guarded = true;`),
  ).toEqual([]);
  expect(mocksInPython('def test_it(monkeypatch):\n    pass\n')).toEqual(['uses monkeypatch']);
  expect(mocksInPython('def test_it(tmp_path):\n    pass\n')).toEqual([]);
});

test(
  'no case and no test that covers a row puts something in the place of an op, a model or a sink',
  covers('fsdp.utilities.pattern-mocks-replaced/no-stubs-lint').control('a suite stubs an op', {
    file: 'suites/utilities/planted.ts',
    text: "import { add } from '../../src/ops/math/add.ts';\n\nadd.forward = () => ({}) as never;\n",
  }),
  () => {
    const suites = filesOf('suites', /\.ts$/);
    const tests = ['src', 'scripts', 'e2e'].flatMap((folder) =>
      filesOf(folder, /\.(test|spec)\.ts$/).filter(
        (path) => path !== 'scripts/no-mocks/no-mocks.test.ts' && /\bcovers\(/.test(textOf(path)),
      ),
    );
    expect(suites.length).toBeGreaterThan(150);
    expect(tests.length).toBeGreaterThan(40);
    // Tests plant faults by seams, as cases declare them.
    const isFault = (path: string, what: string) => tests.includes(path) && what === SEAM;
    const found = [...suites, ...tests].flatMap((path) =>
      mocksIn(path, textOf(path)).flatMap((what) =>
        isFault(path, what) ? [] : [`${path} ${what}`],
      ),
    );
    const ofPython = filesOf('bridge/tests', /\.py$/)
      .filter((path) => /mark\.covers\(/.test(textOf(path)))
      .flatMap((path) => mocksInPython(textOf(path)).map((what) => `${path} ${what}`));
    expect([...found, ...ofPython]).toEqual([]);
  },
);
