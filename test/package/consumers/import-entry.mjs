// Imports one entry both ways and reports what changed in the process. Then nothing may keep it from ending.
import { createRequire } from 'node:module';

const globals = () => Object.getOwnPropertyNames(globalThis);
const listeners = () => process.eventNames().map((name) => `${String(name)}: ${process.listenerCount(name)}`);
const resources = () => process.getActiveResourcesInfo();

const before = { globals: globals(), listeners: listeners(), resources: resources() };
const specifier = process.argv[2];
const imported = await import(specifier);
const required = createRequire(import.meta.url)(specifier);
const added = (now, then) => now.filter((item) => !then.includes(item));

console.log(
  JSON.stringify({
    imported: Object.keys(imported).sort(),
    required: Object.keys(required).sort(),
    globals: added(globals(), before.globals),
    listeners: added(listeners(), before.listeners),
    resources: added(resources(), before.resources),
  }),
);
