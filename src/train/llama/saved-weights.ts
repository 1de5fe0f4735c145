import { writeSafetensors } from '../../formats/safetensors/write.ts';
import type { HostTensors } from '../../tensor/host.ts';
import type { OutputFile } from '../adapter-files.ts';

/**
 * Blocks that were added, by their names in the expanded model; the name of the file says how many
 * blocks became how many, as fsdp_qlora's folder does.
 */
export function trainedBlocks(
  tensors: HostTensors,
  layers: { readonly before: number; readonly after: number },
): readonly OutputFile[] {
  const name = `blk_exp-${layers.before}-${layers.after}.safetensors`;
  return [{ name, data: writeSafetensors(tensors, { format: 'pt' }) }];
}

/** Weights that were trained whole, as transformers saves them, beside which config.json belongs. */
export function trainedWeights(tensors: HostTensors): readonly OutputFile[] {
  return [{ name: 'model.safetensors', data: writeSafetensors(tensors, { format: 'pt' }) }];
}
