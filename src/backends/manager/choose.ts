import { BackendError } from './backend-error.ts';
import { CAPABILITIES, type Capabilities } from './capabilities.ts';
import type { DetectedBackend } from './detect.ts';
import { BACKEND_KINDS, kindOfBackend } from './kinds.ts';

/** What a backend is chosen for. */
export type Purpose = keyof Pick<Capabilities, 'trains' | 'runsModels' | 'computesOps'>;

const WORDS: Readonly<Record<Purpose, string>> = {
  trains: 'trains models',
  runsModels: 'computes logits',
  computesOps: 'computes single ops',
};

/**
 * The backend that is `wanted`, or where none is the first in the order of {@link BACKEND_KINDS} that
 * is there and can do it. Throws BackendError: what is wanted and not there is never replaced.
 */
export function chooseBackend(
  found: readonly DetectedBackend[],
  purpose: Purpose,
  wanted?: string,
): DetectedBackend {
  const able = (backend: DetectedBackend) => CAPABILITIES[backend.kind][purpose];
  if (wanted !== undefined) {
    kindOfBackend(wanted);
    const backend = found.find(({ name }) => name === wanted);
    if (!backend || backend.absent) throw notAvailable(wanted, backend);
    if (!able(backend))
      throw new BackendError(
        'backend-lacks',
        `${wanted} is there, and no backend that ${WORDS[purpose]}`,
      );
    return backend;
  }
  const inOrder = BACKEND_KINDS.flatMap((kind) => found.filter((one) => one.kind === kind));
  const first = inOrder.find((backend) => !backend.absent && able(backend));
  if (!first)
    throw new BackendError(
      'backend-unavailable',
      `no backend is there that ${WORDS[purpose]}: ${inOrder.map(whyAbsent).filter(Boolean).join('; ')}`,
    );
  return first;
}

function notAvailable(wanted: string, backend: DetectedBackend | undefined): BackendError {
  const why = backend?.absent?.message ?? 'nothing of this name was found';
  return new BackendError('backend-unavailable', `${wanted} is not available: ${why}`);
}

const whyAbsent = ({ name, absent }: DetectedBackend): string =>
  absent ? `${name}: ${absent.message}` : '';

/** Where a wish for a backend may stand; the first that does counts. */
export interface BackendWishes {
  /** An option of a command or a call. */
  readonly option?: string | undefined;
  /** The address of the page, whose `backend` names one. */
  readonly address?: string | undefined;
  /** Variables of the process: `GRADPROOF_BACKEND` names one. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/** The backend that is wished for; undefined where it may be any. Throws BackendError. */
export function wantedBackend({ option, address, env }: BackendWishes): string | undefined {
  const inAddress =
    address === undefined ? undefined : new URL(address).searchParams.get('backend');
  const wanted = option || inAddress || env?.['GRADPROOF_BACKEND'] || undefined;
  if (wanted !== undefined) kindOfBackend(wanted);
  return wanted;
}
