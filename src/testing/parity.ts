import { WebGpuBackend } from '../backends/webgpu.ts';
import { GradproofError } from '../errors.ts';
import type { FormatError } from '../formats/format-error.ts';
import type { ParityBundle } from '../formats/parity-bundle.ts';
import { launchers } from '../ops/registry.ts';
import type { OpRecord } from '../reference/record.ts';
import { records } from '../reference/registry.ts';
import type { CaseContext } from './context.ts';
import { injectRecordFault } from './fault.ts';
import { replay } from './parity/replay.ts';
import { type Case, type Control, SuiteBuilder } from './suite.ts';

/** An oracle of a large bundle takes its time on the host. */
const TIMEOUT_MS = 60_000;

/** The case `parity.<op>:<name>` that replays a bundle with the verdict of three parties. */
export function declareReplay(name: string, bundle: ParityBundle): Case {
  const record = records.get(bundle.op);
  const control = record && forwardFault(record);
  return declare({
    op: bundle.op,
    name,
    description: `${bundle.op} as ${bundle.producer} recorded it (${bundle.device}): is ours within the bound of the float64 oracle, and is the recorded value?`,
    control: control ?? { name: 'no fault is known of an op that is not there', inject: () => {} },
    run: (t) => replay(t, bundle, new WebGpuBackend(t.gpu)),
  });
}

/** The case `parity.unreadable:<name>` that ends as `error` with what is wrong with a file. */
export function declareUnreadable(name: string, error: FormatError): Case {
  return declare({
    op: 'unreadable',
    name,
    description: 'a file that is not a parity bundle',
    control: { name: 'no fault is known of a file that cannot be read', inject: () => {} },
    run: () => Promise.reject(new GradproofError(error.code, error.message, { cause: error })),
  });
}

interface Declaration {
  readonly op: string;
  readonly name: string;
  readonly description: string;
  readonly control: Control;
  readonly run: (t: CaseContext) => Promise<void>;
}

function declare({ op, name, description, control, run }: Declaration): Case {
  const suite = new SuiteBuilder(`parity.${op}`, { description: 'recorded by another library' });
  suite.case(name).desc(description).timeout(TIMEOUT_MS).control(control.name, control.inject).run(run);
  return suite.cases[0] as Case;
}

/** The record's first forward fault of every variant: whichever runs is broken. */
export function forwardFault(record: OpRecord): Control {
  const forward = record.faults.filter(({ direction = 'forward' }) => direction === 'forward');
  const variants = Object.keys(launchers.get(record.name)?.variants ?? {});
  const chosen = new Set(variants.map((variant) => forward.find((fault) => fault.variants?.includes(variant) ?? true)));
  const faults = [...chosen].filter((fault) => fault !== undefined);
  return {
    name: faults.map((fault) => fault.name).join(', '),
    inject: (injector) => {
      for (const fault of faults) injectRecordFault(injector, fault);
    },
  };
}
