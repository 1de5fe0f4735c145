import type { LaterCommand } from '../command.ts';

export const command: LaterCommand = { name: 'compile', later: true };
