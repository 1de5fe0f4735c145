import { GradproofError } from '../errors.ts';
import type { BlockFormat, Format } from './format.ts';

/** A name that no format of an op has. */
class FormatNameError extends GradproofError {
  constructor(message: string) {
    super('not-implemented', message);
  }
}

/**
 * Every number format by name: each folder here exports `format` from its format.ts, and nothing is
 * listed.
 */
export const formats: ReadonlyMap<string, Format> = new Map(
  Object.values(
    import.meta.glob<{ readonly format: Format }>('./*/format.ts', { eager: true }),
  ).map(({ format }) => [format.name, format]),
);

const fourBit: ReadonlyMap<string, BlockFormat> = new Map(
  [...formats.values()].filter(isFourBit).map((format) => [format.name, format]),
);

function isFourBit(format: Format): format is BlockFormat {
  return format.ops.quantize === 'quantize_4bit';
}

/** Names of the formats that `quantize_4bit` and its neighbours are bound to. */
export const FOUR_BIT_NAMES: readonly string[] = [...fourBit.keys()];

/**
 * The 4-bit format of a name. Throws {@link FormatNameError}, `not-implemented`, where there is
 * none.
 */
export function fourBitFormat(name: string): BlockFormat {
  const format = fourBit.get(name);
  if (!format) throw new FormatNameError(`quant_type ${name}: give ${FOUR_BIT_NAMES.join(' or ')}`);
  return format;
}
