import type { Results } from '../../graph/call.ts';
import type { ValueId } from '../../graph/graph.ts';
import { run as runGraph } from '../../graph/run.ts';
import { pausing } from '../../reference/backward.ts';
import { limitOf } from '../../reference/llama/limits.ts';
import { constantsOf, llamaGraph } from '../../reference/llama/model.ts';
import type { Value } from '../../reference/record.ts';
import { storedRunner } from '../../reference/step/stored-runner.ts';
import { valuesOfHosts } from '../../reference/values.ts';
import type { HostTensor } from '../../tensor/host.ts';
import { drawnTensors } from '../drawn.ts';
import { judgeOutput, type Verdict } from '../oracle.ts';
import type { Pause } from '../pause.ts';
import type { GenerationWork } from '../work.ts';
import { withCodedWeights } from './coded-weights.ts';
import { adapterOf, llamaConfigOf } from './network.ts';

/** The logits behind the last token in float64, in one pass without a cache. */
export class GenerationOracle {
  readonly #work: GenerationWork;
  readonly #pause: Pause;
  #truth: Value | undefined;

  /** Pauses between the calls of the pass. */
  constructor(work: GenerationWork, pause: Pause = async () => {}) {
    this.#work = work;
    this.#pause = pause;
  }

  /** Judges `logits` [1, 1, vocabulary], by the limits of recorded runs. Throws AssertionError. */
  async judge({ outputs }: Results<HostTensor>): Promise<Verdict> {
    this.#truth ??= await this.#logits();
    const { bound } = limitOf('logits', this.#truth);
    return judgeOutput('logits', outputs['logits'], this.#truth, bound);
  }

  async #logits(): Promise<Value> {
    const { step } = this.#work;
    const { ids, labels: _, ...weights } = valuesOfHosts(drawnTensors(this.#work));
    const model = {
      config: llamaConfigOf(step),
      adapter: adapterOf(step.rank),
      weights: withCodedWeights(step, weights),
      batch: [step.batch, step.tokens],
      endsInLogits: true,
    };
    const graph = llamaGraph(model);
    const given = { ...constantsOf(model), ids: ids as Value };
    const runner = pausing({ ...storedRunner('float64'), pause: this.#pause });
    const values = await runGraph(graph, runner, given);
    const { data } = values.get(graph.outputs['logits'] as ValueId) as Value;
    return { shape: [1, 1, step.vocabulary], data: data.slice(-step.vocabulary) };
  }
}
