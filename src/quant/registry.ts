import { collect } from '../collect.ts';
import { GradproofError } from '../errors.ts';
import { FOUR_BIT_OPS } from './bitsandbytes.ts';
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
export const formats: ReadonlyMap<string, Format> = collect(
  'formats',
  import.meta.glob<{ readonly format: Format }>('./*/format.ts', { eager: true }),
  ({ format }) => [[format.name, format]],
);

/** Formats whose codes are relative to the largest absolute value of a block, by name. */
export const blockFormats: ReadonlyMap<string, BlockFormat> = new Map(
  [...formats.values()].filter(isBlockFormat).map((format) => [format.name, format]),
);

function isBlockFormat(format: Format): format is BlockFormat {
  return 'rounding' in format;
}

/**
 * The block format of a name. Throws {@link FormatNameError}, `not-implemented`, where there is
 * none.
 */
export function blockFormatOf(name: string): BlockFormat {
  const format = blockFormats.get(name);
  if (!format)
    throw new FormatNameError(`quant_type ${name}: give ${[...blockFormats.keys()].join(' or ')}`);
  return format;
}

/** What block formats bind ops to. */
export type Kind = 'quantize' | 'dequantize' | 'multiply';

function boundOp({ ops }: BlockFormat, kind: Kind): string {
  return kind === 'multiply' ? ops.multiply.op : ops[kind];
}

/** The formats that share an op. */
export function formatsBoundTo(kind: Kind, op: string): readonly BlockFormat[] {
  return [...blockFormats.values()].filter((format) => boundOp(format, kind) === op);
}

/** What `make` gives of each op that block formats bind, once, by its name. */
export function boundOps<T>(
  kind: Kind,
  make: (op: string, formats: readonly BlockFormat[]) => T,
): ReadonlyMap<string, T> {
  const ops = [...new Set([...blockFormats.values()].map((format) => boundOp(format, kind)))];
  return new Map(ops.map((op) => [op, make(op, formatsBoundTo(kind, op))]));
}

/** Names of the 4-bit formats of bitsandbytes. */
export const FOUR_BIT_NAMES: readonly string[] = formatsBoundTo(
  'quantize',
  FOUR_BIT_OPS.quantize,
).map(({ name }) => name);
