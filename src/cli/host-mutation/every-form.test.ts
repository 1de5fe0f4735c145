import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { applyMutant } from '../../harness/mutation/mutants.ts';
import { mutantSwitch } from '../../harness/worker/host-switch.ts';
import { buildModules, type NamedText } from './fixtures/modules.ts';
import { type HostMutant, hostMutantId } from './host-mutant.ts';
import { hostMutantsOf } from './host-mutants.ts';
import { instrument } from './instrument.ts';
import { TypeChecker } from './type-checker.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

const shape = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 });
const float = fc.float({ noDefaultInfinity: true });
const small = fc.integer({ min: -3, max: 5 });
const bytes = fc.uint8Array({ minLength: 8, maxLength: 20 });
const box = fc.record({ rows: small, columns: small }, { requiredKeys: ['rows', 'columns'] });

/**
 * Functions of real files, and of one in which every form stands, with what they are called with.
 * None of them has a loop that a mutant could make endless, or a state that a call leaves behind.
 */
const EXERCISES: Readonly<Record<string, Readonly<Record<string, fc.Arbitrary<unknown[]>>>>> = {
  'src/cli/host-mutation/fixtures/every-form.ts': {
    disposed: fc.tuple(small),
    generated: fc.tuple(small),
    awaited: fc.tuple(small, small),
    taken: fc.tuple(box),
    chained: fc.tuple(fc.option(box, { nil: undefined }), small),
    grouped: fc.tuple(small, small, small),
    logical: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
    ordered: fc.tuple(small, small),
    looped: fc.tuple(fc.array(small), small),
    cased: fc.tuple(fc.nat(3)),
    paired: fc.tuple(small),
  },
  'src/tensor/shape.ts': {
    sizeOf: fc.tuple(shape),
    matrixOf: fc.tuple(shape),
    sameShape: fc.tuple(shape, shape),
    coordinatesOf: fc.tuple(fc.nat(60), shape),
  },
  'src/train/early-stopping.ts': { earlyStop: fc.tuple(fc.array(float), fc.nat(3)) },
  'src/data/contexts.ts': {
    contextsAt: fc.tuple(bytes, fc.array(fc.integer({ min: 4, max: 7 })), fc.nat(4)),
    spreadPositions: fc.tuple(bytes, fc.nat(6), fc.nat(20)),
  },
  'src/data/unigram.ts': { unigramEntropy: fc.tuple(bytes, bytes) },
  'src/report/link/quantize.ts': {
    quantize: fc.tuple(fc.option(fc.double(), { nil: undefined }), fc.constant({ one: 82 })),
    dequantize: fc.tuple(fc.nat(255), fc.constant({ one: 82 })),
    roundedFrom: fc.tuple(fc.double(), fc.constant({ one: 202 })),
  },
  'src/reference/broadcast.ts': {
    broadcastShape: fc.tuple(shape, shape),
    broadcastIndex: fc.tuple(fc.nat(20), shape, shape),
  },
};

type Loaded = Readonly<Record<string, (...given: unknown[]) => unknown>>;

const files = Object.keys(EXERCISES);
const sources = new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]));
const sourceOf = (file: string) => sources.get(file) ?? '';
const mutants = mutantsOfFiles();
const folder = mkdtempSync(join(tmpdir(), 'host-mutants-'));

function mutantsOfFiles(): readonly HostMutant[] {
  using types = new TypeChecker(root);
  return files.flatMap((file) => hostMutantsOf(file, sourceOf(file), types.factsOf(file)));
}

beforeAll(async () => {
  const texts: NamedText[] = [
    ...files.map((file, i) => ({ name: `original${i}`, file, text: sourceOf(file) })),
    ...files.map((file, i) => {
      const own = mutants.flatMap((mutant, index) =>
        mutant.file === file ? [{ mutant, index }] : [],
      );
      return { name: `instrumented${i}`, file, text: instrument(sourceOf(file), own) };
    }),
    ...mutants.map((mutant, index) => ({
      name: `mutant${index}`,
      file: mutant.file,
      text: applyMutant(sourceOf(mutant.file), mutant),
    })),
  ];
  await buildModules(root, texts, folder);
});

