import { Descriptor } from './filesystem.js';

/** One directory, the machine's: tests have files where they like. */
export const getDirectories = () => [[new Descriptor('/'), '/']];
