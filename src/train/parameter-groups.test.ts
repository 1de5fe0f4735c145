import { expect, test } from 'vitest';
import { flatLayout } from '../autograd/flat-parameters.ts';
import { cutByGroup, groupedParts } from './parameter-groups.ts';

/** Of 64, 64, 128, 192 and 64 floats with their gaps. */
const LAYOUT = flatLayout(
  new Map([
    ['norm', [3]],
    ['bias', [64]],
    ['w', [65]],
    ['v', [130]],
    ['last.norm', [1]],
  ]),
  Number.POSITIVE_INFINITY,
);
const grouped = groupedParts(LAYOUT, (name) => Number(!/norm|bias/.test(name)));

test('neighbours of one group are one part, gaps and all', () => {
  expect(grouped).toEqual([
    { group: 0, offset: 0, size: 128 },
    { group: 1, offset: 128, size: 320 },
    { group: 0, offset: 448, size: 64 },
  ]);
  expect(groupedParts(LAYOUT, () => 0)).toEqual([{ group: 0, offset: 0, size: 512 }]);
});

test('a part is cut where another group begins', () => {
  expect(cutByGroup({ offset: 64, size: 128 }, grouped)).toEqual([
    { group: 0, offset: 64, size: 64 },
    { group: 1, offset: 128, size: 64 },
  ]);
  expect(cutByGroup({ offset: 192, size: 64 }, grouped)).toEqual([
    { group: 1, offset: 192, size: 64 },
  ]);
  expect(cutByGroup({ offset: 0, size: 512 }, grouped)).toEqual(grouped);
});
