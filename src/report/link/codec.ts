import { plainText } from '../plain-text.ts';
import { damaged, tooLong } from './error.ts';

/** How a value of a link is written, and read back from bytes that may be hostile. */
export interface Codec<T> {
  readonly write: (out: ByteWriter, value: T) => void;
  /** Throws LinkError `link-damaged`. */
  readonly read: (from: ByteReader) => T;
}

/** A growing list of bytes. */
export class ByteWriter {
  readonly #bytes: number[] = [];

  byte(value: number): void {
    this.#bytes.push(value);
  }

  bytes(values: Iterable<number>): void {
    for (const value of values) this.#bytes.push(value);
  }

  finish(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#bytes);
  }
}

/** A cursor that never passes the end. */
export class ByteReader {
  /** The version of the link that wrote the bytes. */
  readonly version: number;
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array, version: number) {
    this.#bytes = bytes;
    this.version = version;
  }

  byte(): number {
    return this.bytes(1)[0] as number;
  }

  bytes(count: number): Uint8Array {
    if (count > this.#bytes.length - this.#position) throw damaged('it ends too early');
    this.#position += count;
    return this.#bytes.subarray(this.#position - count, this.#position);
  }

  end(): void {
    if (this.#position < this.#bytes.length) throw damaged('it has bytes after its end');
  }
}

/** Whole numbers from 0 to `max`, 7 bits a byte, low bits first. */
export function uint(max = Number.MAX_SAFE_INTEGER): Codec<number> {
  return {
    write: writeUint,
    read(from) {
      let value = 0;
      for (let scale = 1; ; scale *= 128) {
        const byte = from.byte();
        value += (byte % 128) * scale;
        const least = byte < 128 ? value : scale * 128;
        if (least > max) throw damaged('a number is too large');
        if (byte < 128) return value;
      }
    },
  };
}

function writeUint(out: ByteWriter, value: number): void {
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) out.byte(128 + (rest % 128));
  out.byte(rest);
}

/** A byte as it is. */
export const octet: Codec<number> = {
  write: (out, value) => out.byte(value),
  read: (from) => from.byte(),
};

/** One of `options`, by its position. */
export function oneOf<const T>(options: readonly T[]): Codec<T> {
  const index = uint(options.length - 1);
  return {
    write: (out, value) => index.write(out, options.indexOf(value)),
    read: (from) => options[index.read(from)] as T,
  };
}

export const boolean = oneOf([false, true]);

const MAX_TEXT = 200;
const textBytes = uint(MAX_TEXT * 4);

/** Text that is fit for one line; what is longer than 200 characters is cut when written. */
export const text: Codec<string> = {
  write(out, value) {
    const bytes = new TextEncoder().encode(plainText(value, MAX_TEXT));
    textBytes.write(out, bytes.length);
    out.bytes(bytes);
  },
  read(from) {
    const bytes = from.bytes(textBytes.read(from));
    let value: string;
    try {
      value = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch (cause) {
      throw damaged('a text is not UTF-8', cause);
    }
    if (value !== plainText(value, MAX_TEXT))
      throw damaged('a text has characters that no link has');
    return value;
  },
};

/** At most `max` values, after their number; writing more throws LinkError `link-too-long`. */
export function list<T>(item: Codec<T>, max: number): Codec<readonly T[]> {
  const length = uint(max);
  return {
    write(out, values) {
      if (values.length > max) throw tooLong(`${values.length} values where ${max} fit`);
      length.write(out, values.length);
      for (const value of values) item.write(out, value);
    },
    read: (from) => Array.from({ length: length.read(from) }, () => item.read(from)),
  };
}

/** An object, its members in the order of `members`. */
export function object<T extends object>(
  members: { readonly [K in keyof T]: Codec<T[K]> },
): Codec<T> {
  const keys = Object.keys(members) as (keyof T)[];
  return {
    write(out, value) {
      for (const key of keys) members[key].write(out, value[key]);
    },
    read: (from) => Object.fromEntries(keys.map((key) => [key, members[key].read(from)])) as T,
  };
}

/** What links have from `version` on; those of before read as `absent`. */
export function since<T>(version: number, codec: Codec<T>, absent: T): Codec<T> {
  return {
    write: codec.write,
    read: (from) => (from.version < version ? absent : codec.read(from)),
  };
}

/** A codec through another representation. */
export function mapped<T, U>(
  inner: Codec<U>,
  to: (value: T) => U,
  back: (value: U) => T,
): Codec<T> {
  return {
    write: (out, value) => inner.write(out, to(value)),
    read: (from) => back(inner.read(from)),
  };
}
