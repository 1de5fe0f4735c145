import type { LaterCommand } from '../command.ts';

export const command: LaterCommand = { name: 'bench', later: true };
