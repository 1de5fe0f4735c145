import { execFileSync, spawn } from 'node:child_process';
import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { devNull, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkFolder, checkOutputs, checkWritable, writeOutput } from './files.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gradproof-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a file is written whole, over what was there, and nothing else is left', () => {
  const file = join(folder, 'report.json');
  for (const text of ['long', 'new']) writeOutput('--report', file, text);
  expect([readFileSync(file, 'utf8'), readdirSync(folder)]).toEqual(['new', ['report.json']]);
});

test('a link stays a link, and the file that it names is written', () => {
  const file = join(folder, 'report.json');
  const link = join(folder, 'latest.json');
  writeFileSync(file, 'old');
  symlinkSync(file, link);
  checkWritable('--report', link);
  writeOutput('--report', link, 'new');
  expect([lstatSync(link).isSymbolicLink(), readFileSync(file, 'utf8')]).toEqual([true, 'new']);
});

test('two options that name one file are refused, however it is spelt', () => {
  const file = join(folder, 'report.json');
  const linked = join(folder, 'linked');
  symlinkSync(folder, linked);
  const refused = (report: string, csv: string) => () =>
    checkOutputs({ '--report': report, '--html': undefined, '--csv': csv });
  const spelt = join(linked, 'report.json');
  expect(refused(file, spelt)).toThrow(`--report and --csv ${spelt}: are one file: name two`);
  writeFileSync(file, '');
  expect(refused(relative('.', file), spelt)).toThrow('are one file');
  expect(refused('-', '-')).toThrow('--report and --csv -: are one file');
  expect(refused(file, join(folder, 'report.csv'))).not.toThrow();
  expect(refused(devNull, devNull)).not.toThrow();
  expect(refused(file, folder)).toThrow('is a folder');
});

test('an output that names an input is refused, by a link too', () => {
  const file = join(folder, 'weights.safetensors');
  const link = join(folder, 'link.safetensors');
  writeFileSync(file, 'weights');
  symlinkSync(file, link);
  const refused = (path: string, inputs: Parameters<typeof checkOutputs>[1]) => (): void =>
    checkOutputs({ '--report': path }, inputs);
  const why = 'would overwrite what --data reads: name another file';
  expect(refused(file, { '--data': file })).toThrow(`--report ${file}: ${why}`);
  expect(refused(link, { '--data': file })).toThrow(why);
  expect(refused(relative('.', file), { '--data': ['x', link] })).toThrow(why);
  // What a folder holds beside its model is not read, and stdout is no file.
  expect(refused(file, { '--model': folder })).not.toThrow();
  for (const path of ['-', devNull])
    expect(refused(path, { '--data': path, '--config': undefined })).not.toThrow();
});

test('a folder whose file is an input is refused where a file of that name is written', () => {
  const file = join(folder, 'log.jsonl');
  const refused = (names: readonly string[]) => (): void =>
    checkFolder('--out', { path: folder, names }, { '--data': file });
  expect(refused(['log.jsonl'])).not.toThrow();
  writeFileSync(file, 'texts');
  expect(refused(['report.json', 'log.jsonl'])).toThrow(
    `--out ${file}: would overwrite what --data reads: name another file`,
  );
  expect(refused(['report.json'])).not.toThrow();
});

test.skipIf(process.platform === 'win32')(
  'a pipe, and so a device, is written into and not replaced',
  async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('sh', ['-c', 'mkfifo "$0"', pipe]);
    const reader = spawn('cat', [pipe], { stdio: ['ignore', 'pipe', 'ignore'] });
    let read = '';
    reader.stdout.on('data', (chunk: Buffer) => {
      read += chunk.toString();
    });
    checkWritable('--report', pipe);
    writeOutput('--report', pipe, 'report');
    await new Promise((resolve) => reader.on('close', resolve));
    expect([read, lstatSync(pipe).isFIFO()]).toEqual(['report', true]);
  },
);
