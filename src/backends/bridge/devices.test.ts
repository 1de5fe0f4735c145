import { expect, test } from 'vitest';
import { readDevices } from './devices.ts';
import { BridgeError } from './error.ts';

const backend = (id: string) => ({
  id,
  device: 'cpu',
  libraries: [{ name: 'torch', version: '2.8' }],
  ops: ['matmul'],
});
const told = (more: object) => ({
  protocol: 'gradproof-bridge/1',
  version: '1',
  backends: [backend('torch-cpu')],
  missing: [{ name: 'mlx', reason: 'not installed' }],
  ...more,
});

test('what a bridge says of itself is read', () => {
  expect(readDevices(told({}))).toEqual(told({}));
  expect(readDevices(told({ backends: [backend('a'.repeat(40))] })).backends).toHaveLength(1);
  expect(readDevices(told({ version: 'a'.repeat(200) })).version).toHaveLength(200);
});

test.each([
  [told({ backends: [backend('a'.repeat(41))] }), 'backends.0.id: Invalid length'],
  [told({ backends: [backend('a'), { ...backend('b'), ops: 'all' }] }), 'backends.1.ops: Invalid'],
  [told({ version: 'a'.repeat(201) }), 'version: must be one line of at most 200 characters'],
  [told({ version: 'a\nb' }), 'version: must be one line'],
  [told({ missing: undefined }), 'missing: Invalid'],
  ['a text', 'the answer: Invalid'],
  [told({ backends: ['a', 'b', 'a'].map(backend) }), 'names the backend a twice'],
  [told({ protocol: 'gradproof-bridge/2' }), 'speaks gradproof-bridge/2, this page gradproof-br'],
  [told({ protocol: `x${'y'.repeat(50)}` }), `speaks x${'y'.repeat(39)}, this page`],
])('a wrong answer is refused, with the place: %j', (answer, says) => {
  expect(() => readDevices(answer)).toThrow(BridgeError);
  expect(() => readDevices(answer)).toThrow(says);
});
