import { GradproofError, messageOf } from '../../errors.ts';
import { NoAdapterError } from '../../gpu/device.ts';
import { Gpu } from '../../gpu/gpu.ts';
import { type Probe, probe } from '../../gpu/probe.ts';
import type { TuningRow } from '../../gpu/tuning.ts';
import { keyOf } from '../../report/case-key.ts';
import { Diagnostics } from '../../testing/diagnosis.ts';
import type { Case } from '../../testing/suite.ts';
import { liveReplayCase, loadLiveCases } from '../live.ts';
import { replayCase } from '../parity.ts';
import { environmentOf } from './environment.ts';
import type { CaseMessage, CaseOutcome, ToWorker } from './messages.ts';
import { runMutantJob } from './mutant-job.ts';
import { runQuantizeJob } from './quantize-job.ts';
import { runCase } from './run-case.ts';
import { Steering } from './steering.ts';
import { runTrainJob } from './train-job.ts';
import { runTuneJob } from './tune-job.ts';
import type { WorkerHost } from './worker-host.ts';

/**
 * A device on which this happened is replaced: what it does next says nothing about the next case.
 */
const RUINS_DEVICE = new Set(['out-of-memory', 'scope-timeout']);
/** What a worker may spend on telling whose faults its failures are. Milliseconds. */
const DIAGNOSTICS_MS = 15_000;

/**
 * Answers the runner's messages, one at a time: a device at the start, then a result for every
 * case. What steers a training takes effect at once.
 */
export function serveWorker(host: WorkerHost): (message: ToWorker) => Promise<void> {
  let device: { readonly gpu: Gpu; readonly probe: Probe } | undefined;
  let cases: ReadonlyMap<string, Case> | undefined;
  let tuned: readonly TuningRow[] = [];
  const diagnostics = new Diagnostics(DIAGNOSTICS_MS);
  const steering = new Steering();

  const release = () => {
    device?.gpu[Symbol.dispose]();
    device = undefined;
  };

  const acquire = async () => {
    release();
    const gpu = await Gpu.request(host.gpu);
    gpu.tuned = tuned;
    try {
      device = { gpu, probe: await probe(gpu) };
      return device;
    } catch (cause) {
      gpu[Symbol.dispose]();
      throw new NoAdapterError(
        'no-device',
        `the device cannot be probed (${messageOf(cause)}): try again`,
        { cause },
      );
    }
  };

  return async (message) => {
    if (steering.take(message)) return;
    try {
      if (message.type === 'start') tuned = message.tuned ?? [];
      const { gpu, probe: found } = device && !device.gpu.lost ? device : await acquire();
      if (message.type === 'start') {
        host.post({ type: 'ready', environment: environmentOf(host.describe(), gpu, found) });
        return;
      }
      const ieee = found.rounding === 'nearest' && found.exactDivision;
      if (message.type === 'train') {
        const { post } = host;
        const { gate, skipped } = steering;
        await runTrainJob(gpu, { ieee, diagnostics }, message, { gate, skipped, post });
        return;
      }
      if (message.type === 'tune') {
        const { post, openFolder, outputFolder, checkpointFolder, startRank } = host;
        const told = { openFolder, outputFolder, checkpointFolder, startRank, post, steering };
        await runTuneJob(gpu, { ieee, diagnostics }, message, told);
        return;
      }
      if (message.type === 'quantize') {
        await runQuantizeJob(gpu, message, host.post);
        return;
      }
      cases ??= await host.loadCases();
      if (message.type === 'mutant') {
        const reply = await runMutantJob(gpu, ieee, cases, message);
        if (gpu.lost || reply.outcomes.some(ruinsDevice)) release();
        host.post(reply);
        return;
      }
      const declared = declaredBy(message, cases);
      if (!declared)
        throw new GradproofError(
          'unknown-case',
          `no case is named ${message.id} (${message.backend})`,
        );
      const conditions = {
        ieee,
        seed: message.seed,
        control: message.control,
        details: message.details ?? false,
        digestReads: message.digestReads ?? false,
      };
      const { outcome, ...rest } = await runCase(
        declared,
        gpu,
        message.control ? conditions : { ...conditions, diagnostics },
      );
      const deviceLost = gpu.lost !== undefined || ruinsDevice(outcome);
      if (deviceLost) release();
      host.post({ type: 'done', outcome, deviceLost, ...rest });
    } catch (error) {
      host.post({
        type: 'unusable',
        code: error instanceof GradproofError ? error.code : 'exception',
        message: messageOf(error),
      });
    }
  };
}

function declaredBy(message: CaseMessage, cases: ReadonlyMap<string, Case>): Case | undefined {
  const { id, bundle, link } = message;
  if (link) return bundle ? liveReplayCase(bundle, link) : loadLiveCases(link).get(id);
  return bundle ? replayCase(bundle) : cases.get(keyOf(message));
}

function ruinsDevice({ error }: CaseOutcome): boolean {
  return RUINS_DEVICE.has(error?.code ?? '');
}
