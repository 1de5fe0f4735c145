import { expect, test } from 'vitest';
import { adapterWords, chipFromRenderer } from './words.ts';

const adapter = {
  vendor: 'apple',
  architecture: 'metal-3',
  device: '',
  description: '',
  isFallback: false,
};

test('names chip and graphics interface as far as the browser tells', () => {
  expect(adapterWords(adapter, 'Macintosh; Intel Mac OS X 10_15_7', 'Apple M2')).toBe(
    'Apple M2 through Metal',
  );
  expect(adapterWords(adapter, 'Macintosh; Intel Mac OS X 10_15_7')).toBe(
    'Apple metal-3 through Metal',
  );
  expect(
    adapterWords(
      { ...adapter, vendor: 'nvidia', architecture: 'ampere' },
      'Windows NT 10.0; Win64',
    ),
  ).toBe('NVIDIA ampere through Direct3D 12');
  expect(adapterWords({ ...adapter, vendor: '', architecture: '' }, 'X11; Linux x86_64')).toBe(
    'an unnamed graphics chip through Vulkan',
  );
  expect(adapterWords({ ...adapter, isFallback: true }, 'X11; Linux x86_64')).not.toContain(
    'Vulkan',
  );
});

test('reads the chip out of WebGL renderer texts of its own maker only', () => {
  expect(
    chipFromRenderer('ANGLE (Apple, ANGLE Metal Renderer: Apple M2, Unspecified Version)', 'apple'),
  ).toBe('Apple M2');
  const geforce =
    'ANGLE (NVIDIA, NVIDIA GeForce RTX 3060 (0x00002544) Direct3D11 vs_5_0 ps_5_0, D3D11)';
  expect(chipFromRenderer(geforce, 'nvidia')).toBe('NVIDIA GeForce RTX 3060');
  expect(chipFromRenderer(geforce, 'intel')).toBeUndefined();
  expect(chipFromRenderer('Intel(R) HD Graphics 400', 'intel')).toBe('Intel HD Graphics 400');
  expect(chipFromRenderer('', 'intel')).toBeUndefined();
});
