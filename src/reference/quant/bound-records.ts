import type { BlockFormat } from '../../quant/format.ts';
import { blockFormats, formatsBoundTo, type Kind } from '../../quant/registry.ts';
import { paramsBug } from '../plausible-bug.ts';
import type { PlausibleBug } from '../record.ts';

/** A list of samples that was written for one op, by the path of its file. */
type Written<Sample> = Readonly<Record<string, { readonly samples: readonly Sample[] }>>;

/**
 * What `make` gives of each op that block formats bind: its record. Samples are those that were
 * written for the op, as `<op>.samples.ts`, or else made for each of its formats.
 */
export function boundRecords<Signature extends { readonly name: string }, Sample, Made>(
  kind: Kind,
  signatures: ReadonlyMap<string, Signature>,
  written: Written<Sample>,
  sample: (format: BlockFormat) => readonly Sample[],
  make: (signature: Signature, formats: readonly BlockFormat[], samples: readonly Sample[]) => Made,
): readonly Made[] {
  return Array.from(signatures, ([op, signature]) => {
    const formats = formatsBoundTo(kind, op);
    const list = written[`./${op}.samples.ts`]?.samples ?? formats.flatMap(sample);
    return make(signature, formats, list);
  });
}

/**
 * Takes codes for those of another format: of one that shares the op, where there is one, or else of
 * any.
 */
export function otherFormatBug<Params extends { readonly quant_type: string }, Inputs>(
  formats: readonly BlockFormat[],
): PlausibleBug<Params, Inputs> {
  const names = formats.length > 1 ? formats.map(({ name }) => name) : [...blockFormats.keys()];
  return paramsBug('codes of another type', (params) => ({
    ...params,
    quant_type: names[(names.indexOf(params.quant_type) + 1) % names.length] as string,
  }));
}

/** The formats of an op, for people: "4-bit codes (FP4, NF4)". */
export function codesOf(formats: readonly BlockFormat[]): string {
  const bits = [...new Set(formats.map(({ packing }) => packing.bits))].join(' or ');
  return `${bits}-bit codes (${formats.map(({ name }) => name.toUpperCase()).join(', ')})`;
}
