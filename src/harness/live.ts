import { Bridge, type BridgeLink } from '../backends/bridge.ts';
import { declareLiveReplay, liveCases } from '../testing/live.ts';
import type { Case } from '../testing/suite.ts';
import { contentOf } from './bundle-content.ts';
import type { WorkerBundle } from './parity.ts';

/** Devices behind a bridge on which the same cases run. */
export interface Live {
  readonly links: readonly BridgeLink[];
  /** Run them there and not on our own backend. */
  readonly alone: boolean;
}

/** Cases of devices by device, so that a worker declares those of one only once. */
const declared = new Map<string, ReadonlyMap<string, Case>>();

/**
 * The cases of a device behind a bridge, by id. They belong to a machine and not to a build: they
 * are in no plan.
 */
export function loadLiveCases(link: BridgeLink): ReadonlyMap<string, Case> {
  const key = JSON.stringify(link);
  const known =
    declared.get(key) ??
    new Map(liveCases(link.device, new Bridge(link)).map((one) => [one.id, one]));
  declared.set(key, known);
  return known;
}

/**
 * The case that has a bundle's inputs computed on a device; undefined for an op that the device
 * lacks, or a file that is no bundle.
 */
export function liveReplayCase({ name, bytes }: WorkerBundle, link: BridgeLink): Case | undefined {
  const bridge = new Bridge(link);
  const content = contentOf(bytes);
  return content.kind === 'bundle' && bridge.supports(content.bundle.op)
    ? declareLiveReplay(name, bytes, content.bundle, link.device, bridge)
    : undefined;
}
