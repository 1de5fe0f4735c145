import type { UpdateRule } from '../update-rule.ts';
import type { ShardingStrategy } from './strategies.ts';

/** Why ranks without memory that they share have no parts of a model. */
export const NO_SHARED_MEMORY =
  'full_shard reads what other ranks have in memory that they share, and there is none: take shard_grad_op';

/** Why ranks cannot share the steps of an optimizer; undefined where they can. */
export function whyNotShared(
  strategy: ShardingStrategy,
  { ofMatrices, ofShape }: Pick<UpdateRule, 'ofMatrices' | 'ofShape'>,
  { scalesLoss, isOffloaded }: { readonly scalesLoss: boolean; readonly isOffloaded: boolean },
): string | undefined {
  if (isOffloaded)
    return 'ranks share no offloaded state: leave use_cpu_offload and paged optimizers out';
  if (scalesLoss && strategy !== 'ddp')
    return `${strategy} leaves no rank all gradients, by which a loss scale goes: take ddp, or bf16`;
  return strategy !== 'ddp' && (ofMatrices || ofShape)
    ? `${strategy} cuts through parameters, which this optimizer steps one by one: take ddp`
    : undefined;
}
