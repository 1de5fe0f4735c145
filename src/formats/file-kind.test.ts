import { expect, test } from 'vitest';
import { kindOf } from './file-kind.ts';
import { readSafetensors } from './safetensors.ts';

const bytes = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));

/** A ZIP archive that begins with an entry of this name. */
function zip(name: string): Uint8Array {
  const file = new Uint8Array(600);
  file.set(bytes('PK\x03\x04'));
  file[26] = name.length;
  file.set(bytes(name), 30);
  return file;
}

test.each([
  [zip('archive/data.pkl'), 'PyTorch checkpoint'],
  [zip('model/data.pkl'), 'PyTorch checkpoint'],
  [zip('weight.npy'), 'an archive of NumPy arrays (.npz)'],
  [zip('a.txt'), 'a ZIP archive'],
  [bytes('\x80\x02}q'), 'a Python pickle'],
  [bytes('\x80\x05\x95'), 'a Python pickle'],
  [bytes('\x93NUMPY\x01\x00'), 'a NumPy array (.npy)'],
  [bytes('GGUF\x03\x00'), 'a GGUF file'],
  [bytes('\x89HDF\r\n\x1a\n'), 'an HDF5 file'],
  [bytes('\x08\x0a\x12\x07pytorch'), 'an ONNX model'],
  [bytes('\x08\x07:\x0f'), 'an ONNX model'],
  [bytes('version https://git-lfs.github.com/spec/v1\noid'), 'a pointer of Git LFS'],
  [bytes('<!DOCTYPE html><html>'), 'a web page'],
])('tells a file by its first bytes, case %#', (start, kind) => {
  expect(kindOf(start)).toContain(kind);
  expect(() => readSafetensors(start)).toThrow(/^is .*, and not a safetensors file$/);
});

test.each([
  [bytes('')],
  [bytes('\x08')],
  [bytes('\x08\x00\x12')],
  [bytes('\x08\x20\x12')],
  [bytes('\x08\x07\x13')],
  [bytes('\x80\x01')],
  [bytes('\x80\x06')],
  [bytes('PK\x01\x02')],
  // A header of so many bytes.
  [bytes('\x08\x07\x12\x00\x00\x00\x00\x00{}')],
])('does not take for another what is none, case %#', (start) => {
  const isSafetensors = start[8] === 0x7b;
  if (!isSafetensors) expect(kindOf(start)).toBeUndefined();
  expect(() => readSafetensors(start)).toThrow(/too few|claims/);
});
