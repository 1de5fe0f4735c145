import { existsSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { fileURLToPath } from 'node:url';

/** A frame of a stack as V8 writes it: `at f (file:///x/y.js:3:14)`. */
const FRAME = /\(?(file:\/\/\S+?|\/\S+?|[A-Za-z]:\\\S+?):(\d+):(\d+)\)?$/;

/**
 * Where in the source `file` an error was thrown, as `file:line`: the first frame of its stack, or
 * of its cause's, that leads there, through the source map of a built module. Undefined where none
 * does.
 */
export function suitePosition(file: string, error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  for (const { stack } of [error.cause, error].filter((one) => one instanceof Error)) {
    for (const line of stack?.split('\n') ?? []) {
      const [, script, row, column] = FRAME.exec(line.trim()) ?? [];
      const found = script ? sourceOf(script, Number(row), Number(column)) : undefined;
      if (found?.source.endsWith(file)) return `${file}:${found.line}`;
    }
  }
  return undefined;
}

interface Position {
  readonly source: string;
  readonly line: number;
}

function sourceOf(script: string, line: number, column: number): Position | undefined {
  const path = script.startsWith('file:') ? fileURLToPath(script.replace(/\?.*$/, '')) : script;
  if (!existsSync(`${path}.map`)) return { source: path.replaceAll('\\', '/'), line };
  const map = new SourceMap(JSON.parse(readFileSync(`${path}.map`, 'utf8')));
  const { originalSource: source, originalLine } = map.findEntry(line - 1, column - 1) as {
    readonly originalSource?: string; // what no source made has none
    readonly originalLine: number;
  };
  return source === undefined ? undefined : { source, line: originalLine + 1 };
}
