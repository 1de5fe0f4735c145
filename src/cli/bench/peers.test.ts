import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { peersFor } from './peers.ts';

const folder = mkdtempSync(join(tmpdir(), 'gradproof-peers-'));
writeFileSync(join(folder, 'ort.js'), '');
writeFileSync(join(folder, 'jax.js'), '');

test('all that are installed are timed, and the others are named with the command', () => {
  const { peers, remarks } = peersFor('chromium', undefined, folder);
  expect(peers).toEqual(['ort', 'jax']);
  expect(remarks).toEqual([
    'without tfjs, which are not installed: npm run bench:setup installs and builds them',
  ]);
  expect(peersFor('chromium', undefined, join(folder, 'none'))).toMatchObject({ peers: [] });
});

test('those that are asked for must be there', () => {
  expect(peersFor('chromium', ['jax'], folder)).toEqual({ peers: ['jax'], remarks: [] });
  expect(peersFor('chromium', [], folder)).toEqual({ peers: [], remarks: [] });
  expect(() => peersFor('chromium', ['jax', 'tfjs'], folder)).toThrow(
    '--peers tfjs: not installed: npm run bench:setup installs and builds them',
  );
});

test('none is timed in Node', () => {
  expect(peersFor('node', undefined, folder)).toEqual({ peers: [], remarks: [] });
  expect(() => peersFor('node', ['ort'], folder)).toThrow('--peers: they need a browser');
});
