import { describe, expect, test } from 'vitest';
import { covers } from '../../catalog/covers.ts';
import { writeSafetensors, writeStored } from '../../formats/safetensors/write.ts';
import { readSafetensors } from '../../formats/safetensors.ts';
import { sha256 } from '../../formats/sha256.ts';
import type { JsonObject } from '../../formats/strict-json.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import { Random } from '../../tensor/random.ts';
import { ofBuild, ofVersion, sampleCheckpoint } from './fixtures/sample.ts';
import { readRunCheckpoint } from './read-run-checkpoint.ts';
import { checkpointName, stepOfName } from './run-checkpoint.ts';
import type { RunCheckpointError } from './run-checkpoint-error.ts';
import { writeRunCheckpoint } from './write-run-checkpoint.ts';

const file = await writeRunCheckpoint(sampleCheckpoint());
const headerEnd = 8 + Number(new DataView(file.buffer).getBigUint64(0, true));

/** What reading says of a file: its code, and whether another one may be taken in its place. */
async function faultOf(bytes: Uint8Array) {
  const error = await readRunCheckpoint(bytes).then(
    () => undefined,
    (thrown: RunCheckpointError) => thrown,
  );
  expect(error?.message).toMatch(/^[^\n]+$/);
  return [error?.code, error?.isDamage];
}

/** The file with its text changed; what takes the place of another is as long. */
function edited(from: string, to: string): Uint8Array {
  const text = new TextDecoder('latin1').decode(file);
  expect(text).toContain(from);
  expect(to).toHaveLength(from.length);
  return Uint8Array.from(text.replace(from, to), (c) => c.charCodeAt(0));
}

describe('a checkpoint', () => {
  test('is read as it was written, bit by bit', async () => {
    expect(await readRunCheckpoint(file)).toEqual(sampleCheckpoint());
  });

  test('without a best held-out loss has none', async () => {
    const { best: _, ...rest } = sampleCheckpoint();
    expect(await readRunCheckpoint(await writeRunCheckpoint(rest))).toEqual(rest);
  });

  test('is a plain safetensors file whose metadata are texts', () => {
    const { metadata, tensors } = readSafetensors(file);
    expect([...metadata.keys()]).toEqual(['format', 'run', 'sha256', 'version']);
    expect(JSON.parse(metadata.get('run') ?? '')).toMatchObject({ step: 50, steps: 60 });
    expect(tensors.get('state.param')).toMatchObject({ dtype: 'F32', shape: [5] });
    const history = new TextDecoder().decode(tensors.get('history')?.bytes);
    expect(JSON.parse(history)).toHaveLength(10);
  });

  test('has a name that tells its step, and others have none', () => {
    expect(checkpointName(50)).toBe('step-00000050.safetensors');
    expect(stepOfName(checkpointName(123_456_789))).toBe(123_456_789);
    for (const name of ['step-50.safetensors', 'step-00000050.safetensors.7.part', 'run.json'])
      expect(stepOfName(name)).toBeUndefined();
  });
});

