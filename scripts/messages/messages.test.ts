import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'oxc-parser';
import { describe, expect, test } from 'vitest';
import { visit } from '../../src/cli/syntax/syntax.ts';
import type { helpWords } from '../../src/ui/app/help.en.ts';
import { views } from '../../src/ui/app/views.ts';
import { de as loadGerman } from '../../src/ui/messages/de.ts';
import type { Language } from '../../src/ui/messages/language.ts';
import { say } from '../../src/ui/messages/words.ts';
import { literalProse, literalWords } from './literal-words.ts';

const ui = fileURLToPath(new URL('../../src/ui', import.meta.url));
/** What is copied to be pasted elsewhere, and read there in English. */
const ENGLISH: readonly string[] = ['issue-text.ts', 'history.ts', 'runs-file.ts'];
/** Words that both languages have. */
const SAME: readonly string[] = [
  ', ms',
  'Adapter',
  'Enter',
  'Esc',
  'GB/s',
  'GFLOP/s',
  'Gradproof',
  ', Gradproof',
  'JUnit (XML)',
  'Link',
  'Matrix',
  'Name',
  'Python',
  'Median, ms',
  'Subgroups',
  'Suite',
  'Tab',
  'Transformer Builder',
  'Text',
  'Version',
  'WebGPU',
];

const files = readdirSync(ui, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => /^(?!messages\/)[\w-]+\/[\w-]+\.ts$/.test(path));

/** A module with a template; `#{` opens a hole. */
const planted = (template: string) => `const x = ${template.replaceAll('#{', '$' + '{')};`;

describe('templates', () => {
  test('are found', () => {
    expect(files.length).toBeGreaterThan(25);
  });

  test.each(files)('%s says nothing that is not in the catalog', (file) => {
    const found = literalWords(file, readFileSync(join(ui, file), 'utf8')).map(
      ({ line, text }) => `${line}: ${text}`,
    );
    expect(found).toEqual([]);
  });

  test.each([
    ['text', 'html`<p>Hello you</p>`'],
    ['text after a hole', 'html`<p>#{x} left</p>`'],
    ['a label', 'html`<button aria-label="Close" @click=#{f}>#{x}</button>`'],
    ['a label without quotes', 'html`<input placeholder=Name />`'],
    ['a string in a hole', "html`<p>#{busy ? 'Stop' : go}</p>`"],
    ['a template in a hole', 'html`<p>#{`about #{n} of them`}</p>`'],
    ['a label in a hole', "html`<a title=#{x ? 'Go there' : y}></a>`"],
    ['a template in a template', 'html`<p>#{list.map((x) => html`<b>of it</b>`)}</p>`'],
  ])('finds %s', (_, template) => {
    expect(literalWords('planted.ts', planted(template))).toHaveLength(1);
  });

  test.each([
    'html`<p class="small muted" ?hidden=#{x}>#{words.close}: #{n}</p>`',
    'html`<gp-x .items=#{["Not shown"]} kind="plan of day" @click=#{() => f("Some text")}></gp-x>`',
    "html`<p>#{kind === 'Plan B' ? a : b} &nbsp; CSV</p>`",
    'css`.a { content: "Words here"; }`',
  ])('is silent about %s', (template) => {
    expect(literalWords('planted.ts', planted(template))).toEqual([]);
  });
});

/** The strings that the source of a function holds. */
function stringsOf(source: string): string {
  const strings: string[] = [];
  visit(parseSync('message.js', `const message = ${source};`).program, (node) => {
    if (node.type === 'Literal' && typeof node['value'] === 'string') strings.push(node['value']);
    if (node.type === 'TemplateElement') strings.push((node['value'] as { cooked: string }).cooked);
  });
  return strings.join(' ').trim();
}

/** Every message by its path; functions by the strings that they hold. */
function leaves(value: unknown, path: string): readonly (readonly [path: string, text: string])[] {
  if (typeof value === 'string') return [[path, value]];
  if (typeof value === 'function') return [[path, stringsOf(value.toString())]];
  return Object.entries(value as object).flatMap(([key, inner]) =>
    leaves(inner, path ? `${path}.${key}` : key),
  );
}

describe('state', () => {
  const states = files.filter(
    (path) =>
      !ENGLISH.includes(basename(path)) &&
      !/ from 'lit(\/[\w/.-]+)?'/.test(readFileSync(join(ui, path), 'utf8')),
  );

  test.each(states)('%s says nothing that is not in the catalog', (file) => {
    const found = literalProse(file, readFileSync(join(ui, file), 'utf8')).map(
      ({ line, text }) => `${line}: ${text}`,
    );
    expect(found).toEqual([]);
  });

  test('finds a sentence, and leaves errors alone', () => {
    const found = literalProse(
      'planted.ts',
      "export const f = (n) => n > 1 ? `#{n} of them` : g('All of it'); throw new Error('No such thing');".replaceAll(
        '#{',
        '$' + '{',
      ),
    );
    expect(found.map(({ text }) => text)).toEqual([' of them', 'All of it']);
  });
});

/** The words of every part by its name, as its file exports them. */
function partsOf<T>(found: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  return Object.fromEntries(
    Object.entries(found).map(([file, exported]) => [
      file.replace(/^.*\/|\.(en|de)\.ts$/g, ''),
      exported,
    ]),
  );
}
const accessors = Object.entries(
  partsOf(
    import.meta.glob<Readonly<Record<string, () => unknown>>>('../../src/ui/*/*.en.ts', {
      eager: true,
    }),
  ),
).map(([part, exported]) => [part, exported[`${part}Words`] as () => unknown] as const);
/** What every part says in German. */
const de: Readonly<Record<string, unknown>> = Object.fromEntries(
  await Promise.all(accessors.map(async ([part]) => [part, await loadGerman(part)] as const)),
);
/** What every part says in the language that is shown. */
const spoken = () => Object.fromEntries(accessors.map(([part, words]) => [part, words()]));
/** Without what the platform says, and with the rows of the sheet of keys for what makes them. */
const said = (parts: Readonly<Record<string, unknown>>) => {
  const help = parts['help'] as ReturnType<typeof helpWords>;
  return { ...parts, units: {}, help: { ...help, groups: help.groups([]) } };
};
/** What views say of themselves. */
const labels = (language: Language) =>
  Object.fromEntries(views.map(({ name, words }) => [name, words[language]]));

describe('German', () => {
  const german = leaves({ ...said(de), views: labels('de') }, '');
  const english = new Map(leaves({ ...said(spoken()), views: labels('en') }, ''));

  test('takes the place of English in every part, and gives it back', async () => {
    const before = spoken();
    await say(loadGerman);
    expect(spoken()).toEqual(de);
    await say();
    expect(spoken()).toEqual(before);
    expect(before['check']).not.toEqual(de['check']);
  });

  test('has every message of the English catalog', () => {
    expect(german.map(([path]) => path).sort()).toEqual([...english.keys()].sort());
    expect(german.length).toBeGreaterThan(150);
  });

  test('differs from English wherever there are words', () => {
    const same = german.filter(
      ([path, text]) =>
        english.get(path) === text && /\p{L}{2,}/u.test(text) && !SAME.includes(text),
    );
    expect(same).toEqual([]);
  });

  test('has its own quotation marks', () => {
    const pairs = (text: string) =>
      (text.match(/„/g)?.length ?? 0) === (text.match(/“/g)?.length ?? 0);
    const wrong = german.filter(
      ([, text]) => text.includes('”') || !pairs(text) || text.includes('"'),
    );
    expect(wrong.map(([path]) => path)).toEqual([]);
  });
});
