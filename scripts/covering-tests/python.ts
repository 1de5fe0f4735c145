import { UncontrolledError, type WrittenTest } from './written.ts';

const STRING = String.raw`"(?:[^"\\]|\\.)*"`;
const MARK = /@pytest\.mark\.covers\(/g;
const TEST = new RegExp(
  String.raw`${MARK.source}([^)]*)\)\s+` +
    String.raw`(?:@pytest\.mark\.control\(((?:\s*${STRING},?)+)\s*\)\s+)?` +
    String.raw`(?:@[^\n]*\s+)*def (test_\w+)`,
  'g',
);

/**
 * The tests of a Python file that cover rows: `@pytest.mark.covers("row/clause")`, and below it
 * `@pytest.mark.control("name", "file", "from", "to")`. Throws Error where one names no control or
 * something is not written out.
 */
export function inPython(file: string, source: string): readonly WrittenTest[] {
  const found = [...source.matchAll(TEST)];
  if (found.length !== (source.match(MARK)?.length ?? 0))
    throw new Error(
      `${file}: the marks covers and control of a test hold strings in double quotes`,
    );
  return found.map(([, ids = '', control = '', name = '']) => {
    const title = name.replace('test_', '').replaceAll('_', ' ');
    const [words, path, from, to] = stringsIn(control);
    if (words === undefined || path === undefined || from === undefined || to === undefined)
      throw new UncontrolledError(file, title);
    return { title, covers: stringsIn(ids), control: words, fault: { file: path, from, to } };
  });
}

function stringsIn(source: string): readonly string[] {
  const strings = source.matchAll(new RegExp(STRING, 'g'));
  return Array.from(strings, ([text]) => JSON.parse(text) as string);
}
