import { expect, test } from 'vitest';
import { covers } from '../catalog/covers.ts';
import { EQUIPMENT_WORDS } from './equipment/words.ts';
import {
  bridgeItems,
  type Equipment,
  equipmentItems,
  librariesOf,
  NEEDED_LIMITS,
} from './equipment.ts';

const WHOLE: Equipment = {
  program: 'Chrome 156',
  isSecure: true,
  hasWebGpu: true,
  adapter: {
    name: 'NVIDIA Ada',
    isFallback: false,
    features: ['shader-f16', 'subgroups', 'timestamp-query'],
    limits: { ...NEEDED_LIMITS, maxBufferSize: 2 ** 32 },
  },
  page: { isIsolated: true, quotaBytes: 3 * 2 ** 30 },
};
const poor = (change: Partial<Equipment>) =>
  equipmentItems({ ...WHOLE, ...change }).filter(({ state }) => state !== 'there');

test('where all is there nothing is to be done', () => {
  const items = equipmentItems(WHOLE);
  expect(poor({})).toEqual([]);
  expect(items.map(({ part }) => part)).toEqual([
    ...['program', 'secure', 'webgpu', 'adapter', 'shader-f16', 'subgroups', 'timestamp-query'],
    ...Object.keys(NEEDED_LIMITS),
    ...['isolation', 'storage'],
  ]);
  expect(new Set(items.map(({ fix }) => fix))).toEqual(new Set(['nothing to do']));
  const found = Object.fromEntries(items.map(({ part, found: text }) => [part, text]));
  expect(found).toMatchObject({
    ...{ maxBufferSize: '4 GiB, 256 MiB needed', maxStorageBuffersPerShaderStage: '8, 8 needed' },
    storage: '3 GiB at most',
  });
});

test(
  'each thing that is missing is told with one line of what to do about it, and with no other',
  covers('fsdp.utilities.environment-doctor/one-fix-line').control(
    'of what is missing it is said that nothing is to be done',
    {
      file: 'src/report/equipment.ts',
      from: "state === 'there' ? nothing",
      to: "state !== 'missing' ? nothing",
    },
  ),
  () => {
    const { adapter } = WHOLE as { adapter: NonNullable<Equipment['adapter']> };
    const cases: [Partial<Equipment>, string, string][] = [
      [{ isSecure: false }, 'secure', 'missing'],
      [{ adapter: { ...adapter, isFallback: true } }, 'adapter', 'lacking'],
      [
        { adapter: { ...adapter, features: ['shader-f16', 'subgroups'] } },
        'timestamp-query',
        'lacking',
      ],
      [
        { adapter: { ...adapter, limits: { ...NEEDED_LIMITS, maxBufferSize: 2 ** 27 } } },
        'maxBufferSize',
        'missing',
      ],
      [{ page: { isIsolated: false, quotaBytes: 2 ** 31 } }, 'isolation', 'lacking'],
      [{ page: { isIsolated: true, quotaBytes: null } }, 'storage', 'lacking'],
      [{ page: { isIsolated: true, quotaBytes: 2 ** 20 } }, 'storage', 'lacking'],
    ];
    for (const [change, part, state] of cases) {
      const items = poor(change);
      expect(items, part).toMatchObject([{ part, state }]);
      const [{ fix = '' } = {}] = items;
      expect(fix, part).toMatch(/^[^\n]{20,}$/);
      expect(fix, part).not.toBe(EQUIPMENT_WORDS.nothing);
    }
    const nothing = poor({ hasWebGpu: false, adapter: null });
    expect(nothing.map(({ part }) => part)).toEqual([
      ...['webgpu', 'adapter', 'shader-f16', 'subgroups', 'timestamp-query'],
    ]);
  },
);

test('each library behind the bridge is told once, with its version', () => {
  const torch = { name: 'torch', version: '2.15.0' };
  const libraries = librariesOf([
    { libraries: [torch, { name: 'bitsandbytes', version: '0.50.2' }] },
    { libraries: [torch] },
  ]);
  expect(bridgeItems(libraries).map(({ name, found, state }) => [name, found, state])).toEqual([
    ['Bridge to Python', '2 libraries', 'there'],
    ['torch', '2.15.0', 'there'],
    ['bitsandbytes', '0.50.2', 'there'],
  ]);
  expect(bridgeItems({ problem: 'it does not start' })).toMatchObject([
    { found: 'it does not start', state: 'lacking', fix: expect.stringContaining('bridge:setup') },
  ]);
  expect(bridgeItems(librariesOf([]))).toMatchObject([{ found: '0 libraries', state: 'lacking' }]);
});
