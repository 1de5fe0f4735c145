import { expect, test } from 'vitest';
import { RUN } from './fixtures/reports.ts';
import {
  browserWords,
  chipName,
  isSamePlace,
  makerName,
  placesWords,
  placeWords,
} from './place.ts';

const ADAPTER = {
  vendor: 'apple',
  architecture: 'metal-3',
  device: '',
  description: '',
  isFallback: false,
};
const [NODE] = RUN.environments;
const place = (adapter: Partial<typeof ADAPTER>, device?: string) =>
  NODE &&
  placeWords(
    {
      ...NODE,
      runtime: 'chromium',
      runtimeVersion: '156.0.8078.79',
      adapter: { ...ADAPTER, ...adapter },
    },
    device,
  );

test('a chip is named by its description, not by a device number', () => {
  expect(chipName({ ...ADAPTER, vendor: 'intel', architecture: 'xe', device: '0x9a49' })).toBe(
    'Intel xe',
  );
  expect(chipName({ ...ADAPTER, vendor: 'acme', architecture: '', device: 'rocket' })).toBe(
    'acme rocket',
  );
  expect(chipName({ ...ADAPTER, description: 'Radeon 780M' })).toBe('Radeon 780M');
});

test('a chip whose description is that of its driver alone is named by its device', () => {
  const h100 = { vendor: 'nvidia', architecture: '', device: 'nvidia-h100-80gb-hbm3' };
  const description = 'NVIDIA: 580.159.04 580.159.4.0';
  expect(chipName({ ...ADAPTER, ...h100, description })).toBe('NVIDIA h100-80gb-hbm3');
  const swiftShader = { vendor: 'google', device: 'swiftshader-device-subzero-' };
  expect(chipName({ ...ADAPTER, ...swiftShader, description: 'SwiftShader driver 5.0.0' })).toBe(
    'SwiftShader driver 5.0.0',
  );
});

test('a browser is named as it names itself, with its major version', () => {
  expect(browserWords('chromium', '156.0.8078.79')).toBe('Chromium 156');
  expect(browserWords('chromium', '156.0.0.0', 'Opera')).toBe('Opera 156');
});

test('a place is the chip and the browser; a person may name the chip, and never calls a processor one', () => {
  expect(place({})).toBe('Apple metal-3 (Chromium 156)');
  expect(place({ vendor: '', architecture: '' })).toBe('an unnamed graphics chip (Chromium 156)');
  expect(place({}, 'MacBook Air M2')).toBe('MacBook Air M2 (Chromium 156)');
  expect(place({ isFallback: true })).toBe('a processor (Chromium 156)');
  expect(place({ isFallback: true }, 'my server')).toBe('my server, a processor (Chromium 156)');
});

test.each([
  ['apple', 'Apple'],
  ['APPLE', 'Apple'],
  ['img-tec', 'Imagination'],
  ['acme', undefined],
])('the maker %s is %s', (vendor, name) => {
  expect(makerName(vendor)).toBe(name);
});

test('a chip that tells nothing has no name, and a runtime that is not known its own', () => {
  expect(chipName({ ...ADAPTER, vendor: '', architecture: '' })).toBe('');
  expect(browserWords('node', '20.20.2')).toBe('Node.js 20');
  expect(browserWords('lynx', '3')).toBe('lynx 3');
  expect(browserWords('deno', '')).toBe('Deno');
});

test('places are told once each, as a person calls the device', () => {
  const [node] = RUN.environments as [(typeof RUN.environments)[number]];
  const other = { ...node, runtime: 'firefox', runtimeVersion: '140.1', adapter: ADAPTER };
  expect(placesWords([node, other, { ...node, cores: 99 }])).toBe(
    'a processor (Node.js 20), Apple metal-3 (Firefox 140)',
  );
  expect(placesWords([other], 'my laptop')).toBe('my laptop (Firefox 140)');
});

test('a place is the same adapter in the same runtime, of whatever version', () => {
  const one = { runtime: 'chromium', adapter: { ...ADAPTER, device: 'm2' } };
  expect(isSamePlace(one, { ...one, adapter: { ...one.adapter } })).toBe(true);
  expect(isSamePlace(one, { ...one, runtime: 'edge' })).toBe(false);
  for (const change of [
    { vendor: 'amd' },
    { architecture: 'x' },
    { device: 'x' },
    { description: 'x' },
    { isFallback: true },
  ])
    expect(isSamePlace(one, { ...one, adapter: { ...one.adapter, ...change } })).toBe(false);
});
