import { writeSafetensors } from '../../formats/safetensors/write.ts';
import type { HostTensors } from '../../tensor/host.ts';
import type { OutputFile } from '../adapter-files.ts';

/** Weights that were trained whole, as transformers saves them, beside which config.json belongs. */
export function trainedWeights(tensors: HostTensors): readonly OutputFile[] {
  return [{ name: 'model.safetensors', data: writeSafetensors(tensors, { format: 'pt' }) }];
}
