import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './gradproof.ts';
import { expect, test } from './scratch.ts';

const CATALOG = join(ROOT, 'src/catalog/tb.json');

/** Each line of arguments, in a folder with these files, and what is said of it. */
const LINES: readonly (readonly [line: string, says: RegExp])[] = [
  ['snapshot', /^gradproof: usage: npm run snapshot -- OUT\.json/],
  ['snapshot --nonsense', /Unknown option '--nonsense'.*usage: npm run snapshot/],
  ['snapshot compare', /usage: /],
  ['snapshot compare foreign.json', /usage: /],
  ['snapshot compare foreign.json foreign.json third.json', /usage: /],
  ['snapshot compare foreign.json foreign.json --mutants', /usage: /],
  ['snapshot out.json --moved foreign.json', /usage: /],
  ['snapshot out.json --mutants --mutants-from foreign.json', /usage: /],
  ['snapshot out.json --mutants-from missing.json', /report missing\.json: cannot be read/],
  ['snapshot no/such/out.json', /OUT\.json no\/such\/out\.json: .*no such file or folder/],
  ['snapshot empty', /OUT\.json empty: is a folder, not a file/],
  ['snapshot compare missing.json foreign.json', /snapshot missing\.json: cannot be read: no such/],
  ['snapshot compare empty foreign.json', /snapshot empty: cannot be read: is a folder/],
  ['snapshot compare cut.json foreign.json', /snapshot cut\.json: is not JSON/],
  ['snapshot compare foreign.json cut.json', /snapshot foreign\.json: .*gradproof-snapshot\/1/],
  ['baseline', /name one baseline: use: npm run baseline/],
  ['baseline one two', /name one baseline/],
  ['baseline Node', /Node: name the baseline in small letters/],
  ['baseline node --runtime nonsense', /--runtime nonsense: must be chromium or node/],
  ['baseline node --filter ops.*', /Unknown option '--filter'.*use: npm run baseline/],
  ['baseline node --report missing.json', /--report missing\.json: .*no such file/],
  ['baseline node --report cut.json', /--report cut\.json: /],
  ['baseline node --report foreign.json', /foreign\.json: only a whole run of the quick tier/],
  ['baseline node --report none.json', /none\.json: only a whole run of the quick tier/],
  ['baseline node --report none.json --runtime node', /the report says where its run was/],
  ['catalog', /usage: npm run catalog -- SPEC\.json/],
  ['catalog missing.json', /missing\.json: /],
  ['catalog empty', /empty: /],
  ['catalog cut.json', /cut\.json: /],
  ['catalog foreign.json', /foreign\.json: must be a list of rows, all of them/],
  ['catalog none.json', /none\.json: must be a list of rows, all of them/],
  ['link-shaders cut.json', /cut\.json.*use: node scripts\/link-shaders\.mjs \[FOLDER\]/],
  ['link-shaders one two', /name one folder/],
  ['link-shaders --help', /Unknown option '--help'/],
  ['screenshot nonsense', /there is no picture nonsense; there are readme, card/],
  ['bridge-setup --nonsense', /use: npm run bridge:setup/],
  ['build --nonsense', /Unknown option '--nonsense'/],
];

for (const [line, says] of LINES) {
  test(`${line} is refused, and nothing is written`, ({ folder }) => {
    const files = { 'foreign.json': '{"schema":"other/1"}', 'cut.json': '{', 'none.json': '[]' };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    mkdirSync(join(folder, 'empty'));
    const before = readdirSync(folder);
    const catalog = readFileSync(CATALOG, 'utf8');
    const [script, ...args] = line.split(' ');
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(ROOT, `scripts/${script}.mjs`), ...args],
      { cwd: folder, encoding: 'utf8', env: { ...process.env, FORCE_COLOR: undefined } },
    );
    expect(stderr).toMatch(/^gradproof: [^\n]+\n$/);
    expect(stderr).toMatch(says);
    expect(stdout).toBe('');
    expect(status).toBe(2);
    expect(readdirSync(folder)).toEqual(before);
    expect(readFileSync(join(folder, 'cut.json'), 'utf8')).toBe('{');
    expect(readFileSync(CATALOG, 'utf8')).toBe(catalog);
  });
}
