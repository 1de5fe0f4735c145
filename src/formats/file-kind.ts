/** Bytes from the start of a file that {@link kindOf} looks at. */
export const KIND_BYTES = 512;

/** The header of a ZIP entry before its name: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.7. */
const ZIP_NAME = 30;
const ZIP_NAME_LENGTH = 26;

/** The protocols of Python's pickle that write a PROTO opcode first. */
const PICKLE_PROTO = 0x80;
const PICKLE_PROTOCOLS = [2, 3, 4, 5];

/** Tags of the fields that follow `ir_version` in a ModelProto of onnx.proto. */
const ONNX_FIELDS = [0x12, 0x1a, 0x22, 0x32, 0x3a, 0x42];
const ONNX_IR_VERSION = 0x08;
const NEWEST_IR_VERSION = 31;

/**
 * What a file is by its first bytes, in words, of the kinds in which models are kept; undefined for
 * what is none of them. Nothing of it is run or unpacked.
 */
export function kindOf(start: Uint8Array): string | undefined {
  const text = latin(start);
  const [first = 0, second = 0, third = 0] = start;
  if (text.startsWith('PK\x03\x04')) return zipKind(start, text);
  if (first === PICKLE_PROTO && PICKLE_PROTOCOLS.includes(second))
    return 'a Python pickle (.pt, .pth, .bin, .pkl), which is a program';
  if (text.startsWith('\x93NUMPY')) return 'a NumPy array (.npy)';
  if (text.startsWith('GGUF')) return 'a GGUF file';
  if (text.startsWith('\x89HDF\r\n\x1a\n')) return 'an HDF5 file (.h5)';
  if (text.startsWith('version https://git-lfs.github.com/'))
    return 'a pointer of Git LFS (fetch the file itself with git lfs pull)';
  if (/^\s*<(!doctype|html)/i.test(text)) return 'a web page';
  const isOnnx =
    first === ONNX_IR_VERSION &&
    second >= 1 &&
    second <= NEWEST_IR_VERSION &&
    ONNX_FIELDS.includes(third);
  return isOnnx ? 'an ONNX model (.onnx)' : undefined;
}

/** Whether such a file is a program, which runs where it is opened. */
export const isProgram = (kind: string | undefined): boolean =>
  kind?.endsWith('a program') === true;

function zipKind(start: Uint8Array, text: string): string {
  const length = (start[ZIP_NAME_LENGTH] ?? 0) + 256 * (start[ZIP_NAME_LENGTH + 1] ?? 0);
  const name = text.slice(ZIP_NAME, ZIP_NAME + length);
  if (name.endsWith('.npy')) return 'an archive of NumPy arrays (.npz)';
  return /(^|\/)(data\.pkl|\.format_version|byteorder|version)$/.test(name)
    ? 'a PyTorch checkpoint (.pt, .pth, .bin), which holds a Python pickle, a program'
    : 'a ZIP archive';
}

/** One character a byte. */
const latin = (bytes: Uint8Array): string => String.fromCharCode(...bytes.subarray(0, KIND_BYTES));
