import type { ConfigFault } from '../hugging-face/config-error.ts';
import { shown } from '../hugging-face/fields.ts';
import type { GgufValue } from './metadata.ts';

const CONVERT = "convert the model again with llama.cpp's convert_hf_to_gguf.py";

/** Keys of a file by what they should be; what is wrong or missing is kept as faults. */
export class MetadataFields {
  readonly faults: ConfigFault[] = [];
  readonly #metadata: ReadonlyMap<string, GgufValue>;

  constructor(metadata: ReadonlyMap<string, GgufValue>) {
    this.#metadata = metadata;
  }

  /** A number, or what stands for it where there is none; without that it must be there. */
  number(key: string, absent?: number): number {
    const value = this.#metadata.get(key) ?? absent;
    if (typeof value === 'number') return value;
    this.#refuse(key, value, 'a number');
    return 1;
  }

  text(key: string): string | undefined {
    const value = this.#metadata.get(key);
    if (value === undefined || typeof value === 'string') return value;
    this.#refuse(key, value, 'a text');
    return undefined;
  }

  flag(key: string, absent: boolean): boolean {
    const value = this.#metadata.get(key) ?? absent;
    if (typeof value === 'boolean') return value;
    this.#refuse(key, value, 'true or false');
    return absent;
  }

  texts(key: string): readonly string[] {
    return this.#list(key, 'texts', (x): x is string => typeof x === 'string');
  }

  numbers(key: string): readonly number[] {
    return this.#list(key, 'numbers', (x): x is number => typeof x === 'number');
  }

  has(key: string): boolean {
    return this.#metadata.has(key);
  }

  /** What of a model has no layers here. */
  refuse(key: string, suggestion: string): void {
    const message = `${key} is ${words(this.#metadata.get(key))}`;
    this.faults.push({ code: 'not-supported', path: key, message, suggestion });
  }

  #list<T extends GgufValue>(
    key: string,
    what: string,
    is: (value: GgufValue) => value is T,
  ): readonly T[] {
    const value = this.#metadata.get(key);
    if (Array.isArray(value) && value.every(is)) return value;
    this.#refuse(key, value, `a list of ${what}`);
    return [];
  }

  #refuse(key: string, value: GgufValue | undefined, needed: string): void {
    this.faults.push(
      value === undefined
        ? { code: 'missing', path: key, message: `${key} is missing`, suggestion: CONVERT }
        : {
            code: 'bad-value',
            path: key,
            message: `${key} is ${words(value)}`,
            suggestion: `it must be ${needed}`,
          },
    );
  }
}

const words = (value: GgufValue | undefined): string =>
  Array.isArray(value)
    ? `a list of ${value.length}`
    : shown(typeof value === 'bigint' ? `${value}` : value);
