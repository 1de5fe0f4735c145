import type { Architecture } from '../formats/hugging-face/architecture.ts';
import { configFields, modelConfigOf } from '../formats/hugging-face/config.ts';

/**
 * An architecture as one line for an address, `model_type=llama;hidden_size=2048;...`, in the words
 * of config.json: {@link parseModelText} reads it back.
 */
export function modelText(model: Architecture): string {
  return Object.entries(configFields(model))
    .map(([name, value]) => `${name}=${value}`)
    .join(';');
}

/** Reads what {@link modelText} wrote. Throws ConfigError. */
export function parseModelText(text: string): Architecture {
  const fields = text.split(';').map((field) => {
    const at = field.indexOf('=');
    return [field.slice(0, Math.max(at, 0)), fieldOf(field.slice(at + 1))] as const;
  });
  return modelConfigOf(Object.fromEntries(fields));
}

function fieldOf(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^\d{1,15}$/.test(text) ? Number(text) : text;
}
