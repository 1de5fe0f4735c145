import { mutantSwitch } from '../../../harness/worker/host-switch.ts';

// The entry of a build with host mutants: the switch is set before a module asks it.
const {
  GRADPROOF_HOST_MUTANT = '-1',
  GRADPROOF_HOST_MUTANTS = '0',
  GRADPROOF_HOST_RECORDINGS = '',
} = process.env;
const places = mutantSwitch();
places.active = Number(GRADPROOF_HOST_MUTANT);
places.reached = new Uint8Array(Number(GRADPROOF_HOST_MUTANTS));
const { loadCases } = await import('../../../harness/registry.ts');
const { serveNodeWorker } = await import('../../../harness/worker/node-serve.ts');
const { withRecordings } = await import('./recorded-cases.ts');
serveNodeWorker(async () => withRecordings(await loadCases(), GRADPROOF_HOST_RECORDINGS));
