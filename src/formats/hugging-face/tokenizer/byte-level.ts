/** Bytes that byte-level tokens write as themselves: what prints in Latin-1 but the soft hyphen. */
const prints = (byte: number): boolean =>
  (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);

const BYTES = Array.from({ length: 256 }, (_, byte) => byte);

/**
 * The byte of each character in a token of a byte-level vocabulary, as GPT-2 has it: bytes that
 * print are themselves, the others are the characters from U+0100 on, in their order.
 */
const BYTE_OF: ReadonlyMap<string, number> = new Map([
  ...BYTES.filter(prints).map((byte): [string, number] => [String.fromCharCode(byte), byte]),
  ...BYTES.filter((byte) => !prints(byte)).map((byte, i): [string, number] => [
    String.fromCharCode(0x100 + i),
    byte,
  ]),
]);

/** The bytes of a token of a byte-level vocabulary; undefined where a character stands for none. */
export function bytesOfToken(token: string): readonly number[] | undefined {
  const bytes = Array.from(token, (character) => BYTE_OF.get(character));
  return bytes.every((byte) => byte !== undefined) ? bytes : undefined;
}
