import { expect, test } from 'vitest';
import { adapterWords, browserWords, bytesWords, chipFromRenderer, chipName, durationWords, plural } from './words.ts';

const adapter = { vendor: 'apple', architecture: 'metal-3', device: '', description: '', isFallback: false };

test('names chip and graphics interface as far as the browser tells', () => {
  expect(adapterWords(adapter, 'Macintosh; Intel Mac OS X 10_15_7', 'Apple M2')).toBe('Apple M2 through Metal');
  expect(adapterWords(adapter, 'Macintosh; Intel Mac OS X 10_15_7')).toBe('Apple metal-3 through Metal');
  expect(adapterWords({ ...adapter, vendor: 'nvidia', architecture: 'ampere' }, 'Windows NT 10.0; Win64')).toBe(
    'NVIDIA ampere through Direct3D 12',
  );
  expect(adapterWords({ ...adapter, vendor: '', architecture: '' }, 'X11; Linux x86_64')).toBe('an unnamed graphics chip through Vulkan');
  expect(adapterWords({ ...adapter, isFallback: true }, 'X11; Linux x86_64')).not.toContain('Vulkan');
});

test('prefers a description, and does not show a device number', () => {
  expect(chipName({ ...adapter, vendor: 'intel', architecture: 'xe', device: '0x9a49', description: '' })).toBe('Intel xe');
  expect(chipName({ ...adapter, description: 'Radeon 780M' })).toBe('Radeon 780M');
});

test('reads the chip out of WebGL renderer texts of its own maker only', () => {
  expect(chipFromRenderer('ANGLE (Apple, ANGLE Metal Renderer: Apple M2, Unspecified Version)', 'apple')).toBe('Apple M2');
  const geforce = 'ANGLE (NVIDIA, NVIDIA GeForce RTX 3060 (0x00002544) Direct3D11 vs_5_0 ps_5_0, D3D11)';
  expect(chipFromRenderer(geforce, 'nvidia')).toBe('NVIDIA GeForce RTX 3060');
  expect(chipFromRenderer(geforce, 'intel')).toBeUndefined();
  expect(chipFromRenderer('Intel(R) HD Graphics 400', 'intel')).toBe('Intel HD Graphics 400');
  expect(chipFromRenderer('', 'intel')).toBeUndefined();
});

test('never sounds more exact than it is', () => {
  expect(durationWords(3)).toBe('1 second');
  expect(durationWords(41_400)).toBe('41 seconds');
  expect(durationWords(200_000)).toBe('about 3 minutes');
  expect(bytesWords(512)).toBe('512 bytes');
  expect(bytesWords(44_100)).toBe('44 KB');
  expect(bytesWords(3_140_000)).toBe('3.1 MB');
  expect(bytesWords(2.5e9)).toBe('2.5 GB');
  expect(plural(1, 'check')).toBe('1 check');
  expect(plural(1024, 'check')).toBe('1,024 checks');
  expect(browserWords('chromium', '156.0.8078.79')).toBe('Chromium 156');
  expect(browserWords('chromium', '156.0.0.0', 'Opera')).toBe('Opera 156');
});
