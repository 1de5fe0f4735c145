import { loadCases } from '../registry.ts';
import { serveNodeWorker } from './node-serve.ts';

serveNodeWorker(loadCases);
