/** Where a run keeps its checkpoints. */
export interface CheckpointFolder {
  /** Names of the whole files; what was cut off in mid-write is none. */
  names(): Promise<readonly string[]>;
  read(name: string): Promise<Uint8Array>;
  /** Writes under another name, makes it last, and renames: it is there whole, or what was there before is. */
  replace(name: string, data: Uint8Array): Promise<void>;
  remove(name: string): Promise<void>;
}
