import { expect, test } from 'vitest';
import { RUN } from './fixtures/reports.ts';
import { browserWords, chipName, placeWords } from './place.ts';

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
