import { expect, test } from 'vitest';
import { shortcutOf } from './shortcuts.ts';

const event = {
  key: 'r',
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  repeat: false,
  isComposing: false,
  defaultPrevented: false,
};

test('one letter, digit or sign is a shortcut, in either case', () => {
  expect(['r', 'R', '/', '?', '2'].map((key) => shortcutOf({ ...event, key }))).toEqual([
    'r',
    'r',
    '/',
    '?',
    '2',
  ]);
  expect(
    ['Enter', 'Escape', 'ArrowUp', ' ', 'ä'].map((key) => shortcutOf({ ...event, key })),
  ).toEqual(Array(5).fill(undefined));
});

test.each(['ctrlKey', 'metaKey', 'altKey', 'repeat', 'isComposing', 'defaultPrevented'] as const)(
  'not with %s',
  (name) => {
    expect(shortcutOf({ ...event, [name]: true })).toBeUndefined();
  },
);
