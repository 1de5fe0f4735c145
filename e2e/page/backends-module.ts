import { chooseBackend, wantedBackend } from '../../src/backends/manager/choose.ts';
import { detectBackends } from '../../src/backends/manager/detect.ts';
import { ReferenceBackend } from '../../src/backends/reference.ts';
import { callOf } from '../../src/graph/call.ts';
import { hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { matmul } from '../../src/vocabulary/matmul/matmul.ts';

/** What a page finds: every backend, the one that it trains on, and a row that the reference computes. */
async function look() {
  const found = await detectBackends({ gpu: navigator.gpu });
  const wanted = wantedBackend({ address: location.href });
  const chosen = chooseBackend(found, 'trains', wanted).name;
  const a = hostTensorFrom('f32', [1, 3], [1, 2, 3]);
  const b = hostTensorFrom('f32', [3, 1], [4, 5, 6]);
  const { y } = (await new ReferenceBackend().run(callOf(matmul, { a, b }, {}))).outputs;
  return { found, chosen, row: y && [...valuesOf(y)] };
}

Object.assign(globalThis, { look });
export type Looked = Awaited<ReturnType<typeof look>>;
