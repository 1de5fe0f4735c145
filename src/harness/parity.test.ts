import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { FormatError } from '../formats/format-error.ts';
import { writeStored } from '../formats/safetensors/write.ts';
import { readSafetensors } from '../formats/safetensors.ts';
import { contentOf } from './bundle-content.ts';
import { type BundleFile, replayCase, replayCases } from './parity.ts';

const CHECKPOINT = new Uint8Array(
  readFileSync(
    new URL('../formats/fixtures/bitsandbytes-nf4-compressed.safetensors', import.meta.url),
  ),
);
const file = (over: Partial<BundleFile>): BundleFile => ({
  name: 'model.safetensors',
  bytes: CHECKPOINT,
  direct: false,
  ...over,
});

/** The checkpoint with its weight under each of `names`. */
function named(...names: string[]): Uint8Array<ArrayBuffer> {
  const tensors = [...readSafetensors(CHECKPOINT).tensors].filter(([name]) =>
    name.startsWith('layer.weight'),
  );
  return writeStored(
    names.flatMap((name) =>
      tensors.map(([key, tensor]) => [key.replace('layer.weight', name), tensor] as const),
    ),
    {},
  );
}

test('a pre-quantized checkpoint is a case for each of its weights, which a worker makes again from that weight alone', () => {
  const cases = replayCases([
    file({ bytes: named('a.weight', 'b.weight') }),
    file({ name: 'other.safetensors' }),
  ]);
  expect(cases.map(({ declared }) => declared.id)).toEqual([
    'parity.checkpoint:model/a.weight',
    'parity.checkpoint:model/b.weight',
    'parity.checkpoint:other/layer.weight',
  ]);
  expect(cases[0]?.declared.description).toMatch(
    /^a float\d+ weight \d+x\d+ in nf4, blocks of 64, scales in 8 bits: /,
  );
  for (const { declared, bundle } of cases) {
    expect(bundle.bytes.byteLength).toBeLessThan(named('a.weight', 'b.weight').byteLength);
    expect(replayCase(bundle).id).toBe(declared.id);
  }
});

test('weights whose names cannot stand in an id, or repeat, get a valid id', () => {
  const cases = replayCases([file({ bytes: named('a b;c=*', 'a b:c!') })]);
  expect(cases.map(({ declared }) => declared.id)).toEqual([
    'parity.checkpoint:model/a_b_c_',
    'parity.checkpoint:model/a_b_c_~2',
  ]);
});

test('a checkpoint that lacks a part says so: refused if given by name, an error among others', () => {
  const { tensors } = readSafetensors(CHECKPOINT);
  const bytes = writeStored(
    [...tensors].filter(([name]) => name !== 'layer.weight.absmax'),
    {},
  );
  expect(() => replayCases([file({ bytes, direct: true })])).toThrow(FormatError);
  expect(() => replayCases([file({ bytes, direct: true })])).toThrow(
    /^model\.safetensors: "layer\.weight" .* lacks "layer\.weight\.absmax"$/,
  );
  expect(replayCases([file({ bytes })]).map(({ declared }) => declared.id)).toEqual([
    'parity.unreadable:model',
  ]);
});

test('a file that differs from its index is an error, whatever is in it', () => {
  expect(replayCases([file({ problem: 'changed' })]).map(({ declared }) => declared.id)).toEqual([
    'parity.unreadable:model',
  ]);
});

test('a file is parsed once, however often its cases are made', () => {
  const bytes = named('a.weight');
  replayCases([file({ bytes })]);
  const content = contentOf(bytes);
  replayCases([file({ bytes, direct: true })]);
  expect(contentOf(bytes)).toBe(content);
  expect(contentOf(bytes.slice())).not.toBe(content);
});
