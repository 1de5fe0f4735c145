import { expect, test } from 'vitest';
import { FormatError } from '../formats/format-error.ts';
import { sha256 } from '../formats/sha256.ts';
import { bundlesOf, type FoundFile } from './recorded-set.ts';

const BYTES = Uint8Array.of(1, 2, 3);
const file = (path: string, over: Partial<FoundFile> = {}): FoundFile => ({
  path,
  bytes: BYTES,
  direct: false,
  ...over,
});

/** An index at `path` that lists `names`, all with the bytes of {@link file}. */
async function index(
  path: string,
  names: readonly string[],
  over: Partial<FoundFile> = {},
): Promise<FoundFile> {
  const cases = await Promise.all(
    names.map(async (name) => ({ name, op: 'matmul', bytes: 3, sha256: await sha256(BYTES) })),
  );
  const text = JSON.stringify({
    schema: 'parity-bundle/1',
    versions: {},
    recorded: { date: '2026-11-20' },
    cases,
  });
  return file(path, { bytes: new TextEncoder().encode(text), ...over });
}

const found = async (...files: (FoundFile | Promise<FoundFile>)[]) =>
  (await bundlesOf(await Promise.all(files))).map(({ name, recorded, problem }) => [
    name,
    recorded?.date,
    problem?.replace(/[:,].*/, ''),
  ]);

test('files in the index have a date, others have none', async () => {
  expect(
    await found(
      file('a/x.safetensors'),
      file('a/b/y.safetensors'),
      file('a/z.safetensors'),
      index('a/INDEX.json', ['x', 'b/y']),
    ),
  ).toEqual([
    ['a/x.safetensors', '2026-11-20', undefined],
    ['a/b/y.safetensors', '2026-11-20', undefined],
    ['a/z.safetensors', undefined, undefined],
  ]);
});

test('other bytes and missing files are a problem of a folder', async () => {
  const other = { bytes: Uint8Array.of(1, 2, 4) };
  expect(await found(file('x.safetensors', other), index('INDEX.json', ['x', 'y']))).toEqual([
    [
      'x.safetensors',
      undefined,
      'its 3 bytes are not the 3 that INDEX.json lists with SHA-256 039058c6f2c0',
    ],
    ['y.safetensors', undefined, 'INDEX.json lists it'],
  ]);
});

test('a file given by name is replayed as it is, and dated if it matches the index', async () => {
  const theirs = index('INDEX.json', ['x', 'y', 'z'], { direct: true });
  const changed = file('y.safetensors', { direct: true, bytes: Uint8Array.of(9) });
  expect(await found(file('x.safetensors', { direct: true }), changed, theirs)).toEqual([
    ['x.safetensors', '2026-11-20', undefined],
    ['y.safetensors', undefined, undefined],
  ]);
});

test('the nearest index counts, and only for its own folder', async () => {
  const outer = index('a/INDEX.json', ['b/x'], { direct: true });
  const inner = index('a/b/INDEX.json', [], { direct: true });
  expect(await found(file('a/b/x.safetensors'), file('ab/x.safetensors'), outer, inner)).toEqual([
    ['a/b/x.safetensors', undefined, undefined],
    ['ab/x.safetensors', undefined, undefined],
  ]);
});

test('a bad index is refused with its place', async () => {
  const bad = file('a/INDEX.json', { bytes: new TextEncoder().encode('{') });
  await expect(bundlesOf([bad])).rejects.toThrow(FormatError);
  await expect(bundlesOf([bad])).rejects.toThrow(/^a\/INDEX\.json/);
});
