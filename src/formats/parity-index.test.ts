import { expect, test } from 'vitest';
import { readParityIndex } from './parity-index.ts';

const CASE = { name: 'torch-2.15.0/matmul_3x5', op: 'matmul', bytes: 100, sha256: 'a'.repeat(64) };
const ON_CPU = { date: '2026-11-20', device: 'cpu', processor: 'x86_64 AuthenticAMD' };
const ON_CUDA = {
  date: '2026-12-01',
  device: 'cuda:0 (NVIDIA H200)',
  processor: 'x86_64 GenuineIntel',
};
const INDEX = {
  schema: 'parity-bundle/1',
  versions: { torch: '2.15.0' },
  recordings: [ON_CPU, ON_CUDA],
  cases: [{ ...CASE, recording: 0 }],
};

test('each bundle keeps the date and the device of its own recording', () => {
  const cuda = { ...CASE, name: 'torch-2.15.0-cuda-nvidia-h200/matmul_3x5', recording: 1 };
  const { versions, cases } = readParityIndex(
    JSON.stringify({ ...INDEX, cases: [...INDEX.cases, cuda] }),
  );
  expect(versions).toEqual({ torch: '2.15.0' });
  expect(cases).toEqual([
    { ...CASE, recorded: ON_CPU },
    { ...CASE, name: cuda.name, recorded: ON_CUDA },
  ]);
});

test('a set recorded at one time has one date for all bundles, or none', () => {
  const { recordings: _, ...plain } = { ...INDEX, cases: [CASE] };
  const dated = readParityIndex(JSON.stringify({ ...plain, recorded: { date: '2026-11-20' } }));
  expect(dated.cases).toEqual([{ ...CASE, recorded: { date: '2026-11-20' } }]);
  expect(readParityIndex(JSON.stringify(plain)).cases).toEqual([CASE]);
});

test('a bundle of none of the recordings has the date of the whole set, or none', () => {
  const read = (more: object) =>
    readParityIndex(JSON.stringify({ ...INDEX, ...more, cases: [CASE] })).cases;
  expect(read({ recorded: { date: '2026-11-01' } })).toEqual([
    { ...CASE, recorded: { date: '2026-11-01' } },
  ]);
  expect(read({})).toEqual([CASE]);
});

test('a bundle may be of no bytes, and of the first recording', () => {
  const empty = { ...CASE, bytes: 0, recording: 0 };
  const { cases } = readParityIndex(JSON.stringify({ ...INDEX, cases: [empty] }));
  expect(cases).toEqual([{ ...CASE, bytes: 0, recorded: ON_CPU }]);
});

test.each([
  ['less than no bytes', { ...INDEX, cases: [{ ...CASE, bytes: -1 }] }, /cases\.0\.bytes: /],
  ['half a byte', { ...INDEX, cases: [{ ...CASE, bytes: 0.5 }] }, /cases\.0\.bytes: /],
  [
    'a recording before the first',
    { ...INDEX, cases: [{ ...CASE, recording: -1 }] },
    /cases\.0\.recording: /,
  ],
  [
    'a name that leads elsewhere',
    { ...INDEX, cases: [{ ...CASE, name: '../../secret' }] },
    /cases\.0\.name/,
  ],
  [
    'a name that leads up later',
    { ...INDEX, cases: [{ ...CASE, name: 'torch/../../secret' }] },
    /cases\.0\.name/,
  ],
  [
    'a name that begins at the root',
    { ...INDEX, cases: [{ ...CASE, name: '/etc/passwd' }] },
    /cases\.0\.name/,
  ],
  [
    'a name that is an address',
    { ...INDEX, cases: [{ ...CASE, name: 'http://evil.example/x' }] },
    /cases\.0\.name/,
  ],
  ['a hash that is none', { ...INDEX, cases: [{ ...CASE, sha256: 'A'.repeat(64) }] }, /sha256/],
  ['another schema', { ...INDEX, schema: 'parity-bundle/9' }, /schema: must be/],
  ['a day that is none', { ...INDEX, recordings: [{ date: 'yesterday' }] }, /date/],
  ['a day of an older set that is none', { ...INDEX, recorded: { date: 'yesterday' } }, /date/],
  [
    'a recording that is not there',
    { ...INDEX, cases: [{ ...CASE, recording: 2 }] },
    /recording 2 of 2/,
  ],
])('%s is refused', (_, index, says) => {
  expect(() => readParityIndex(JSON.stringify(index))).toThrow(says);
});
