import { expect, test } from 'vitest';
import { modelAddress, nameOfAddress } from '../../formats/hugging-face/model-address.ts';
import { isLocal } from './address.ts';

test.each([
  ['https://example.org/m', 'https://example.org/m/'],
  ['https://example.org/a/m.GGUF?download=true#x', 'https://example.org/a/m.GGUF'],
  ['http://localhost:8000/m/', 'http://localhost:8000/m/'],
  ['http://[::1]:8000/m/', 'http://[::1]:8000/m/'],
  ['https://example.org/m?token=1', 'https://example.org/m/'],
])('%s is the address %s', (given, address) => {
  expect(modelAddress(given).href).toBe(address);
});

test.each([
  ['models/tiny', 'http://192.168.1.2:8000/models/tiny/'],
  ['/tiny.gguf', 'http://192.168.1.2:8000/tiny.gguf'],
  ['https://example.org/m', 'https://example.org/m/'],
])('in a page %s is the address %s', (given, address) => {
  expect(modelAddress(given, 'http://192.168.1.2:8000/index.html?view=train').href).toBe(address);
});

test('another server than that of a page is asked by https', () => {
  expect(() => modelAddress('http://192.168.1.3/m', 'http://192.168.1.2/')).toThrow(
    'by https alone',
  );
});

test.each([
  ['https://', 'is no address'],
  ['http://example.org/m/', 'plain http is for this computer'],
  ['http://localhost.example.org/m/', 'plain http is for this computer'],
  ['file:///etc/passwd', 'is asked by https alone'],
  ['https://me:secret@example.org/m/', 'a name and a password'],
])('%s is refused', (given, says) => {
  expect(() => modelAddress(given)).toThrow(says);
});

test.each([
  ['https://huggingface.co/Qwen/Qwen2-0.5B/resolve/main/', 'Qwen2-0.5B'],
  ['https://example.org/models/tiny', 'tiny'],
  ['https://example.org/models/tiny.gguf', 'tiny.gguf'],
  ['https://example.org/', 'model'],
])('the model of %s is called %s', (given, name) => {
  expect(nameOfAddress(given)).toBe(name);
});

test('this computer and its network are told from all others', () => {
  const local = [
    ...['127.0.0.1', '127.8.9.1', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1'],
    ...['169.254.169.254', '100.64.0.1', '0.0.0.0', '255.255.255.255', '224.0.0.1'],
    ...['::1', '::', 'fe80::1', 'fd00::1', 'ff02::1', '::ffff:127.0.0.1', '::ffff:8.8.8.8'],
    'no address',
  ];
  for (const ip of local) expect(isLocal(ip), ip).toBe(true);
  for (const ip of ['8.8.8.8', '172.32.0.1', '11.0.0.1', '192.169.0.1', '2606:4700::1111'])
    expect(isLocal(ip), ip).toBe(false);
});
