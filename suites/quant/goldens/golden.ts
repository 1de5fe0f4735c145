import { type ParityBundle, parityBundleOf } from '../../../src/formats/parity-bundle.ts';
import { type StoredTensor, toHostTensor } from '../../../src/formats/safetensors/stored.ts';
import { toStored } from '../../../src/formats/safetensors/write.ts';
import { sha256 } from '../../../src/formats/sha256.ts';
import { mapped } from '../../../src/graph/call.ts';
import type { HostTensors } from '../../../src/tensor/host.ts';
import type { CaseContext } from '../../../src/testing/context.ts';
import { parseShape } from '../../../src/testing/suite.ts';
import { drawnWeight } from './weights.ts';

/** A tensor as the file has it: whole, drawn, or by its hash alone. */
interface Entry {
  readonly dtype: 'F32' | 'F16' | 'I32' | 'I8' | 'U8';
  readonly shape: string;
  readonly sha256: string;
  readonly base64?: string;
  readonly drawn?: string;
}

/** One computation as the file has it. */
interface Entries {
  readonly name: string;
  readonly op: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly producer: string;
  readonly device: string;
  readonly inputs: Readonly<Record<string, Entry>>;
  readonly outputs: Readonly<Record<string, Entry>>;
}

/** The file of goldens, which `gradproof-bridge goldens` writes. */
export interface GoldenFile {
  readonly schema: string;
  /** Of the goldens as JSON without spaces, keys in order. */
  readonly sha256: string;
  readonly goldens: readonly Entries[];
}

/** What a library made of weights that are drawn here as they were there. */
export interface Golden extends Omit<Entries, 'inputs' | 'outputs'> {
  readonly inputs: HostTensors;
  /** Those that the file has whole. */
  readonly outputs: Readonly<Record<string, StoredTensor>>;
  /** SHA-256 of the bytes of each output. */
  readonly hashes: Readonly<Record<string, string>>;
}

/** Element types of what is drawn. */
const DRAWN = { F32: 'f32', F16: 'f16' } as const;

/**
 * The golden of that name. Asserts that all its tensors, drawn ones among them, have the hashes that
 * the file says.
 */
export async function goldenOf(t: CaseContext, name: string): Promise<Golden> {
  // Loaded where a golden is wanted: the page's first cases do without.
  const { default: file } = await import('./goldens.json');
  const found = (file as GoldenFile).goldens.find((golden) => golden.name === name);
  if (!found) throw new TypeError(`there is no golden ${name}`);
  const { inputs, outputs, ...told } = found;
  const stored = await storedOf(t, inputs);
  return {
    ...told,
    inputs: mapped(stored, toHostTensor),
    outputs: await storedOf(t, outputs),
    hashes: mapped(outputs, ({ sha256: hash }) => hash),
  };
}

async function storedOf(
  t: CaseContext,
  entries: Readonly<Record<string, Entry>>,
): Promise<Readonly<Record<string, StoredTensor>>> {
  const found: [string, StoredTensor][] = [];
  for (const [name, entry] of Object.entries(entries)) {
    const stored = tensorOf(entry);
    if (!stored) continue;
    const hash = await sha256(stored.bytes as Uint8Array<ArrayBuffer>);
    t.expect(hash === entry.sha256, () => `${name} has the hash ${hash}, not ${entry.sha256}`);
    found.push([name, stored]);
  }
  return Object.fromEntries(found);
}

function tensorOf({ dtype, shape: text, drawn, base64 }: Entry): StoredTensor | undefined {
  const shape = parseShape(text);
  if (drawn !== undefined)
    return toStored(drawnWeight(drawn, DRAWN[dtype as keyof typeof DRAWN], shape));
  if (base64 === undefined) return undefined;
  return { dtype, shape, bytes: Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)) };
}

/** The golden as the bundle that is replayed. Throws FormatError where it is none. */
export function bundleOfGolden({
  op,
  params,
  producer,
  device,
  inputs,
  outputs,
}: Golden): ParityBundle {
  const metadata = {
    schema: 'parity-bundle/1',
    op,
    params: JSON.stringify(params),
    producer,
    device,
  };
  return parityBundleOf({
    metadata: new Map(Object.entries(metadata)),
    tensors: new Map([
      ...Object.entries(inputs).map(([name, host]) => [`in.${name}`, toStored(host)] as const),
      ...Object.entries(outputs).map(([name, stored]) => [`out.${name}`, stored] as const),
    ]),
  });
}
