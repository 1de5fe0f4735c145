import type { NamedServers } from '../controls/served-address.ts';
import { words } from '../messages/words.ts';

/** Whose model is fine-tuned. */
export const modelsWords = words('models', {
  title: 'Fine-tune a model',
  lead: 'It learns your data on this computer’s GPU, and you see its text change.',
  stays: ({ sink, models }: NamedServers) =>
    sink
      ? `Nothing leaves this computer but the log of a run to ${sink}, where you choose so${models ? `; a model that you fetch comes from ${models}` : ''}.`
      : models
        ? `Nothing of yours leaves this computer; a model that you fetch comes from ${models}.`
        : 'Nothing leaves this computer.',
  legend: 'Model',
  kinds: {
    small: {
      name: 'Gradproof’s small model',
      what: '1.3 million parameters in 4 bits, a megabyte; it tells tales of a forest.',
    },
    folder: {
      name: 'A folder of yours',
      what: 'Llama, Qwen2, Qwen3 or Mistral, as Hugging Face’s libraries save them, or a GGUF file; from your disk or a server.',
    },
    bytes: {
      name: 'Bytes of any text',
      what: 'A model made anew that learns how a text is spelt, byte by byte.',
    },
  },
});
