import { GradproofError } from '../../errors.ts';

/** Why a bridge gave no answer that counts: the codes are listed in docs/bridge-protocol.md. */
export class BridgeError extends GradproofError {}

/** The bridge did not answer in time. */
export class BridgeTimeoutError extends BridgeError {
  constructor(what: string, ms: number) {
    super(
      'bridge-timeout',
      `${what} within ${ms / 1000} s: see what the bridge printed, and whether other programs keep this computer busy`,
    );
  }
}

/**
 * What the bridge or a library behind it does not compute, with its reason: there is nothing to
 * compare.
 */
export class BridgeLacksError extends BridgeError {}
