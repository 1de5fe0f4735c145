import { describe, expect, test } from 'vitest';
import { FOREST } from './forest.ts';
import { STATION } from './station.ts';
import { tales } from './tales.ts';

describe.each([
  ['forest', FOREST],
  ['station', STATION],
])('tales of the %s', (_, world) => {
  const told = tales(world, 500, 42);

  test('are the same for the same seed, and others for another', () => {
    expect(tales(world, 500, 42)).toEqual(told);
    expect(tales(world, 1, 43)).not.toEqual(told.slice(0, 1));
  });

  test('differ, and are plain sentences with every word filled in', () => {
    expect(new Set(told).size).toBe(told.length);
    for (const tale of told) {
      expect(tale).toMatch(/^[\x20-\x7e]+[.!?"]$/);
      expect(tale).not.toMatch(/[[\]{}]|undefined|\b[Aa] [aeiou]/);
    }
  });

  test('name whom they began with to their end, and call each as each is called', () => {
    const names = new Map(world.people.map(({ name, he }) => [name, he]));
    const alone = told.flatMap((tale) => {
      const met = [...names.keys()].filter((name) => new RegExp(`\\b${name}\\b`).test(tale));
      expect(met.length).toBeLessThanOrEqual(2);
      return met.length === 1 ? [[met[0] as string, tale] as const] : [];
    });
    for (const [name, tale] of alone)
      expect(tale).not.toMatch(names.get(name) === 'he' ? /\b[Ss]he\b/ : /\b[Hh]e\b/);
  });
});