describe('a checkpoint that is no longer what was written is refused', () => {
  test(
    'each sort of damage by a code of its own',
    covers('tb.recovery.checkpoint-corruption/fault-codes').control(
      'an empty file is taken for another one',
      {
        file: 'src/train/checkpoint/read-run-checkpoint.ts',
        from: "refuse('checkpoint-empty', 'the file is empty')",
        to: "refuse('checkpoint-magic', 'the file is empty')",
      },
    ),
    async () => {
      const without = async () => {
        const { state, ...rest } = sampleCheckpoint();
        const { exp_avg: _, ...tensors } = state.tensors;
        const { metadata } = readSafetensors(file);
        const fewer = readSafetensors(
          await writeRunCheckpoint({ ...rest, state: { ...state, tensors } }),
        );
        expect(fewer.tensors.has('state.exp_avg')).toBe(false);
        return writeStored(fewer.tensors, Object.fromEntries(metadata));
      };
      const magic = file.slice();
      magic.set(new TextEncoder().encode('PK\x03\x04'), 8);
      const length = file.slice();
      new DataView(length.buffer).setBigUint64(0, 2n ** 40n, true);
      const flipped = file.slice();
      flipped[file.length - 1] = (flipped[file.length - 1] as number) ^ 1;
      const all: readonly [string, Uint8Array][] = [
        ['checkpoint-empty', new Uint8Array()],
        ['checkpoint-truncated', file.slice(0, 3)],
        ['checkpoint-truncated', file.slice(0, headerEnd - 1)],
        ['checkpoint-truncated', file.slice(0, -1)],
        ['checkpoint-truncated', file.slice(0, headerEnd)],
        ['checkpoint-magic', magic],
        ['checkpoint-magic', new Uint8Array(5000)],
        ['checkpoint-magic', writeSafetensors(sampleCheckpoint().state.tensors)],
        ['checkpoint-header', length],
        ['checkpoint-header', Uint8Array.of(...file, 0)],
        ['checkpoint-missing', await without()],
        ['checkpoint-hash', flipped],
        ['checkpoint-missing', edited('"state.param"', '"state.paran"')],
        ['checkpoint-hash', edited('\\"step\\":50', '\\"step\\":51')],
      ];
      for (const [code, bytes] of all) expect(await faultOf(bytes)).toEqual([code, true]);
    },
  );

  test('any bit, and any cut, of those that a hundred draws name', async () => {
    const random = new Random(11);
    const codes = new Set<unknown>();
    for (let draw = 0; draw < 100; draw++) {
      const at = Math.floor(random.uniform() * 8 * file.length);
      const flipped = file.slice();
      flipped[at >> 3] = (flipped[at >> 3] as number) ^ (1 << (at & 7));
      const padding = headerEnd - 1 - at / 8;
      if (file[at >> 3] === 0x20 && padding < 8) continue; // fills the header up
      codes.add((await faultOf(flipped))[0]);
      codes.add((await faultOf(file.slice(0, at >> 3)))[0]);
    }
    expect(codes).toContain('checkpoint-hash');
    expect(codes).toContain('checkpoint-truncated');
  });

  test('any part in whose place is one of another checkpoint, as two hundred draws name', async () => {
    const { state, ...rest } = sampleCheckpoint(60);
    const codes = hostTensorFrom('u8', [3], [0, 127, 255]);
    const later = { ...rest, state: { ...state, tensors: { ...state.tensors, codes } } };
    const other = await writeRunCheckpoint(later);
    expect(other).toHaveLength(file.length);
    const wholes = [
      { bytes: file, holds: sampleCheckpoint() },
      { bytes: other, holds: later },
    ];
    const random = new Random(13);
    const found = new Set<unknown>();
    for (let draw = 0; draw < 200; draw++) {
      const count = Math.min(2 ** random.integer(0, 12), file.length);
      const at = random.integer(0, file.length - count);
      const from = draw % 2 === 0 ? at : random.integer(0, file.length - count);
      const spliced = file.slice();
      spliced.set(other.subarray(from, from + count), at);
      // Much of a file is as it is in the other.
      const whole = wholes.find(({ bytes }) => Buffer.compare(bytes, spliced) === 0);
      if (whole) expect(await readRunCheckpoint(spliced)).toEqual(whole.holds);
      const [code, isDamage] = whole ? ['none', true] : await faultOf(spliced);
      expect(isDamage, `${count} bytes at ${at} from ${from}`).toBe(true);
      found.add(code);
    }
    for (const code of ['none', 'checkpoint-hash', 'checkpoint-header'])
      expect(found).toContain(code);
  });

  test('of another version by name, and no older one is taken in its place', async () => {
    const newer = await ofVersion(file, '2');
    expect(await faultOf(newer)).toEqual(['checkpoint-version', false]);
    await expect(readRunCheckpoint(newer)).rejects.toThrow(
      /^it is of version 2, and this .* newer/,
    );
    await expect(readRunCheckpoint(await ofVersion(file, 'x'))).rejects.toThrow(
      /^it is of the unknown version "x"/,
    );
  });

  test('of a version that only the disk changed', async () => {
    for (const [from, to] of [
      ['"version":"1"', '"version":"3"'],
      ['"version":"1"', '"version":"q"'],
      ['"version":"1"', '"vdrsion":"1"'],
    ] as const)
      expect(await faultOf(edited(from, to))).toEqual(['checkpoint-hash', true]);
  });
});

describe('a checkpoint of another build, whose sums are right, is no damaged one', () => {
  const WROTE = 'another version of Gradproof wrote it ("gradproof 1.2.3")';

  test('with a field that is unknown, missing or another, which is named', async () => {
    for (const [change, what] of [
      [(run) => ({ ...run, note: 1 }), 'the field "note" is unknown to this one'],
      [({ random: _, ...run }) => run, 'the field "random" is missing'],
      [
        ({ subject, ...run }) => ({ ...run, subject: { ...(subject as JsonObject), x: 1 } }),
        'the field "subject.x" is unknown to this one',
      ],
      [
        (run) => ({ ...run, step: 'ten' }),
        'step: Invalid type: Expected number but received "ten"',
      ],
    ] as const satisfies [(run: JsonObject) => JsonObject, string][]) {
      const other = await ofBuild(file, change);
      expect(await faultOf(other)).toEqual(['checkpoint-version', false]);
      await expect(readRunCheckpoint(other)).rejects.toThrow(
        `${WROTE}: ${what}: go on with that one`,
      );
    }
  });

  test('with an event in its history that is unknown to this one', async () => {
    const { history, ...rest } = sampleCheckpoint();
    const events = [...history, { type: 'moved', step: 9 }] as unknown as typeof history;
    const other = await writeRunCheckpoint({ ...rest, history: events });
    expect(await faultOf(other)).toEqual(['checkpoint-version', false]);
  });

  test('without its engine, which no version left out', async () => {
    const nameless = await ofBuild(file, ({ engine: _, ...run }) => run);
    await expect(readRunCheckpoint(nameless)).rejects.toThrow(
      /^another version of Gradproof wrote it: the field "engine" is missing: /,
    );
  });

  test('and one of an earlier build, which told less, is read', async () => {
    const earlier = await ofBuild(file, ({ skipped: _, best: __, ...run }) => run);
    const { state, best: _, ...rest } = sampleCheckpoint();
    const { skipped: __, ...early } = state;
    expect(await readRunCheckpoint(earlier)).toEqual({ ...rest, state: early });
  });

  test('with a tensor of a type that no run has', async () => {
    const { metadata, tensors } = readSafetensors(file);
    const bytes = new Uint8Array(16);
    const { tensors: written, ...run } = JSON.parse(metadata.get('run') ?? '');
    const added = { dtype: 'F64', shape: [2], sha256: await sha256(bytes) };
    const text = JSON.stringify({ ...run, tensors: { ...written, 'state.x': added } });
    const strange = writeStored(
      new Map([...tensors, ['state.x', { dtype: 'F64', shape: [2], bytes }]]),
      {
        ...Object.fromEntries(metadata),
        run: text,
        sha256: await sha256(new TextEncoder().encode(text)),
      },
    );
    expect(await faultOf(strange)).toEqual(['checkpoint-version', false]);
  });
});
