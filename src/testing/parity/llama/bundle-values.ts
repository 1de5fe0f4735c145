import { FormatError } from '../../../formats/format-error.ts';
import type { StoredTensors } from '../../../formats/parity-bundle/check.ts';
import { float64Of } from '../../../formats/safetensors/stored.ts';
import type { Value } from '../../../reference/record.ts';
import { formatShape, type Shape, sameShape } from '../../../tensor/shape.ts';

/** A bundle's inputs, in the float32 that the engine gets. */
export class BundleValues {
  readonly #op: string;
  readonly #stored: StoredTensors;

  /** `op` stands first in messages. */
  constructor(op: string, stored: StoredTensors) {
    this.#op = op;
    this.#stored = stored;
  }

  get names(): readonly string[] {
    return Object.keys(this.#stored);
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#stored, name);
  }

  /** Throws FormatError where it is missing, or has another shape. */
  value(name: string, shape?: Shape): Value {
    return inFloat32(this.integers(name, shape));
  }

  /** As it is stored: words of codes are larger than what float32 holds. Throws as `value`. */
  integers(name: string, shape?: Shape): Value {
    const stored = this.#stored[name];
    if (!stored) throw new FormatError(`${this.#op}: in.${name} is missing`);
    if (shape && !sameShape(stored.shape, shape)) {
      throw new FormatError(
        `${this.#op}: in.${name} has shape ${formatShape(stored.shape)} and should have ${formatShape(shape)}`,
      );
    }
    return { shape: stored.shape, data: float64Of(stored) };
  }
}

export function inFloat32({ shape, data }: Value): Value {
  return { shape, data: data.map(Math.fround) };
}
