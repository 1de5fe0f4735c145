import { expect, test } from 'vitest';
import { CHECKED_IN } from './checked-in.ts';
import { tableInUse } from './table-in-use.ts';

test('the table in use is of the rows that are checked in, behind those of the device', () => {
  const own = { variant: 'tiled', sizes: { ROWS: 32 }, rows: [1, 9] } as const;
  expect(tableInUse({ tuned: [] })).toEqual(CHECKED_IN);
  expect(tableInUse({ tuned: [own] })).toEqual([own, ...CHECKED_IN]);
});

test('a table that was in use has no row twice, and those of a later build last', () => {
  const earlier = [{ variant: 'register' }, ...CHECKED_IN.slice(1, 4)];
  const now = tableInUse({ tuned: earlier });
  expect(now.slice(0, 4)).toEqual(earlier);
  expect(tableInUse({ tuned: now })).toEqual(now);
});