afterAll(() => {
  mutantSwitch().active = -1;
  mutantSwitch().reached = undefined;
  rmSync(folder, { recursive: true });
});

let copies = 0;

/** A module of its own, as a fresh process would have it. */
async function load(name: string): Promise<Loaded> {
  const url = pathToFileURL(join(folder, `${name}.js`));
  return (await import(/* @vite-ignore */ `${url}?copy=${copies++}`)) as Loaded;
}

/** What a function gives or throws; which one of the language's own errors it is says enough. */
async function outcome(module: Loaded, name: string, given: unknown[]): Promise<string> {
  try {
    const result = await module[name]?.(...structuredClone(given));
    return inspect(result, { depth: null, maxArrayLength: null });
  } catch (error) {
    return error instanceof Error ? `throws ${error.name}` : `throws ${String(error)}`;
  }
}

/** The outcomes of all exercises of a file. */
async function outcomes(file: string, module: Loaded): Promise<readonly string[]> {
  const all: string[] = [];
  for (const [name, given] of Object.entries(EXERCISES[file] ?? {}))
    for (const values of fc.sample(given, { seed: 22, numRuns: 6 }))
      all.push(`${name}: ${await outcome(module, name, values)}`);
  return all;
}

describe.each(files)('%s', (file) => {
  const at = files.indexOf(file);

  test('with the switch off it is what it was', async () => {
    mutantSwitch().active = -1;
    mutantSwitch().reached = undefined;
    const original = await load(`original${at}`);
    const instrumented = await load(`instrumented${at}`);
    for (const [name, given] of Object.entries(EXERCISES[file] ?? {}))
      await fc.assert(
        fc.asyncProperty(given, async (values) => {
          expect(await outcome(instrumented, name, values)).toBe(
            await outcome(original, name, values),
          );
        }),
      );
  });

  test('with the switch on a mutant it is the mutant, whose place it reports', async () => {
    mutantSwitch().active = -1;
    const usual = await outcomes(file, await load(`original${at}`));
    const loaded = await load(`instrumented${at}`);
    const own = mutants.filter((mutant) => mutant.file === file);
    let different = 0;
    for (const mutant of own) {
      const index = mutants.indexOf(mutant);
      const shared = mutantSwitch();
      shared.active = index;
      shared.reached = new Uint8Array(mutants.length);
      const module = mutant.atLoad ? await load(`instrumented${at}`) : loaded;
      const actual = await outcomes(file, module);
      expect(actual, hostMutantId(mutant)).toEqual(
        await outcomes(file, await load(`mutant${index}`)),
      );
      if (actual.join() === usual.join()) continue;
      different++;
      expect(shared.reached[index], hostMutantId(mutant)).toBe(1);
    }
    expect(different).toBeGreaterThan(own.length / 2);
  });

  test('a run without a mutant reports each place that could change its outcome', async () => {
    const shared = mutantSwitch();
    shared.active = -1;
    shared.reached = new Uint8Array(mutants.length);
    const usual = await outcomes(file, await load(`instrumented${at}`));
    const { reached } = shared;
    const own = mutants.flatMap((mutant, index) => (mutant.file === file ? [index] : []));
    for (const index of own) {
      const actual = await outcomes(file, await load(`mutant${index}`));
      if (actual.join() !== usual.join())
        expect(reached[index], hostMutantId(mutants[index] as HostMutant)).toBe(1);
    }
  });
});

test('the bytes of an array of bytes are not its elements by another name', () => {
  const ofBytes = mutants.filter(({ file }) => file === 'src/data/unigram.ts');
  expect(sourceOf('src/data/unigram.ts')).toContain('.length');
  const texts = ofBytes.map((mutant) => applyMutant(sourceOf(mutant.file), mutant));
  expect(texts.filter((text) => text.includes('byteLength'))).toEqual([]);
});
