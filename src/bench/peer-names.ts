import type { ContenderName } from './contender.ts';

/** Libraries that are timed beside the engine, as `--peers` names them. */
export const PEERS = ['ort', 'tfjs', 'jax'] as const;
export type PeerName = (typeof PEERS)[number];

/** The contenders that each of them brings. */
export const CONTENDERS_OF = {
  ort: ['ort-webgpu', 'ort-wasm'],
  tfjs: ['tfjs-webgpu'],
  jax: ['jax-webgpu'],
} as const satisfies Record<PeerName, readonly ContenderName[]>;

/** What installs and builds them. */
export const PEERS_COMMAND = 'npm run bench:setup';
