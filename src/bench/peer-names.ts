/** Libraries that are timed beside the engine, as `--peers` names them. */
export const PEERS = ['ort', 'tfjs', 'jax'] as const;
export type PeerName = (typeof PEERS)[number];

/** What installs and builds them. */
export const PEERS_COMMAND = 'npm run bench:setup';
