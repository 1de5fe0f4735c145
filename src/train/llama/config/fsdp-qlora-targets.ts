/**
 * What fsdp_qlora adapts by the names of its option lora_target_modules (get_model_parameters of its
 * train.py): `default` is what PEFT adapts of a Llama where nothing is named.
 */
export const FSDP_QLORA_TARGETS = {
  all: ['k_proj', 'q_proj', 'v_proj', 'up_proj', 'down_proj', 'gate_proj'],
  default: ['q_proj', 'v_proj'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type FsdpQloraTargets = keyof typeof FSDP_QLORA_TARGETS;
