import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { UsageError } from '../exit.ts';
import { readExcluded, readMoved, readSnapshot } from './read.ts';
import type { Snapshot } from './snapshot.ts';

const folder = mkdtempSync(join(tmpdir(), 'gradproof-snapshot-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(text: string): string {
  const path = join(folder, 'file.json');
  writeFileSync(path, text);
  return path;
}

const SNAPSHOT: Snapshot = {
  schema: 'gradproof-snapshot/1',
  commit: 'c',
  takenAt: '2026',
  runtime: 'node 20',
  planHash: 'ff',
  cases: { 'a:b webgpu': { status: 'fail', code: 'leak', kernels: ['nn/silu'] } },
  bundles: { 'p:q webgpu': { status: 'pass', kernels: [], reads: 'aa' } },
  mutants: [{ kernel: 'nn/silu', change: 'sign', verdict: 'killed' }],
};

test('what is as it was written is read', () => {
  expect(readSnapshot(fileOf(JSON.stringify(SNAPSHOT)))).toEqual(SNAPSHOT);
  const { mutants: _, ...without } = SNAPSHOT;
  expect(readSnapshot(fileOf(JSON.stringify(without)))).toEqual(without);
  const moved = { a: 'b', c: ['d', 'e'] };
  expect(readMoved(fileOf(JSON.stringify(moved)))).toEqual(moved);
  expect(readExcluded(fileOf('{"a:b": "the clock"}'))).toEqual({ 'a:b': 'the clock' });
});

test.each<[(path: string) => unknown, string, RegExp]>([
  [readSnapshot, '', /^snapshot .*file\.json: is not JSON \(.*\): take it again with npm run/],
  [readSnapshot, '{"schema":', /is not JSON/],
  [readSnapshot, 'null', /file\.json: Invalid type: .*received null: take it again/],
  [readSnapshot, '[]', /Invalid (key|type)/],
  [readSnapshot, '{"schema":"gradproof-report/1"}', /schema: .*"gradproof-snapshot\/1"/],
  [readSnapshot, JSON.stringify({ ...SNAPSHOT, cases: undefined }), /cases/],
  [readSnapshot, JSON.stringify({ ...SNAPSHOT, planHash: 7 }), /planHash: Invalid type/],
  [
    readSnapshot,
    JSON.stringify({ ...SNAPSHOT, bundles: { 'p:q webgpu': { status: 'well', kernels: [] } } }),
    /bundles\.p:q webgpu\.status: Invalid type/,
  ],
  [
    readSnapshot,
    JSON.stringify({ ...SNAPSHOT, cases: { 'a:b webgpu': { status: 'pass' } } }),
    /cases\.a:b webgpu\.kernels/,
  ],
  [readMoved, '{"a": 1}', /^--moved .*file\.json: a: Invalid type.*: it maps old names/],
  [readMoved, '{"a": ["b", 2]}', /: a.*: it maps old names/],
  [readMoved, 'null', /file\.json: Invalid type/],
  [readExcluded, '{"a:b": true}', /^exclusions .*: a:b: Invalid type.*: they map ids/],
])('what is not is refused in one line: %#', (read, text, says) => {
  const path = fileOf(text);
  expect(() => read(path)).toThrow(UsageError);
  expect(() => read(path)).toThrow(says);
  expect(() => read(path)).not.toThrow(/\n/);
});

test('a file that is not there is named as what it was to be', () => {
  const missing = join(folder, 'missing.json');
  expect(() => readSnapshot(missing)).toThrow(
    `snapshot ${missing}: cannot be read: no such file or folder`,
  );
  expect(() => readMoved(folder)).toThrow(`--moved ${folder}: cannot be read: is a folder`);
});
