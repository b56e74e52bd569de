/*
 * The program. Node keeps the compiled code of its modules beside them, where that folder can be
 * written: compiling takes a good part of a short command. This must stand before they are loaded.
 */
if (import.meta.filename.endsWith('.mjs'))
  process.getBuiltinModule('node:module').enableCompileCache?.(`${import.meta.dirname}/cache`);
const { run } = await import('./run.ts');
await run();
