import { execFileSync, spawn } from 'node:child_process';
import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { devNull, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RUN } from '../report/fixtures/reports.ts';
import { writeReport } from '../report/write.ts';
import { UsageError } from './exit.ts';
import {
  checkFolder,
  checkOutputs,
  checkWritable,
  readInput,
  readReportFile,
  writeOutput,
  writeOutputs,
} from './files.ts';

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

test('what cannot be written or made keeps nothing else from being written', async () => {
  const csv = join(folder, 'report.csv');
  const lost = join(folder, 'lost', 'report.json');
  const unmade = () => {
    throw new UsageError('--link: this report has none');
  };
  const writing = writeOutputs([
    { option: '--report', path: lost, data: () => 'report' },
    { option: '--html', path: undefined, data: unmade },
    { option: '--link', path: csv, data: unmade },
    { option: '--csv', path: csv, data: async () => 'lines' },
  ]);
  await expect(writing).rejects.toMatchObject({
    lines: [
      `--report ${lost}: cannot be written: no such file or folder`,
      '--link: this report has none',
    ],
  });
  expect(readFileSync(csv, 'utf8')).toBe('lines');
});

test('a text whose name ends in .gz is gzipped, and read again', async () => {
  const path = join(folder, 'report.json.gz');
  await writeOutputs([{ option: '--report', path, data: () => writeReport(RUN) }]);
  expect([...readFileSync(path).subarray(0, 2)]).toEqual([0x1f, 0x8b]);
  expect((await readReportFile(path)).run.id).toBe(RUN.run.id);
});

test('a report that cannot be read is told with the option that named it', async () => {
  const path = join(folder, 'cut.json');
  await expect(readReportFile(path, '--baseline')).rejects.toThrow(
    `--baseline ${path}: cannot be read: no such file or folder`,
  );
  writeFileSync(path, writeReport(RUN).slice(0, 99));
  await expect(readReportFile(path, '--baseline')).rejects.toThrow(`--baseline ${path}: `);
  await expect(readReportFile(path)).rejects.toThrow(new RegExp(`^${path}: `));
});

test('a file that is too large to be read at once says what to do', () => {
  const path = join(folder, 'large.safetensors');
  writeFileSync(path, '');
  truncateSync(path, 2 ** 31 + 1); // without blocks on the disk
  expect(() => readInput('--data', path)).toThrow(
    `--data ${path}: cannot be read: is larger than 2 GiB, the most that is read of a file: give what it holds in several`,
  );
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
