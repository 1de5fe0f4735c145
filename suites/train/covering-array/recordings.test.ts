import { expect, test } from 'vitest';
import { recordingOf } from './recordings.ts';
import { ROWS } from './rows.ts';

const OF_BRIDGE = '../../../bridge/src/gradproof_bridge/cases/covering_array.json';
const RECORDINGS = ROWS.map((row, i) => recordingOf(row, i + 1));

test('the bridge records the rows of the array; -u writes its list anew', async () => {
  const lines = RECORDINGS.map((recording) => `  ${JSON.stringify(recording)}`);
  await expect(`[\n${lines.join(',\n')}\n]\n`).toMatchFileSnapshot(OF_BRIDGE);
});

test('without dropout, paths and the smaller last batch no two rows are the same', () => {
  const unlike = new Set(RECORDINGS.map(({ params }) => JSON.stringify(params)));
  expect(unlike.size).toBe(ROWS.length);
});
