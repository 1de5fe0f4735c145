import { GradproofError } from '../../errors.ts';

/** What a model has and a GGUF file of llama.cpp cannot say. */
export class GgufUnsupportedError extends GradproofError {
  constructor(what: string) {
    super('gguf-unsupported', `${what}: save the model as merged in place of GGUF`);
  }
}
