import type { Backend } from '../backends/backend.ts';
import type { BridgeDevice } from '../backends/bridge/devices.ts';
import { BridgeLacksError } from '../backends/bridge/error.ts';
import { bridgeName, wordsOfDevice } from '../backends/bridge/name.ts';
import type { Bridge } from '../backends/bridge.ts';
import { WebGpuBackend } from '../backends/webgpu.ts';
import { FormatError } from '../formats/format-error.ts';
import { writeParityBundle } from '../formats/parity-bundle/write.ts';
import { type ParityBundle, readParityBundle } from '../formats/parity-bundle.ts';
import type { OpRecord, Sample } from '../reference/record.ts';
import { records } from '../reference/registry.ts';
import type { CaseContext } from './context.ts';
import { recordableParams } from './parity/params.ts';
import { replay } from './parity/replay.ts';
import { controlOf } from './parity.ts';
import { type Case, SuiteBuilder } from './suite.ts';

/**
 * A question may wait behind those of other workers and pages, and its oracle takes its time too;
 * longer than the bridge's own limits.
 */
const TIMEOUT_MS = 120_000;

/**
 * The cases of a device behind a bridge: each sample of each op that it can compute, by the id of
 * our own case without a variant, which is ours alone. The device computes, then ours does, and the
 * oracle judges both: a replay of what was recorded a moment ago.
 */
export function liveCases(device: BridgeDevice, bridge: Bridge): readonly Case[] {
  const cases = [...records.values()]
    .filter(({ name }) => bridge.supports(name))
    .flatMap((record) =>
      record.samples.flatMap((sample) => casesOf(record, sample, device, bridge)),
    );
  // Samples that differ by their variants alone ask the device the same.
  return [...new Map(cases.map((declared) => [declared.id, declared])).values()];
}

function casesOf(
  record: OpRecord,
  sample: Sample<object>,
  device: BridgeDevice,
  bridge: Bridge,
): readonly Case[] {
  const directions =
    sample.grads && record.vjp ? (['forward', 'backward'] as const) : (['forward'] as const);
  const suite = new SuiteBuilder(`ops.${record.family}.${record.name}`);
  const control = controlOf(record.name);
  for (const direction of directions) {
    const grid = Object.fromEntries(
      Object.entries(sample.label).map(([key, value]) => [key, [value]]),
    );
    suite
      .case(direction === 'forward' ? sample.level : `${sample.level}-gradient`, grid)
      .desc(`${record.summary}: ${wordsOfDevice(device)} computes it now. ${JUDGED}`)
      .tier(sample.tier ?? 'quick')
      .timeout(TIMEOUT_MS)
      .control(control.name, control.faults)
      .run((t) => askAndReplay(t, bridge, () => questionOf(t, record, sample, direction)));
  }
  return suite.cases.map((declared) => ({ ...declared, backend: bridgeName(device) }));
}

/** The case that has the inputs of a recorded bundle computed anew. */
export function declareLiveReplay(
  name: string,
  file: Uint8Array<ArrayBuffer>,
  bundle: ParityBundle,
  device: BridgeDevice,
  bridge: Bridge,
): Case {
  const { op } = bundle;
  const control = controlOf(op, bundle);
  const suite = new SuiteBuilder(`parity.${op}`);
  suite
    .case(name)
    .desc(`${op} on recorded inputs: ${wordsOfDevice(device)} computes it now. ${JUDGED}`)
    .timeout(TIMEOUT_MS)
    .control(control.name, control.faults)
    .run((t) => askAndReplay(t, bridge, () => file));
  return { ...(suite.cases[0] as Case), backend: bridgeName(device) };
}

const JUDGED = 'The float64 oracle judges its result and ours.';

/**
 * The sample as a question, with the numbers that our own case draws. What a bundle cannot say,
 * such as a count of dimensions, cannot be asked.
 */
function questionOf(
  t: CaseContext,
  record: OpRecord,
  sample: Sample<object>,
  direction: 'forward' | 'backward',
): Uint8Array<ArrayBuffer> {
  const random = t.random();
  const inputs = sample.inputs(random);
  const gradsIn = (direction === 'backward' && sample.grads?.(random)) || {};
  const unasked = { producer: 'none yet', device: 'none', note: '' };
  try {
    const params = recordableParams(record, sample.params);
    const content = {
      op: record.name,
      params,
      inputs,
      gradsIn,
      outputs: {},
      gradsOut: {},
      ...unasked,
    };
    const file = writeParityBundle(content);
    readParityBundle(file, { question: true });
    return file;
  } catch (error) {
    if (error instanceof FormatError) return t.skip('not-implemented', error.message);
    throw error;
  }
}

async function askAndReplay(
  t: CaseContext,
  bridge: Bridge,
  question: () => Uint8Array<ArrayBuffer>,
): Promise<void> {
  const { bundle: file, tookMs, roundTripMs } = await ask(t, bridge, question());
  const bundle = readParityBundle(file);
  const { gradsIn, gradsOut } = bundle.tensors;
  if (Object.keys(gradsIn).length > 0 && Object.keys(gradsOut).length === 0) {
    t.skip('not-implemented', `${bridge.name} computes no gradients of ${bundle.op}`);
  }
  t.metric('roundTripMs', roundTripMs);
  if (tookMs !== undefined) t.metric('bridgeMs', tookMs);
  try {
    await replay(t, bundle, timed(t, new WebGpuBackend(t.gpu)));
  } finally {
    if (t.evidence.finding) t.keep(file);
  }
}

async function ask(
  t: CaseContext,
  bridge: Bridge,
  question: Uint8Array<ArrayBuffer>,
): ReturnType<Bridge['compute']> {
  try {
    return await bridge.compute(question);
  } catch (error) {
    if (error instanceof BridgeLacksError) return t.skip(error.code, error.message);
    throw error;
  }
}

/**
 * Ours, with what it took from the host's memory back to it: what the bridge's own time stands
 * beside.
 */
function timed(t: CaseContext, backend: Pick<Backend, 'run'>): Pick<Backend, 'run'> {
  return {
    run: async (call) => {
      const started = performance.now();
      try {
        return await backend.run(call);
      } finally {
        t.metric('oursMs', performance.now() - started);
      }
    },
  };
}
