import { FormatError } from '../format-error.ts';

/** What is asked for is in the file, and behind what was read of it. */
export class StartTooShort extends Error {}

/**
 * Reads numbers and strings from the start of a file one after the other, and never past its end.
 * Throws {@link StartTooShort} where the file goes on and the start that was given does not.
 */
export class Cursor {
  readonly #start: Uint8Array;
  readonly #fileBytes: number;
  readonly #view: DataView;
  #at = 0;

  constructor(start: Uint8Array, fileBytes: number) {
    this.#start = start;
    this.#fileBytes = fileBytes;
    this.#view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  }

  get at(): number {
    return this.#at;
  }

  u8 = (what: string): number => this.#view.getUint8(this.#taken(1, what));
  i8 = (what: string): number => this.#view.getInt8(this.#taken(1, what));
  u16 = (what: string): number => this.#view.getUint16(this.#taken(2, what), true);
  i16 = (what: string): number => this.#view.getInt16(this.#taken(2, what), true);
  u32 = (what: string): number => this.#view.getUint32(this.#taken(4, what), true);
  i32 = (what: string): number => this.#view.getInt32(this.#taken(4, what), true);
  f32 = (what: string): number => this.#view.getFloat32(this.#taken(4, what), true);
  f64 = (what: string): number => this.#view.getFloat64(this.#taken(8, what), true);
  u64 = (what: string): bigint => this.#view.getBigUint64(this.#taken(8, what), true);
  i64 = (what: string): bigint => this.#view.getBigInt64(this.#taken(8, what), true);

  /**
   * A count or size of 64 bits of things that have `bytesEach` bytes or more each: no more than the
   * rest of the file has room for.
   */
  count(what: string, bytesEach: number): number {
    const claimed = this.u64(what);
    const left = this.#fileBytes - this.#at;
    if (claimed > BigInt(Math.floor(left / bytesEach)))
      throw new FormatError(
        `${what} is ${claimed}, and ${left} bytes are left: is the file cut off?`,
      );
    return Number(claimed);
  }

  /** A string, UTF-8 after its length. */
  text(what: string): string {
    const length = this.count(`the length of ${what}`, 1);
    const start = this.#taken(length, what);
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
        this.#start.subarray(start, start + length),
      );
    } catch (cause) {
      throw new FormatError(`${what} is not UTF-8`, { cause });
    }
  }

  #taken(bytes: number, what: string): number {
    const start = this.#at;
    if (start + bytes > this.#fileBytes)
      throw new FormatError(`the file ends at byte ${this.#fileBytes}, in ${what}: is it cut off?`);
    if (start + bytes > this.#start.length) throw new StartTooShort(what);
    this.#at = start + bytes;
    return start;
  }
}
