import { type CommandKind, Commands } from '../../src/gpu/ceilings/commands.ts';
import {
  expectedLookUp,
  expectedValue,
  lookUpBytes,
  lookUps,
  storedLookUpBytes,
  storedLookUps,
  wholeCodes,
} from '../../src/gpu/ceilings/look-ups.ts';
import { expectedSum, multiplyAdds, sumBytes } from '../../src/gpu/ceilings/multiply-adds.ts';
import {
  expectedElement,
  moveStreams,
  type Streams,
  streamBytes,
} from '../../src/gpu/ceilings/streams.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import type { Allocation } from '../../src/gpu/memory.ts';
import type { Value } from '../../src/reference/record.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';

export const ceilings = suite('speed.ceilings', {
  description:
    'Kernels that do nothing but add and multiply, or read and write, and the smallest there is: what bench holds the time of ops against. Each must do all that it is timed for.',
});

ceilings
  .case('multiply-adds', { invocations: [100, 1100], rounds: [1, 3] })
  .desc('Every chain takes all of its steps, without a rounding.')
  .control('one of twelve chains stands still', (fault) =>
    fault.shader('bench/multiply_adds', 'a * x.x11 + b', 'x.x11'),
  )
  .run(async (t) => {
    const work = t.params;
    const sums = allocated(t, sumBytes(work));
    t.gpu.dispatch(multiplyAdds(work, sums));
    await expectAll(t, sums, work.invocations, (i) => expectedSum(work, i));
  });

/** Rounds of reads and of writes; what is left of each is less than a round. */
const ROUNDS = Array.from({ length: 9 }, (_, reads) => `${reads}x${8 - reads}`);
const INVOCATIONS = 70;
const REST = 3;

ceilings
  .case('streams', { rounds: ROUNDS, rest: [0, REST] })
  .desc('Each element is read once and each is written, in whole rounds and the rest.')
  .control('every sum begins at one', (fault) =>
    fault.shader('bench/streams', 'var sum = vec4f();', 'var sum = vec4f(1.0);'),
  )
  .run(async (t) => {
    const [reads, writes] = t.params.rounds.split('x').map(Number) as [number, number];
    await expectStreams(t, {
      reads: INVOCATIONS * reads + t.params.rest + Number(reads + t.params.rest === 0),
      writes: INVOCATIONS * writes + t.params.rest + Number(writes + t.params.rest === 0),
      invocations: INVOCATIONS,
    });
  });

/** No more is written than is read. */
const IN_PLACE = ROUNDS.slice(4);

ceilings
  .case('streams-in-place', { rounds: IN_PLACE, rest: [0, REST] })
  .desc('What is written lies over what is read, which all was read before, and no more changes.')
  .control('every sum begins at one', (fault) =>
    fault.shader('bench/streams', 'var sum = vec4f();', 'var sum = vec4f(1.0);'),
  )
  .run(async (t) => {
    const [reads, writes] = t.params.rounds.split('x').map(Number) as [number, number];
    await expectInPlace(t, {
      reads: INVOCATIONS * reads + t.params.rest,
      writes: INVOCATIONS * writes + t.params.rest + Number(writes + t.params.rest === 0),
      invocations: INVOCATIONS,
    });
  });

ceilings
  .case('look-ups', { invocations: [1, 70] })
  .desc('Every code of NF4 is looked up once and added to the sum of its invocation.')
  .control('the last word of four is left out', (fault) =>
    fault.shader('bench/look_ups', 'eight(words.w)', 'eight(words.z)'),
  )
  .run(async (t) => {
    const { invocations } = t.params;
    const bytes = lookUpBytes(invocations);
    const codes = allocated(t, bytes.codes);
    const sums = allocated(t, bytes.sums);
    const given = wholeCodes(bytes.codes);
    t.gpu.write(codes, given);
    t.gpu.dispatch(lookUps(invocations, codes, sums));
    await expectAll(t, sums, invocations, (i) => expectedLookUp(invocations, given, i));
    t.gpu.free(codes);
  });

ceilings
  .case('look-ups-stored', { invocations: [1, 70] })
  .desc('Every code of NF4 is looked up once and stored to its place.')
  .control('the last half of a word is the first', (fault) =>
    fault.shader('bench/look_ups_stored', 'words.w >> 16u', 'words.w'),
  )
  .run(async (t) => {
    const { invocations } = t.params;
    const bytes = storedLookUpBytes(invocations);
    const codes = allocated(t, bytes.codes);
    const values = allocated(t, bytes.values);
    const given = wholeCodes(bytes.codes);
    t.gpu.write(codes, given);
    t.gpu.dispatch(storedLookUps(invocations, codes, values));
    await expectAll(t, values, bytes.values / 4, (i) => expectedValue(given, i));
    t.gpu.free(codes);
  });

async function expectStreams(t: CaseContext, streams: Streams): Promise<void> {
  const { read, written } = streamBytes(streams);
  const x = allocated(t, read);
  const y = allocated(t, written);
  const random = t.random();
  const given = Float32Array.from({ length: read / 4 }, () => random.integer(-99, 99));
  t.gpu.write(x, given);
  t.gpu.dispatch(moveStreams(streams, x, y));
  await expectAll(t, y, written / 4, (i) => expectedElement(streams, given, i));
  t.gpu.free(x);
}

async function expectInPlace(t: CaseContext, streams: Streams): Promise<void> {
  const { read, written } = streamBytes(streams);
  const x = allocated(t, read);
  const random = t.random();
  const given = Float32Array.from({ length: read / 4 }, () => random.integer(-99, 99));
  t.gpu.write(x, given);
  t.gpu.dispatch(moveStreams(streams, x, x));
  await expectAll(t, x, read / 4, (i) =>
    i < written / 4 ? expectedElement(streams, given, i) : (given[i] as number),
  );
}

const KINDS = ['dispatch', 'pass', 'submit', 'readback'] as const satisfies readonly CommandKind[];
const COMMANDS = 37;

ceilings
  .case('commands', { kind: [...KINDS] })
  .desc('As many dispatches run as are counted, each after the one before.')
  .control('each counts twice', (fault) => fault.shader('bench/count', '+= 1u', '+= 2u'))
  .run(async (t) => {
    using commands = new Commands(t.gpu);
    await commands.run(t.params.kind, COMMANDS);
    const counted = await commands.count();
    t.gpu.recorder.dispatched.add('bench/count');
    t.expect(counted === COMMANDS, () => `${COMMANDS} commands counted to ${counted}`);
  });

/** Guarded memory that starts as NaN. */
function allocated({ gpu }: { readonly gpu: Gpu }, bytes: number): Allocation {
  gpu.memory.guarded = true;
  return gpu.allocate(bytes);
}

async function expectAll(
  t: CaseContext,
  memory: Allocation,
  count: number,
  expected: (index: number) => number,
): Promise<void> {
  const read = await t.gpu.read({ memory, offset: 0 }, 4 * count);
  const value = (data: Float64Array): Value => ({ shape: [count], data });
  const actual = value(Float64Array.from(new Float32Array(read)));
  t.expectEqual(
    'result',
    actual,
    value(Float64Array.from({ length: count }, (_, i) => expected(i))),
  );
  t.gpu.free(memory);
}
