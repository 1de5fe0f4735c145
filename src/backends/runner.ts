import type { Runner } from '../graph/run.ts';
import type { HostTensor } from '../tensor/host.ts';
import type { Backend } from './backend.ts';

/** Runs the calls of a graph by a backend, each from the host's memory back to it. */
export function backendRunner(backend: Backend): Runner<HostTensor> {
  return {
    run: async (call) => (await backend.run(call)).outputs,
    view: (value, shape) => ({ ...value, shape }),
  };
}
