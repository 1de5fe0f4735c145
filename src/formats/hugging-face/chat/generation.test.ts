import { expect, test } from 'vitest';
import { marksBeside } from './generation.ts';

test('marks are the first two private characters that a text does not have', () => {
  expect(marksBeside('a')).toEqual(['\ue000', '\ue001']);
  expect(marksBeside('\ue000 \ue001\ue003')).toEqual(['\ue002', '\ue004']);
});
